import Crypto
import Foundation
import JWTKit
import Testing

@testable import Access

@Suite struct AccessTokensTests {
  private let secret = Array("0123456789abcdef0123456789abcdef".utf8)
  private let now = Date(timeIntervalSince1970: 1_750_000_000)

  private func tokens() async throws -> AccessTokens {
    try await AccessTokens(secret: secret)
  }

  /// A token of any header and body under our secret, as somebody who had it could write.
  private func forged(header: String, body: String, secret: [UInt8]? = nil) -> String {
    let signed = "\(url(Data(header.utf8))).\(url(Data(body.utf8)))"
    let code = HMAC<SHA256>.authenticationCode(
      for: Data(signed.utf8), using: SymmetricKey(data: secret ?? self.secret))
    return "\(signed).\(url(Data(code)))"
  }

  private func url(_ data: Data) -> String {
    data.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
  }

  private func body(_ changes: [String: String] = [:]) -> String {
    var fields = [
      "sub": "\"u1\"", "name": "\"Ada\"", "plan": "\"free\"", "iat": "1750000000", "exp": "1750000900",
      "jti": "\"j\"", "kind": "\"access\"",
    ]
    for (name, value) in changes { fields[name] = value.isEmpty ? nil : value }
    return "{\(fields.map { "\"\($0)\":\($1)" }.joined(separator: ","))}"
  }

  private let header = #"{"alg":"HS256","typ":"JWT"}"#

  @Test func whatIsIssuedIsVerified() async throws {
    let tokens = try await tokens()
    let issued = try await tokens.issue(.access, userID: "u1", name: "Ada", plan: .premium, now: now)
    let claims = try tokens.verify(issued.token, now: now)
    #expect(claims.userID == "u1")
    #expect(claims.name == "Ada")
    #expect(claims.plan == .premium)
    #expect(claims.kind == .access)
    #expect(claims.issuedAt == now)
    #expect(claims.expiresAt == now + 900)
    #expect(issued.expiresAt == now + 900)
    #expect(!claims.id.isEmpty)
  }

  @Test func aStreamTokenCarriesItsStream() async throws {
    let tokens = try await tokens()
    let issued = try await tokens.issue(
      .stream(id: "s1"), userID: "u1", name: "Ada", plan: .free, now: now, lifetime: .seconds(60))
    let claims = try tokens.verify(issued.token, now: now + 59)
    #expect(claims.kind == .stream(id: "s1"))
    #expect(claims.expiresAt == now + 60)
  }

  @Test func everyTokenHasAnIdOfItsOwn() async throws {
    let tokens = try await tokens()
    let first = try await tokens.issue(.access, userID: "u1", name: "Ada", plan: .free, now: now)
    let second = try await tokens.issue(.access, userID: "u1", name: "Ada", plan: .free, now: now)
    #expect(try tokens.verify(first.token, now: now).id != tokens.verify(second.token, now: now).id)
  }

  @Test func expiresAtTheSecondItSays() async throws {
    let tokens = try await tokens()
    let issued = try await tokens.issue(.access, userID: "u1", name: "Ada", plan: .free, now: now)
    #expect(throws: Never.self) { try tokens.verify(issued.token, now: now + 899.9) }
    #expect(throws: AccessError.expired) { try tokens.verify(issued.token, now: now + 900) }
    #expect(throws: AccessError.expired) { try tokens.verify(issued.token, now: .distantFuture) }
  }

  @Test func noTokenIsMissing() async throws {
    let tokens = try await tokens()
    #expect(throws: AccessError.missing) { try tokens.verify(nil, now: now) }
    #expect(throws: AccessError.missing) { try tokens.verify("", now: now) }
  }

  @Test func everyChangedCharacterIsNoticed() async throws {
    let tokens = try await tokens()
    let token = try await tokens.issue(.access, userID: "u1", name: "Ada", plan: .free, now: now).token
    for index in token.indices {
      var changed = token
      changed.replaceSubrange(index...index, with: token[index] == "A" ? "B" : "A")
      #expect(throws: AccessError.invalid, "at \(index)") { try tokens.verify(changed, now: now) }
    }
  }

  @Test func oneTokenHasOneSpelling() async throws {
    let tokens = try await tokens()
    let token = try await tokens.issue(.access, userID: "u1", name: "Ada", plan: .free, now: now).token
    #expect(throws: AccessError.invalid) { try tokens.verify(token + "=", now: now) }
    // 32 bytes leave two bits of the last character unused; most decoders do not look at them.
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    let last = try #require(token.last.flatMap { alphabet.firstIndex(of: $0) })
    let respelt = String(token.dropLast()) + String(alphabet[last ^ 1])
    #expect(throws: AccessError.invalid) { try tokens.verify(respelt, now: now) }
    #expect(throws: AccessError.invalid) { try tokens.verify(" " + token, now: now) }
    #expect(throws: AccessError.invalid) { try tokens.verify(token + "\n", now: now) }
    #expect(throws: AccessError.invalid) { try tokens.verify(token + ".", now: now) }
  }

  @Test func anotherKeysTokenIsInvalid() async throws {
    let other = try await AccessTokens(secret: Array(repeating: 7, count: 32))
    let token = try await other.issue(.access, userID: "u1", name: "Ada", plan: .free, now: now).token
    let tokens = try await tokens()
    #expect(throws: AccessError.invalid) { try tokens.verify(token, now: now) }
    // Also when it has expired: what is not ours is never «expired».
    #expect(throws: AccessError.invalid) { try tokens.verify(token, now: now + 10_000) }
  }

  @Test(arguments: [
    #"{"alg":"none","typ":"JWT"}"#, #"{"alg":"None"}"#, #"{"alg":"HS512"}"#, #"{"alg":"RS256"}"#, #"{"alg":"hs256"}"#,
    #"{"typ":"JWT"}"#, #"{"alg":256}"#, #"[]"#, "", #"{"alg":"HS256","typ":"JOSE"}"#,
  ])
  func onlyHS256IsAccepted(_ header: String) async throws {
    let tokens = try await tokens()
    #expect(throws: AccessError.invalid) { try tokens.verify(forged(header: header, body: body()), now: now) }
    // Without a signature too.
    let unsigned = "\(url(Data(header.utf8))).\(url(Data(body().utf8)))."
    #expect(throws: AccessError.invalid) { try tokens.verify(unsigned, now: now) }
  }

  @Test func theForgeryOfTheseTestsIsAcceptedWhenNothingIsWrong() async throws {
    let claims = try await tokens().verify(forged(header: header, body: body()), now: now)
    #expect(claims.userID == "u1")
  }

  @Test(arguments: [
    ["sub": ""], ["sub": "\"\""], ["sub": "5"], ["plan": "\"gold\""], ["exp": ""], ["exp": "\"soon\""],
    ["exp": "1e400"],
    ["kind": "\"admin\""], ["kind": ""], ["kind": "\"stream\""], ["kind": "\"stream\"", "stream": "\"\""],
    ["stream": "\"s1\""], ["jti": ""], ["iat": ""],
  ])
  func claimsOfAnotherShapeAreInvalid(_ changes: [String: String]) async throws {
    let tokens = try await tokens()
    #expect(throws: AccessError.invalid) {
      try tokens.verify(forged(header: header, body: body(changes)), now: now)
    }
  }

  @Test(arguments: [
    ".", "..", "a.b", "a.b.c", "a.b.c.d", "é.é.é", "\0", "null",
  ])
  func garbageIsInvalid(_ text: String) async throws {
    let tokens = try await tokens()
    #expect(throws: AccessError.invalid) { try tokens.verify(text, now: now) }
  }

  @Test func longGarbageIsInvalid() async throws {
    let tokens = try await tokens()
    for (text, count) in [(".", 4096), ("A", 4097), ("A", 1_000_000)] {
      let garbage = String(repeating: text, count: count)
      #expect(throws: AccessError.invalid, "\(count)") { try tokens.verify(garbage, now: now) }
    }
  }

  @Test func aTokenOfMoreThanFourKilobytesIsRefusedHoweverWellSigned() async throws {
    let tokens = try await tokens()
    let long = forged(header: header, body: body(["name": "\"\(String(repeating: "x", count: 4000))\""]))
    #expect(throws: AccessError.invalid) { try tokens.verify(long, now: now) }
  }

  @Test func aNameIsCutSoThatTheTokenStaysSmall() async throws {
    let tokens = try await tokens()
    let name = String(repeating: "\u{1F3B5}", count: 5000)
    let issued = try await tokens.issue(.access, userID: "u1", name: name, plan: .free, now: now)
    #expect(issued.token.utf8.count < 4096)
    #expect(try tokens.verify(issued.token, now: now).name == String(repeating: "\u{1F3B5}", count: 128))
  }

  @Test func absurdRequestsAreRefused() async throws {
    let tokens = try await tokens()
    for lifetime in [Duration.zero, .seconds(-1), .seconds(86_401), .seconds(Int64.max)] {
      let error = await #expect(throws: AccessError.self) {
        try await tokens.issue(.access, userID: "u1", name: "Ada", plan: .free, now: now, lifetime: lifetime)
      }
      #expect(error?.code == "bad_token_request")
    }
    for id in ["", String(repeating: "x", count: 129)] {
      await #expect(throws: AccessError.self) {
        try await tokens.issue(.access, userID: id, name: "Ada", plan: .free, now: now)
      }
      await #expect(throws: AccessError.self) {
        try await tokens.issue(.stream(id: id), userID: "u1", name: "Ada", plan: .free, now: now)
      }
    }
    await #expect(throws: AccessError.self) {
      try await tokens.issue(.access, userID: "u1", name: "Ada", plan: .free, now: .distantPast)
    }
  }

  @Test func aShortSecretIsRefusedByName() async throws {
    for count in [0, 31, 4097] {
      let error = await #expect(throws: AccessError.self) {
        try await AccessTokens(secret: Array(repeating: 1, count: count))
      }
      #expect(error == .weakSecret)
      #expect(error?.message.contains("JWT_SECRET") == true)
      #expect(throws: AccessError.weakSecret) {
        try AccessTokens.secret(fromEnvironment: String(repeating: "x", count: count))
      }
    }
    #expect(try AccessTokens.secret(fromEnvironment: String(repeating: "x", count: 32)).count == 32)
  }

  @Test func anyStandardLibraryReadsOurTokens() async throws {
    let issued = try await tokens().issue(.access, userID: "u1", name: "Ada", plan: .free, now: now)
    let keys = await JWTKeyCollection().add(hmac: HMACKey(from: secret), digestAlgorithm: .sha256)
    let payload = try await keys.verify(issued.token, as: TokenPayload.self)
    #expect(payload.sub == "u1")
    #expect(payload.exp == 1_750_000_900)
  }

  @Test func errorsCarryTheCodesOfTheProtocol() {
    #expect(AccessError.missing.code == "unauthorized")
    #expect(AccessError.invalid.code == "token_invalid")
    #expect(AccessError.expired.code == "token_expired")
  }
}
