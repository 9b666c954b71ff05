import JWTKit

/// The claims as they stand in the token (RFC 7519 section 4); dates are whole Unix seconds.
struct TokenPayload: JWTPayload, Equatable {
  let sub: String
  let name: String
  let plan: String
  let iat: Int64
  let exp: Int64
  let jti: String
  let kind: String
  let stream: String?
  let authTime: Int64?

  enum CodingKeys: String, CodingKey {
    case sub, name, plan, iat, exp, jti, kind, stream
    case authTime = "auth_time"
  }

  /// Says nothing: the clock is passed in, so ``AccessTokens/verify(_:now:)`` judges the dates.
  func verify(using algorithm: some JWTAlgorithm) async throws {}
}

/// The one part of a token's header that is looked at.
struct TokenHeader: Decodable {
  let alg: String
  let typ: String?
}
