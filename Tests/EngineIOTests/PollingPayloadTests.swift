import EngineIO
import NIOCore
import TestSupport
import Testing

@Suite struct PollingPayloadTests {
  @Test func aPayloadIsPacketsJoinedByTheRecordSeparator() throws {
    let body = PollingPayload.encode([
      EnginePacket(.message, "hello"), EnginePacket(.ping), EnginePacket(binary: ByteBuffer(bytes: [1, 2, 3, 4])),
    ])
    #expect(String(buffer: body) == "4hello\u{1e}2\u{1e}bAQIDBA==")
    #expect(
      try PollingPayload.decode(body) == [
        EnginePacket(.message, "hello"), EnginePacket(.ping), EnginePacket(binary: ByteBuffer(bytes: [1, 2, 3, 4])),
      ])
  }

  @Test(arguments: [
    ("", EnginePacketError.empty), ("abc", .unknownType(0x61)), ("4a\u{1e}", .empty), ("4a\u{1e}\u{1e}4b", .empty),
    ("b?", .invalidBase64), ("bA", .invalidBase64), ("bAQIDB=", .invalidBase64), ("7", .unknownType(0x37)),
  ])
  func aMalformedPayloadIsRefusedWhole(text: String, error: EnginePacketError) {
    #expect(throws: error) { try PollingPayload.decode(ByteBuffer(string: text)) }
  }

  /// In whatever pieces a body is read, it comes to the same, and nothing is handed out before all of it has been read.
  @Test(arguments: [1, 2, 3, 7, 100]) func aBodyIsReadInPieces(piece: Int) throws {
    let packets = (0..<20).map { EnginePacket(.message, "n\($0)") }
    for (body, isWhole) in [
      (PollingPayload.encode(packets), true),
      (ByteBuffer(string: String(buffer: PollingPayload.encode(packets)) + "\u{1e}x"), false),
    ] {
      var check = PollingPayload.Check(body)
      var read = 0
      do throws(EnginePacketError) {
        var whole = try check.advance(by: piece)
        while whole == nil {
          read += piece
          #expect(read < 21)
          whole = try check.advance(by: piece)
        }
        #expect(isWhole && whole.map(Array.init) == packets)
      } catch {
        #expect(!isWhole && error == .unknownType(0x78))
      }
    }
  }

  @Test func aBodyHasSoManyPackets() throws {
    let most = repeatElement("6", count: EngineLimits.maxPacketsPerBody).joined(separator: "\u{1e}")
    var check = PollingPayload.Check(ByteBuffer(string: most))
    let begun = try check.advance(by: 1)
    #expect(begun == nil)
    var tooMany = PollingPayload.Check(ByteBuffer(string: most + "\u{1e}6"))
    #expect(throws: EnginePacketError.tooManyPackets) { try tooMany.advance(by: 1) }
  }

  @Test func textThatIsNotUTF8IsRefused() {
    #expect(throws: EnginePacketError.invalidUTF8) { try PollingPayload.decode(ByteBuffer(bytes: [0x34, 0xff])) }
  }

  @Test func whatIsEncodedDecodesToTheSame() throws {
    var random = SeededGenerator(seed: 1)
    for _ in 0..<300 {
      let packets = (0..<Int.random(in: 1...6, using: &random)).map { _ -> EnginePacket in
        let bytes = random.bytes(Int.random(in: 0...40, using: &random))
        if Bool.random(using: &random) { return EnginePacket(binary: ByteBuffer(bytes: bytes)) }
        let text = String(decoding: bytes, as: UTF8.self).replacing("\u{1e}", with: "-")
        return EnginePacket(EnginePacket.Kind.allCases.randomElement(using: &random) ?? .noop, text)
      }
      let body = PollingPayload.encode(packets)
      #expect(try PollingPayload.decode(body) == packets)
      let announced = packets.reduce(0) { $0 + PollingPayload.encodedBytes(of: $1) }
      #expect(body.readableBytes <= announced)
    }
  }

  @Test func mutatedPayloadsNeverTrap() {
    var random = SeededGenerator(seed: 2)
    let seeds = ["4hello\u{1e}bAQIDBA==\u{1e}2probe", "0{}\u{1e}1\u{1e}b", "4\u{1f600}\u{1e}4ü"].map { Array($0.utf8) }
    for round in 0..<5_000 {
      var bytes = seeds[round % seeds.count]
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      let cut = Int.random(in: 0...bytes.count, using: &random)
      _ = try? PollingPayload.decode(ByteBuffer(bytes: bytes[..<cut]))
    }
  }

  @Test func base64ReadsEveryLengthWithAndWithoutPadding() {
    var random = SeededGenerator(seed: 3)
    for length in 0..<70 {
      let bytes = ByteBuffer(bytes: random.bytes(length))
      var text = ByteBuffer()
      text.writeBase64(bytes)
      #expect(text.decodedBase64() == bytes)
      let bare = String(buffer: text).replacing("=", with: "")
      #expect(ByteBuffer(string: bare).decodedBase64() == bytes)
    }
  }
}
