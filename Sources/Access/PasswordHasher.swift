import Crypto
import CryptoExtras
import Foundation

/// Hashes and checks passwords with scrypt (RFC 7914).
///
/// A call takes a noticeable fraction of a second and 32 MB, on purpose. It blocks: run it on a small bounded thread
/// pool, never on an event loop or in a task of the shared pool.
public struct PasswordHasher: Sendable {
  /// The work that new hashes cost.
  public let parameters: ScryptParameters

  /// A hasher of the given cost.
  public init(parameters: ScryptParameters = .recommended) {
    self.parameters = parameters
  }

  /// Hashes a new password under a fresh salt.
  /// - Parameter password: 8 to 1,024 bytes of UTF-8, in Unicode's composed form (RFC 8265 section 4.2).
  /// - Returns: `$scrypt$ln=…,r=…,p=…$salt$hash`, about 90 ASCII characters.
  /// - Throws: ``PasswordError/tooShort``, ``PasswordError/tooLong``, ``PasswordError/derivationFailed``.
  public func hash(_ password: String) throws(PasswordError) -> String {
    let bytes = Self.bytes(of: password)
    guard bytes.count >= Limits.passwordBytes.lowerBound else { throw .tooShort }
    guard bytes.count <= Limits.passwordBytes.upperBound else { throw .tooLong }
    let salt = Self.randomBytes(Limits.saltBytes)
    let derived = try Self.derive(bytes, salt: salt, parameters: parameters, byteCount: Limits.hashBytes)
    return EncodedHash(parameters: parameters, salt: salt, hash: derived).text
  }

  /// Whether a password is the one that was hashed.
  /// - Parameters:
  ///   - password: what was typed. Out of bounds it is wrong, whoever it is for.
  ///   - encoded: the stored hash, or nil when there is no such account: that takes as long and is false, so that the
  ///     answer's time does not tell which accounts exist.
  /// - Throws: ``PasswordError/unreadableHash``, ``PasswordError/derivationFailed``.
  public func verify(_ password: String, against encoded: String?) throws(PasswordError) -> Bool {
    let bytes = Self.bytes(of: password)
    guard Limits.passwordBytes.contains(bytes.count) else { return false }
    guard let encoded else {
      let salt = [UInt8](repeating: 0, count: Limits.saltBytes)
      _ = try Self.derive(bytes, salt: salt, parameters: parameters, byteCount: Limits.hashBytes)
      return false
    }
    let stored = try EncodedHash(parsing: encoded)
    let derived = try Self.derive(
      bytes, salt: stored.salt, parameters: stored.parameters, byteCount: stored.hash.count)
    return Self.isEqual(derived, stored.hash)
  }

  /// Whether a stored hash was made at another cost than new ones are, and is worth making again at the next login.
  public func needsRehash(_ encoded: String) throws(PasswordError) -> Bool {
    try EncodedHash(parsing: encoded).parameters != parameters
  }

  /// The key that scrypt derives; the one place that knows the library.
  static func derive(
    _ password: [UInt8], salt: [UInt8], parameters: ScryptParameters, byteCount: Int
  ) throws(PasswordError) -> [UInt8] {
    do {
      let key = try KDF.Scrypt.deriveKey(
        from: password, salt: salt, outputByteCount: byteCount, rounds: 1 << parameters.costExponent,
        blockSize: parameters.blockSize, parallelism: parameters.parallelism)
      return key.withUnsafeBytes { Array($0) }
    } catch {
      throw .derivationFailed
    }
  }

  /// Compares without stopping at the first difference.
  static func isEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    return zip(left, right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
  }

  private static func bytes(of password: String) -> [UInt8] {
    // A text far beyond the bound is not normalised first; its length alone makes it wrong.
    guard password.utf8.count <= 4 * Limits.passwordBytes.upperBound else { return Array(password.utf8) }
    return Array(password.precomposedStringWithCanonicalMapping.utf8)
  }

  private static func randomBytes(_ count: Int) -> [UInt8] {
    var generator = SystemRandomNumberGenerator()
    return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
  }
}
