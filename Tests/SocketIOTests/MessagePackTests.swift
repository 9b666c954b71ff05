import NIOCore
import SocketIO
import Testing

struct MessagePackTests {
  private func bytes(_ hex: String) -> ByteBuffer {
    let digits = hex.filter { $0 != " " }.compactMap(\.hexDigitValue)
    return ByteBuffer(bytes: stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] * 16 + digits[$0 + 1]) })
  }

  private func written(_ value: SocketValue) -> ByteBuffer {
    var buffer = ByteBuffer()
    buffer.writeMessagePack(value)
    return buffer
  }

  @Test(
    arguments: [
      (.null, "c0"), (.bool(false), "c2"), (.bool(true), "c3"), (.int(0), "00"), (.int(127), "7f"), (.int(128), "cc80"),
      (.int(255), "ccff"), (.int(256), "cd0100"), (.int(65_536), "ce00010000"), (.int(1 << 32), "cf0000000100000000"),
      (.int(.max), "cf7fffffffffffffff"), (.int(-1), "ff"), (.int(-32), "e0"), (.int(-33), "d0df"),
      (.int(-128), "d080"),
      (.int(-129), "d1ff7f"), (.int(-32_769), "d2ffff7fff"), (.int(.min), "d38000000000000000"),
      (.double(1.5), "cb3ff8000000000000"), (.string("é"), "a2c3a9"), (.binary(ByteBuffer(bytes: [1])), "c40101"),
      (.array([1, [], nil]), "930190c0"), (.object(["a": 1, "b": ["c": true]]), "82a16101a16281a163c3"),
    ] as [(SocketValue, String)])
  func valuesHaveTheSpecificationsBytes(value: SocketValue, hex: String) throws {
    #expect(written(value) == bytes(hex))
    #expect(try SocketValue(messagePack: bytes(hex)) == value)
  }

  @Test(
    arguments: [
      ("ca40200000", .double(2.5)), ("cfffffffffffffffff", .double(18_446_744_073_709_551_616)), ("d40000", .null),
      ("8201c302c2", .object(["1": true, "2": false])), ("81ff01", .object(["-1": 1])),
      ("d6ff65e07280", .string("2024-02-29T12:03:12.000Z")),
      ("d700ffffffffffffffff", .string("1969-12-31T23:59:59.999Z")),
      ("d7ff3b9ac9fc00000000", .string("1970-01-01T00:00:00.249Z")), ("c70cff000000007fffffffffffffff", .null),
      ("d700fffbdf2150ae7fff", .string("-034854-05-25T19:49:34.847Z")), ("82a16101a16102", .object(["a": 2])),
    ] as [(String, SocketValue)])
  func whatIsNoValueOfOursBecomesWhatJSONWouldMakeOfIt(hex: String, value: SocketValue) throws {
    #expect(try SocketValue(messagePack: bytes(hex)) == value)
  }

  @Test(
    arguments: [
      ("", .truncated), ("c1", .malformed(offset: 0)), ("c0c0", .malformed(offset: 1)), ("cd00", .truncated),
      ("ddffffffff", .truncated), ("dfffffffff", .truncated), ("c6ffffffff", .truncated), ("dbffffffff61", .truncated),
      ("a2c328", .malformed(offset: 3)), ("81c0c0", .malformed(offset: 1)), ("81a161", .truncated),
      ("d40100", .unsupportedExtension(type: 1, bytes: 1)), ("c70305000000", .unsupportedExtension(type: 5, bytes: 3)),
    ] as [(String, MessagePackError)])
  func whatIsMalformedIsRefusedByName(hex: String, error: MessagePackError) {
    #expect(throws: error) { try SocketValue(messagePack: bytes(hex)) }
  }

  @Test func depthAndValuesAreBounded() throws {
    let deep = ByteBuffer(bytes: [UInt8](repeating: 0x91, count: 10) + [0xc0])
    #expect(throws: MessagePackError.tooDeep) { try SocketValue(messagePack: deep, maxDepth: 9) }
    #expect(throws: Never.self) { try SocketValue(messagePack: deep, maxDepth: 10) }
    let json = ByteBuffer(string: String(repeating: "[", count: 11) + String(repeating: "]", count: 11))
    #expect(throws: JSONError.tooDeep) { try SocketValue(json: json, maxDepth: 9) }
    #expect(throws: Never.self) { try SocketValue(json: json, maxDepth: 10) }
    let wide = written(.array([SocketValue](repeating: 1, count: 9)))
    #expect(throws: MessagePackError.tooManyValues) { try SocketValue(messagePack: wide, maxValues: 9) }
    #expect(throws: Never.self) { try SocketValue(messagePack: wide, maxValues: 10) }
    #expect(throws: MessagePackError.tooDeep) {
      try SocketValue(messagePack: ByteBuffer(bytes: [UInt8](repeating: 0x91, count: 100_000)))
    }
    #expect(PacketBounds(maxDepth: .max).maxDepth == SocketIOLimits.greatestDepth)
  }

  /// The deepest that can be allowed is read, written, compared and freed on a stack of any thread.
  @Test func theGreatestDepthIsSafe() throws {
    var value = SocketValue.null
    for level in 0..<SocketIOLimits.greatestDepth { value = level % 2 == 0 ? [value] : ["a": value] }
    let read = try SocketValue(messagePack: written(value), maxDepth: SocketIOLimits.greatestDepth)
    #expect(read == value)
    var json = ByteBuffer()
    read.writeJSON(into: &json)
    #expect(try SocketValue(json: json, maxDepth: SocketIOLimits.greatestDepth) == value)
  }

  @Test func generatedValuesSurviveBothCodecs() throws {
    var random = SeededGenerator(seed: 15)
    for _ in 0..<2_000 {
      let value = SocketValue.generated(depth: 4, using: &random)
      #expect(try SocketValue(messagePack: written(value)) == value)
      for codec in SocketCodec.allCases {
        let id: UInt64? = Bool.random(using: &random) ? UInt64.random(in: 0..<1_000_000_000, using: &random) : nil
        let packet = SocketPacket.event("e", [value], namespace: Bool.random(using: &random) ? "/" : "/ns", id: id)
        let encoded = packet.encode(codec)
        var decoder = SocketPacketDecoder(codec: codec, bounds: PacketBounds(maxAttachments: 10_000))
        var read =
          codec == .messagePack ? try decoder.decode(binary: encoded.text) : try decoder.decode(text: encoded.text)
        for attachment in encoded.attachments {
          #expect(read == nil)
          read = try decoder.decode(binary: attachment)
        }
        #expect(read == packet)
      }
    }
  }

  /// Every prefix of a packet, and every packet with one byte changed: an error or a packet, never a trap.
  @Test func damageIsRefusedOrReadButNeverTraps() throws {
    var random = SeededGenerator(seed: 16)
    let packet = SocketPacket.event("e", [.generated(depth: 3, using: &random), .string("tail")], id: 5)
    let whole = packet.encode(.messagePack).text
    for length in 0..<whole.readableBytes {
      var decoder = SocketPacketDecoder(codec: .messagePack)
      let part = try #require(whole.getSlice(at: whole.readerIndex, length: length))
      #expect(throws: SocketPacketError.self) { try decoder.decode(binary: part) }
      for change in [0x00, 0x7f, 0x80, 0xc1, 0xc6, 0xd9, 0xdd, 0xdf, 0xff] as [UInt8] {
        var damaged = whole
        damaged.setInteger(change, at: length)
        _ = try? decoder.decode(binary: damaged)
      }
    }
  }

  @Test(
    arguments: [
      ("83 a474797065 00 a464617461 c0 a36e7370 a12f", SocketPacket(.connect)),
      ("83 a474797065 00 a464617461 d40000 a36e7370 a12f", SocketPacket(.connect)),
      ("82 a474797065 01 a36e7370 a22f78", SocketPacket(.disconnect, namespace: "/x")),
      (
        "84 a474797065 02 a464617461 92 a161 c40109 a36e7370 a12f a26964 07",
        SocketPacket.event("a", [.binary(ByteBuffer(bytes: [9]))], id: 7)
      ),
      ("84 a474797065 02 a464617461 91 2a a36e7370 a12f a26964 c0", SocketPacket.event("42", [])),
      (
        "85 a474797065 03 a464617461 90 a36e7370 a12f a26964 00 a76f7074696f6e73 80",
        SocketPacket(.ack, id: 0, data: .array([]))
      ),
      ("83 a474797065 04 a464617461 a178 a36e7370 a12f", SocketPacket(.connectError, data: "x")),
    ] as [(String, SocketPacket)])
  func clientsPacketsAreRead(hex: String, packet: SocketPacket) throws {
    var decoder = SocketPacketDecoder(codec: .messagePack)
    #expect(try decoder.decode(binary: bytes(hex)) == packet)
  }

  @Test(
    arguments: [
      ("83 a474797065 05 a464617461 90 a36e7370 a12f", .unknownType), ("82 a474797065 c0 a36e7370 a12f", .unknownType),
      ("82 a474797065 ff a36e7370 a12f", .unknownType), ("82 a474797065 00 a36e7370 01", .invalidPayload),
      ("81 a474797065 00", .invalidPayload), ("93 00 a12f c0", .unknownType),
      ("83 a474797065 02 a464617461 80 a36e7370 a12f", .invalidPayload),
      ("83 a474797065 02 a464617461 90 a36e7370 a12f", .invalidPayload),
      ("83 a474797065 03 a464617461 90 a36e7370 a12f", .invalidID),
      ("84 a474797065 03 a464617461 90 a36e7370 a12f a26964 ff", .invalidID),
      ("84 a474797065 03 a464617461 90 a36e7370 a12f a26964 cfffffffffffffffff", .invalidID),
      ("83 a474797065 01 a464617461 01 a36e7370 a12f", .invalidPayload),
      ("83 a474797065 02 a464617461 91 aa646973636f6e6e656374 a36e7370 a12f", .reservedEvent("disconnect")),
      ("c1", .invalidMessagePack(.malformed(offset: 0))),
    ] as [(String, SocketPacketError)])
  func malformedPacketsAreRefused(hex: String, error: SocketPacketError) {
    var decoder = SocketPacketDecoder(codec: .messagePack)
    #expect(throws: error) { try decoder.decode(binary: bytes(hex)) }
  }

  @Test func textIsNoPacketOfMessagePack() {
    var decoder = SocketPacketDecoder(codec: .messagePack)
    #expect(throws: SocketPacketError.unexpectedText) { try decoder.decode(text: ByteBuffer(string: "40")) }
  }
}

