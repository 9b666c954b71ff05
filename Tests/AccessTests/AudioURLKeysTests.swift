import Access
import Foundation
import Testing

@Suite struct AudioURLKeysTests {
  private static let old = (id: "k1", secret: [UInt8](repeating: 1, count: 32))
  private static let new = (id: "k2", secret: [UInt8](repeating: 2, count: 32))
  private let grant = AudioGrant(
    trackID: "t1", renditions: ["mp3-128", "aac-192"], session: "st_1", expires: 1_000, country: nil)

  private func refusal(
    _ token: String?, _ keys: AudioURLKeys, track: String = "t1", country: String? = nil, now: Int64 = 999
  ) -> AccessError? {
    do {
      _ = try keys.verify(token, trackID: track, country: country, now: now)
      return nil
    } catch {
      return error
    }
  }

  @Test func whatWasGrantedComesBack() throws {
    let keys = try AudioURLKeys([Self.new])
    #expect(try keys.verify(keys.token(for: grant), trackID: "t1", now: 999) == grant)
    var abroad = grant
    abroad.country = "AT"
    let token = keys.token(for: abroad)
    #expect(try keys.verify(token, trackID: "t1", country: "AT", now: 0) == abroad)
    #expect(refusal(token, keys, country: "DE") == .invalid)
    #expect(refusal(token, keys) == .invalid)
  }

  @Test func noCharacterOfATokenCanBeChanged() throws {
    let keys = try AudioURLKeys([Self.new])
    let token = keys.token(for: grant)
    #expect(refusal(token, keys) == nil)
    for place in token.indices {
      for other in ["A", "~", ".", ""] where other != String(token[place]) {
        let altered = token.replacingCharacters(in: place...place, with: other)
        #expect(refusal(altered, keys) == .invalid, "\(altered)")
      }
    }
    #expect(refusal(token + "A", keys) == .invalid)
    #expect(refusal(token, keys, track: "t2") == .invalid)
    #expect(refusal(nil, keys) == .missing && refusal("", keys) == .missing)
    #expect(refusal(String(repeating: "a.", count: 5_000), keys) == .invalid)
  }

  @Test func aTokenEndsWithItsSecond() throws {
    let keys = try AudioURLKeys([Self.new])
    #expect(refusal(keys.token(for: grant), keys, now: 1_000) == .expired)
  }

  @Test func anOldKeyIsBelievedUntilItIsTakenOut() throws {
    let before = try AudioURLKeys([Self.old])
    let during = try AudioURLKeys([Self.new, Self.old])
    let after = try AudioURLKeys([Self.new])
    let token = before.token(for: grant)
    #expect(refusal(token, during) == nil)
    #expect(refusal(token, after) == .invalid)
    #expect(during.token(for: grant).hasPrefix("k2."))
    #expect(refusal(during.token(for: grant), after) == nil)
    #expect(refusal(during.token(for: grant), before) == .invalid)
  }

  @Test func keysThatCanNotBeUsedAreRefused() {
    #expect(throws: AccessError.self) { try AudioURLKeys([]) }
    #expect(throws: AccessError.self) { try AudioURLKeys([Self.new, Self.new]) }
    #expect(throws: AccessError.weakSecret) { try AudioURLKeys([("k", [1, 2, 3])]) }
    #expect(throws: AccessError.self) { try AudioURLKeys([("k.1", Self.new.secret)]) }
  }

  @Test func aDerivedKeyIsNotTheSecretItself() throws {
    let secret = Self.new.secret
    let derived = AudioURLKeys(derivedFrom: secret)
    #expect(refusal(derived.token(for: grant), derived) == nil)
    #expect(refusal(derived.token(for: grant), try AudioURLKeys([("0", secret)])) == .invalid)
  }
}
