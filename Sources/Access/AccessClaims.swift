import Foundation

/// What a verified token says.
public struct AccessClaims: Sendable, Equatable {
  /// What a token is good for.
  public enum Kind: Sendable, Equatable {
    /// Everything the account may do.
    case access
    /// One prepared stream, by its id.
    case stream(id: String)
  }

  /// The account's id (`sub`).
  public let userID: String

  /// The account's name at the time of issue (`name`).
  public let name: String

  /// The plan at the time of issue (`plan`).
  public let plan: Plan

  /// What the token is good for (`kind`, `stream`).
  public let kind: Kind

  /// The token's own id (`jti`).
  public let id: String

  /// When it was made (`iat`), whole seconds.
  public let issuedAt: Date

  /// From when on it is refused (`exp`), whole seconds.
  public let expiresAt: Date

  /// When its owner last gave a password (`auth_time`, OpenID Connect Core 1.0 section 2), whole seconds; the time of
  /// issue where the token doesn't say.
  public let authenticatedAt: Date
}

/// A token that was just made.
public struct IssuedToken: Sendable, Equatable {
  /// The compact JWS (RFC 7515 section 7.1).
  public let token: String

  /// From when on it is refused, whole seconds.
  public let expiresAt: Date
}
