import Foundation
import Testing

@testable import Access

@Suite struct PasswordHasherTests {
  /// Cheap enough for a test, of the same shape as the real thing.
  static let cheap = try? ScryptParameters(costExponent: 10, blockSize: 8, parallelism: 1)

  private func hasher() throws -> PasswordHasher {
    PasswordHasher(parameters: try #require(Self.cheap))
  }

  @Test func derivesTheVectorsOfRFC7914() throws {
    let nacl = try PasswordHasher.derive(
      Array("password".utf8), salt: Array("NaCl".utf8),
      parameters: ScryptParameters(costExponent: 10, blockSize: 8, parallelism: 16), byteCount: 64)
    #expect(
      hex(nacl)
        == "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"
        + "2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640")
    let chloride = try PasswordHasher.derive(
      Array("pleaseletmein".utf8), salt: Array("SodiumChloride".utf8),
      parameters: ScryptParameters(costExponent: 14, blockSize: 8, parallelism: 1), byteCount: 64)
    #expect(
      hex(chloride)
        == "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
        + "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887")
  }

  @Test func acceptsThePasswordThatWasHashedAndNoOther() throws {
    let hasher = try hasher()
    let encoded = try hasher.hash("correct horse")
    #expect(try hasher.verify("correct horse", against: encoded))
    #expect(try !hasher.verify("correct horsf", against: encoded))
    #expect(try !hasher.verify("correct horse ", against: encoded))
    #expect(try !hasher.verify("", against: encoded))
  }

  @Test func theTextFormNamesItsParametersAndHasASaltOfItsOwn() throws {
    let hasher = try hasher()
    let first = try hasher.hash("correct horse")
    let second = try hasher.hash("correct horse")
    #expect(first.hasPrefix("$scrypt$ln=10,r=8,p=1$"))
    #expect(first.split(separator: "$").suffix(2) != second.split(separator: "$").suffix(2))
    #expect(first.split(separator: "$").suffix(2).allSatisfy { !$0.contains("=") })
  }

  @Test func newHashesCostWhatOWASPRecommends() {
    let recommended = ScryptParameters.recommended
    #expect(recommended.costExponent == 15)
    #expect(recommended.blockSize == 8)
    #expect(recommended.parallelism == 3)
    #expect(recommended.memoryBytes == 32 << 20)
  }

  @Test func twoSpellingsOfOneTextAreOnePassword() throws {
    let hasher = try hasher()
    let encoded = try hasher.hash("caf\u{E9}-noir")
    #expect(try hasher.verify("cafe\u{301}-noir", against: encoded))
  }

  @Test func boundsPasswordsByBytes() throws {
    let hasher = try hasher()
    #expect(throws: PasswordError.tooShort) { try hasher.hash("1234567") }
    #expect(throws: PasswordError.tooLong) { try hasher.hash(String(repeating: "x", count: 1025)) }
    #expect(throws: Never.self) { try hasher.hash("éééé") }
    let longest = String(repeating: "x", count: 1024)
    #expect(try hasher.verify(longest, against: hasher.hash(longest)))
    #expect(try !hasher.verify(String(repeating: "x", count: 10_000_000), against: hasher.hash(longest)))
  }

  @Test func anUnknownUserIsRefusedAfterTheSameWork() throws {
    let hasher = PasswordHasher(parameters: try ScryptParameters(costExponent: 14, blockSize: 8, parallelism: 1))
    let encoded = try hasher.hash("correct horse")
    let clock = ContinuousClock()
    var known = Duration.seconds(60)
    var unknown = Duration.seconds(60)
    // The best of three keeps a busy machine out of the comparison.
    for _ in 0..<3 {
      known = min(known, try clock.measure { _ = try hasher.verify("wrong horse", against: encoded) })
      unknown = min(unknown, try clock.measure { _ = try hasher.verify("wrong horse", against: nil) })
    }
    #expect(try !hasher.verify("correct horse", against: nil))
    #expect(unknown > known / 3)
    #expect(unknown < known * 3)
  }

  @Test(arguments: [
    "", "$scrypt$", "plain", "$argon2id$v=19$m=1,t=1,p=1$AAAA$AAAA",
    "$scrypt$ln=40,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "$scrypt$ln=17,r=16,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "$scrypt$ln=15,r=8,p=99999999999999999999$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "$scrypt$ln=1,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "$scrypt$ln=15,r=0,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "$scrypt$ln=15,r=8,p=-1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "$scrypt$ln=15,r=8,p=1$$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "$scrypt$ln=15,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$",
    "$scrypt$ln=15,r=8,p=1$!!!!$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "$scrypt$ln=15,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA$x",
    "$scrypt$r=8,ln=15,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
  ])
  func refusesAStoredHashThatIsDamagedOrAsksForAbsurdWork(_ encoded: String) throws {
    let hasher = try hasher()
    #expect(throws: PasswordError.unreadableHash) { try hasher.verify("correct horse", against: encoded) }
  }

  @Test func tellsWhichHashesAreWorthMakingAgain() throws {
    let old = try hasher()
    let new = PasswordHasher(parameters: try ScryptParameters(costExponent: 11, blockSize: 8, parallelism: 1))
    let encoded = try old.hash("correct horse")
    #expect(try !old.needsRehash(encoded))
    #expect(try new.needsRehash(encoded))
    #expect(try new.verify("correct horse", against: encoded))
  }

  @Test func comparesEveryByte() {
    #expect(PasswordHasher.isEqual([1, 2, 3], [1, 2, 3]))
    #expect(!PasswordHasher.isEqual([1, 2, 3], [1, 2, 2]))
    #expect(!PasswordHasher.isEqual([1, 2, 3], [0, 2, 3]))
    #expect(!PasswordHasher.isEqual([1, 2, 3], [1, 2]))
    #expect(PasswordHasher.isEqual([], []))
  }

  private func hex(_ bytes: [UInt8]) -> String {
    bytes.map { String(format: "%02x", $0) }.joined()
  }
}
