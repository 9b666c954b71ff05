/// Why a token was refused, or could not be made. Descriptions never hold a token or a secret.
public struct AccessError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What happened; the protocol's own codes (section 3) where it has one.
  public struct Code: Sendable, Hashable {
    /// The stable name: `unauthorized`, `token_invalid`, `token_expired`, `weak_secret`, `bad_token_request`.
    public let name: String

    init(_ name: String) {
      self.name = name
    }
  }

  /// What happened.
  public let kind: Code

  /// One sentence for people.
  public let message: String

  /// The stable name of ``kind``.
  public var code: String { kind.name }

  public var description: String { "\(code): \(message)" }

  /// Errors are equal when their codes are.
  public static func == (left: Self, right: Self) -> Bool {
    left.kind == right.kind
  }

  /// No token was given.
  public static let missing = Self(kind: Code("unauthorized"), message: "A token is needed.")

  /// What was given is not a token of this server.
  public static let invalid = Self(kind: Code("token_invalid"), message: "The token is not one of this server.")

  /// The token was good once.
  public static let expired = Self(kind: Code("token_expired"), message: "The token has expired.")

  /// The signing secret is too short, or absurdly long.
  public static let weakSecret = Self(
    kind: Code("weak_secret"),
    message: "JWT_SECRET must have \(Limits.minimumSecretBytes) to \(Limits.maximumSecretBytes) bytes.")

  /// A token with these claims is not made: an empty id, an absurd lifetime.
  static func badRequest(_ message: String) -> Self {
    Self(kind: Code("bad_token_request"), message: message)
  }
}
