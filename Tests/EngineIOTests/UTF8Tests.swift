import EngineIO
import NIOCore
import Testing

@Suite struct UTF8Tests {
  @Test func theValidatorAgreesWithTheStandardLibrary() {
    var random = SeededGenerator(seed: 4)
    for round in 0..<20_000 {
      var bytes = Array("plain ascii \u{e9}\u{20ac}\u{1f600} \u{d7ff}\u{e000}\u{10ffff}".utf8)
      for _ in 0..<(round % 4) {
        bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      let cut = bytes.prefix(Int.random(in: 0...bytes.count, using: &random))
      #expect(ByteBuffer(bytes: cut).isValidUTF8 == (String(validating: cut, as: UTF8.self) != nil))
    }
  }

  @Test(
    arguments: [
      [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe0, 0x80, 0x80], [0xf0, 0x80, 0x80, 0x80], [0x80],
      [0xe2, 0x82],
    ] as [[UInt8]])
  func overlongFormsSurrogatesAndStumpsAreRefused(bytes: [UInt8]) {
    #expect(!ByteBuffer(bytes: bytes).isValidUTF8)
  }
}
