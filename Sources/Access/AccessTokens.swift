import Foundation
import JWTKit

/// Makes and checks the server's tokens: JSON Web Tokens (RFC 7519) under HMAC-SHA256, and nothing else.
///
/// The algorithm is fixed on this side; a header that names any other is refused before a signature is looked at
/// (RFC 8725 section 3.1). Checking is synchronous, takes a few microseconds and may run on an event loop.
public struct AccessTokens: Sendable {
  /// How long a token lives when nothing else is said.
  public static let defaultLifetime: Duration = .seconds(15 * 60)

  private let keys: JWTKeyCollection
  private let algorithm: any JWTAlgorithm

  /// Tokens under one secret.
  /// - Parameter secret: 32 to 4,096 bytes.
  /// - Throws: ``AccessError/weakSecret``.
  public init(secret: [UInt8]) async throws {
    guard (Limits.minimumSecretBytes...Limits.maximumSecretBytes).contains(secret.count) else {
      throw AccessError.weakSecret
    }
    keys = await JWTKeyCollection().add(hmac: HMACKey(from: secret), digestAlgorithm: .sha256)
    algorithm = try await keys.getKey()
  }

  /// The secret of a configured text (`JWT_SECRET`): its UTF-8 bytes.
  /// - Throws: ``AccessError/weakSecret``.
  public static func secret(fromEnvironment text: String) throws(AccessError) -> [UInt8] {
    let bytes = Array(text.utf8)
    guard (Limits.minimumSecretBytes...Limits.maximumSecretBytes).contains(bytes.count) else { throw .weakSecret }
    return bytes
  }

  /// Makes a token.
  /// - Parameters:
  ///   - kind: what it is good for.
  ///   - name: for people; cut at 128 characters.
  ///   - now: the time of issue.
  ///   - lifetime: one second to a day, whole seconds.
  ///   - authenticatedAt: when the owner last gave a password, if that was before `now`.
  /// - Throws: ``AccessError`` with the code `bad_token_request` when a claim is empty or out of range.
  public func issue(
    _ kind: AccessClaims.Kind, userID: String, name: String, plan: Plan, now: Date,
    lifetime: Duration = AccessTokens.defaultLifetime, authenticatedAt: Date? = nil
  ) async throws -> IssuedToken {
    let seconds = lifetime.components.seconds
    guard (1...Limits.maximumLifetimeSeconds).contains(seconds) else {
      throw AccessError.badRequest("A token lives between one second and one day.")
    }
    guard let issued = Int64(exactly: now.timeIntervalSince1970.rounded(.down)), issued >= 0 else {
      throw AccessError.badRequest("The clock stands before 1970.")
    }
    let stream: String? = if case .stream(let id) = kind { id } else { nil }
    guard (1...Limits.maximumNameCharacters).contains(userID.utf8.count),
      stream.map({ (1...Limits.maximumNameCharacters).contains($0.utf8.count) }) ?? true
    else {
      throw AccessError.badRequest("A token's ids have 1 to \(Limits.maximumNameCharacters) bytes.")
    }
    let payload = TokenPayload(
      sub: userID, name: String(name.unicodeScalars.prefix(Limits.maximumNameCharacters)), plan: plan.rawValue,
      iat: issued, exp: issued + seconds, jti: UUID().uuidString.lowercased(),
      kind: stream == nil ? "access" : "stream", stream: stream,
      authTime: authenticatedAt.flatMap { Int64(exactly: $0.timeIntervalSince1970.rounded(.down)) })
    let token = try await keys.sign(payload)
    return IssuedToken(token: token, expiresAt: Date(timeIntervalSince1970: Double(payload.exp)))
  }

  /// Checks a token, and says what stands in it.
  /// - Parameters:
  ///   - token: the compact form; nil or empty is «missing», more than 4 kB is «invalid» unread.
  ///   - now: a token is expired from the second `exp` on.
  /// - Throws: ``AccessError/missing``, ``AccessError/invalid`` or ``AccessError/expired``.
  public func verify(_ token: String?, now: Date) throws(AccessError) -> AccessClaims {
    guard let token, !token.isEmpty else { throw .missing }
    guard token.utf8.count <= Limits.maximumTokenBytes else { throw .invalid }
    let parts = Array(token.utf8).split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard parts.count == 3, let header = Base64.decodeURL(parts[0]), let body = Base64.decodeURL(parts[1]),
      let signature = Base64.decodeURL(parts[2])
    else { throw .invalid }
    // The signature comes before any JSON: nothing that a stranger wrote reaches the parser.
    guard isSigned(signature, over: parts[0] + [UInt8(ascii: ".")] + parts[1]) else { throw .invalid }
    guard let payload = decode(header: header, body: body) else { throw .invalid }
    return try claims(of: payload, now: now)
  }

  private func isSigned(_ signature: [UInt8], over signed: ArraySlice<UInt8>) -> Bool {
    do {
      return try algorithm.verify(signature, signs: signed)
    } catch {
      // An algorithm that cannot judge a signature has not accepted it.
      return false
    }
  }

  private func decode(header: [UInt8], body: [UInt8]) -> TokenPayload? {
    do {
      let decoder = JSONDecoder()
      let fields = try decoder.decode(TokenHeader.self, from: Data(header))
      guard fields.alg == algorithm.name, fields.typ == nil || fields.typ == "JWT" else { return nil }
      return try decoder.decode(TokenPayload.self, from: Data(body))
    } catch {
      // Signed by our key and yet not our shape: another program shares the secret. The caller answers «invalid».
      return nil
    }
  }

  private func claims(of payload: TokenPayload, now: Date) throws(AccessError) -> AccessClaims {
    guard let plan = Plan(rawValue: payload.plan), !payload.sub.isEmpty else { throw .invalid }
    let kind: AccessClaims.Kind
    switch (payload.kind, payload.stream) {
    case ("access", nil): kind = .access
    case ("stream", .some(let id)) where !id.isEmpty: kind = .stream(id: id)
    default: throw .invalid
    }
    guard now.timeIntervalSince1970 < Double(payload.exp) else { throw .expired }
    return AccessClaims(
      userID: payload.sub, name: payload.name, plan: plan, kind: kind, id: payload.jti,
      issuedAt: Date(timeIntervalSince1970: Double(payload.iat)),
      expiresAt: Date(timeIntervalSince1970: Double(payload.exp)),
      authenticatedAt: Date(timeIntervalSince1970: Double(payload.authTime ?? payload.iat)))
  }
}
