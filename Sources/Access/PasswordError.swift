/// Why a password could not be hashed or checked. Descriptions never hold a password or a hash.
public enum PasswordError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Fewer than 8 bytes.
  case tooShort
  /// More than 1,024 bytes.
  case tooLong
  /// The stored hash is not one of ours, or asks for absurd work.
  case unreadableHash
  /// Parameters outside of what is ever accepted.
  case badParameters
  /// The derivation itself failed: no memory.
  case derivationFailed

  public var description: String {
    switch self {
    case .tooShort: "A password has at least \(Limits.passwordBytes.lowerBound) bytes."
    case .tooLong: "A password has at most \(Limits.passwordBytes.upperBound) bytes."
    case .unreadableHash: "The stored password hash cannot be read."
    case .badParameters: "The scrypt parameters are out of range."
    case .derivationFailed: "The password could not be hashed."
    }
  }
}