extension SocketValue {
  /// Any value, with lengths and numbers around the edges of their forms.
  static func generated(depth: Int, using random: inout SeededGenerator) -> SocketValue {
    let edges: [Int] = [0, 1, 15, 16, 31, 32, 33, 255, 256]
    func length() -> Int { edges.randomElement(using: &random) ?? 0 }
    switch Int.random(in: 0..<(depth > 0 ? 9 : 7), using: &random) {
    case 0: return .null
    case 1: return .bool(.random(using: &random))
    case 2: return .int(Int64.random(in: .min ... .max, using: &random) >> Int64.random(in: 0..<64, using: &random))
    case 3: return .double(Double.random(in: -1e9...1e9, using: &random) + 0.5)
    case 4:
      return .string(
        String(repeating: ["a", "é", "\u{1F3B5}", "\"", "\0"].randomElement(using: &random) ?? "", count: length()))
    case 5: return .binary(ByteBuffer(bytes: (0..<length()).map { UInt8(truncatingIfNeeded: $0 * 7) }))
    case 6: return .int(Int64(length()) - 128)
    case 7:
      return .array(
        (0..<Int.random(in: 0..<18, using: &random)).map { _ in .generated(depth: depth - 2, using: &random) })
    default:
      return .object(
        SocketObject(
          (0..<Int.random(in: 0..<18, using: &random)).map { ("k\($0)", .generated(depth: depth - 2, using: &random)) })
      )
    }
  }
}
