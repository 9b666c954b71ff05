import NIOCore
import SocketIO
import TestSupport
import Testing

@Suite struct SocketPacketTests {
  static func decode(_ text: String, _ attachments: [[UInt8]] = []) throws -> SocketPacket? {
    var decoder = SocketPacketDecoder()
    var packet = try decoder.decode(text: ByteBuffer(string: text))
    for attachment in attachments { packet = try decoder.decode(binary: ByteBuffer(bytes: attachment)) }
    return packet
  }

  @Test(arguments: [
    ("0", SocketPacket(.connect)), ("0{\"token\":\"x\"}", SocketPacket(.connect, data: ["token": "x"])),
    ("0/admin,", SocketPacket(.connect, namespace: "/admin")), ("0/admin", SocketPacket(.connect, namespace: "/admin")),
    ("0/admin,{}", SocketPacket(.connect, namespace: "/admin", data: [:])),
    ("1/admin,", SocketPacket(.disconnect, namespace: "/admin")),
    ("2[\"hey\",1]", SocketPacket.event("hey", [1])), ("212[\"hey\"]", SocketPacket.event("hey", [], id: 12)),
    ("2/admin,456[\"hey\"]", SocketPacket.event("hey", [], namespace: "/admin", id: 456)),
    ("2[7,8]", SocketPacket.event("7", [8])),
    ("3/admin,456[]", SocketPacket(.ack, namespace: "/admin", id: 456, data: [])),
    ("4{\"message\":\"no\"}", SocketPacket(.connectError, data: ["message": "no"])),
  ])
  func theProtocolsExamplesAreRead(text: String, packet: SocketPacket) throws {
    #expect(try Self.decode(text) == packet)
  }

  @Test func attachmentsGoWhereTheirPlaceholdersAre() throws {
    let text = #"52-/admin,7["hey",{"a":[{"_placeholder":true,"num":1}]},{"_placeholder":true,"num":0}]"#
    let packet = try Self.decode(text, [[1], [2, 3]])
    let data: SocketValue = ["hey", ["a": [.binary(ByteBuffer(bytes: [2, 3]))]], .binary(ByteBuffer(bytes: [1]))]
    #expect(packet == SocketPacket(.event, namespace: "/admin", id: 7, data: data))
  }

  /// Random texts and attachments against one rule: the sum is at most the limit, and nothing is held beyond it.
  @Test func theSumOfAPacketIsBounded() throws {
    var generator = SeededGenerator(seed: 15)
    let limit = 2_000
    for _ in 0..<2_000 {
      let count = Int.random(in: 1...10, using: &generator)
      var decoder = SocketPacketDecoder(bounds: PacketBounds(maxPacketBytes: limit))
      let text = "5\(count)-[\"x\",\"" + String(repeating: "y", count: .random(in: 0...500, using: &generator)) + "\"]"
      var sum = text.utf8.count
      expectNothing(try decoder.decode(text: ByteBuffer(string: text)))
      for number in 1...count {
        let attachment = ByteBuffer(repeating: 0, count: .random(in: 0...600, using: &generator))
        sum += attachment.readableBytes
        do throws(SocketPacketError) {
          let packet = try decoder.decode(binary: attachment)
          #expect(sum <= limit && (packet != nil) == (number == count))
        } catch {
          #expect(error == .tooLarge(limit: limit) && sum > limit)
          break
        }
        let held = decoder.heldBytes
        #expect(held <= 2 * limit + 256)
      }
    }
  }

  private func expectNothing(_ packet: SocketPacket?) { #expect(packet == nil) }

  @Test func aConnectIsSmall() throws {
    let auth = String(repeating: "x", count: SocketIOLimits.maxConnectBytes)
    for name in ["/", "/a"] {
      let prefix = name == "/" ? "" : "/a,"
      #expect(throws: SocketPacketError.connectTooLarge(namespace: name)) {
        try Self.decode("0\(prefix){\"token\":\"\(auth)\"}")
      }
      var decoder = SocketPacketDecoder(codec: .messagePack)
      let packet = SocketPacket(.connect, namespace: name, data: ["token": .string(auth)]).encode(.messagePack)
      #expect(throws: SocketPacketError.connectTooLarge(namespace: name)) {
        try decoder.decode(binary: packet.text)
      }
    }
    #expect(try Self.decode("0{\"token\":\"\(auth.dropLast(20))\"}") != nil)
  }

  @Test func aPlaceholderInATextPacketIsAnOrdinaryObject() throws {
    let packet = try Self.decode(#"2["hey",{"_placeholder":true,"num":0}]"#)
    #expect(packet == .event("hey", [["_placeholder": true, "num": 0]]))
  }

  @Test(arguments: [
    ("", SocketPacketError.unknownType), ("7", .unknownType), ("abc", .unknownType), ("2", .invalidPayload),
    ("2{}", .invalidPayload),
    ("2[]", .invalidPayload), ("2[null]", .invalidPayload), ("2[[]]", .invalidPayload), ("1{}", .invalidPayload),
    ("0[]", .invalidPayload),
    ("0\"x\"", .invalidPayload), ("3[]", .invalidID), ("31{}", .invalidPayload), ("4", .invalidPayload),
    ("2[\"connect\"]", .reservedEvent("connect")),
    ("2[\"disconnecting\"]", .reservedEvent("disconnecting")), ("5[\"a\"]", .invalidAttachmentCount),
    ("5-[\"a\"]", .invalidAttachmentCount),
    ("51[\"a\"]", .invalidAttachmentCount), ("511-[\"a\"]", .tooManyAttachments(limit: 10)),
    ("599999999999999999999999999999-[\"a\"]", .tooManyAttachments(limit: 10)),
    ("21234567890123456789[\"a\"]", .invalidID),
    ("2abc[\"a\"]", .invalidJSON(.malformed(offset: 0))), ("0abc", .invalidJSON(.malformed(offset: 0))),
  ])
  func malformedPacketsAreRefused(text: String, error: SocketPacketError) {
    #expect(throws: error) { try Self.decode(text) }
  }

  @Test func aNamespacesNameIsBounded() {
    #expect(throws: SocketPacketError.namespaceTooLong) { try Self.decode("0/" + String(repeating: "n", count: 300)) }
  }

  @Test(arguments: ["-1", "1", "0.5", "\"0\"", "99999999999", "null"])
  func aPlaceholderThatCountsNoAttachmentIsRefused(number: String) {
    #expect(throws: SocketPacketError.illegalPlaceholder) {
      try Self.decode("51-[\"a\",{\"_placeholder\":true,\"num\":\(number)}]", [[1]])
    }
  }

  @Test func textAndBinaryOutOfTurnAreRefused() throws {
    var decoder = SocketPacketDecoder()
    #expect(throws: SocketPacketError.unexpectedBinary) { try decoder.decode(binary: ByteBuffer()) }
    #expect(try decoder.decode(text: ByteBuffer(string: "51-[\"a\"]")) == nil)
    #expect(decoder.awaited != nil)
    #expect(throws: SocketPacketError.unexpectedText) { try decoder.decode(text: ByteBuffer(string: "2[\"a\"]")) }
  }

  @Test func packetsAreWrittenAsTheProtocolSays() {
    func text(_ packet: SocketPacket) -> String { String(buffer: packet.encode().text) }
    #expect(text(SocketPacket(.connect, data: ["sid": "x"])) == #"0{"sid":"x"}"#)
    #expect(text(SocketPacket(.disconnect, namespace: "/a")) == "1/a,")
    #expect(text(.event("hey", [1, nil], namespace: "/a", id: 3)) == #"2/a,3["hey",1,null]"#)
    let binary = SocketPacket(
      .ack, id: 9, data: [.binary(ByteBuffer(bytes: [1])), ["b": .binary(ByteBuffer(bytes: [2]))]]
    ).encode()
    #expect(
      String(buffer: binary.text) == #"62-9[{"_placeholder":true,"num":0},{"b":{"_placeholder":true,"num":1}}]"#)
    #expect(binary.attachments == [ByteBuffer(bytes: [1]), ByteBuffer(bytes: [2])])
    #expect(
      text(SocketPacket(.connectError, data: ConnectError("no", data: ["code": 1]).payload))
        == #"4{"message":"no","data":{"code":1}}"#)
  }

  @Test func whatIsEncodedDecodesToTheSame() throws {
    var generator = SeededGenerator(seed: 21)
    for _ in 0..<2_000 {
      let arguments = (0..<3).map { _ in JSONTests.random(&generator, depth: 3, binary: true) }
      let id = Bool.random(using: &generator) ? UInt64.random(in: 0...1_000_000, using: &generator) : nil
      let packet = SocketPacket.event("e", arguments, namespace: Bool.random(using: &generator) ? "/" : "/n", id: id)
      let encoded = packet.encode()
      var decoder = SocketPacketDecoder(bounds: PacketBounds(maxAttachments: .max / 100))
      var decoded = try decoder.decode(text: encoded.text)
      for attachment in encoded.attachments { decoded = try decoder.decode(binary: attachment) }
      #expect(decoded == packet)
    }
  }

  @Test func mutatedPacketsNeverTrap() {
    var generator = SeededGenerator(seed: 22)
    let seed = Array(#"52-/ns,12["e",{"_placeholder":true,"num":0},[{"_placeholder":true,"num":1}]]"#.utf8)
    for _ in 0..<20_000 {
      var bytes = seed
      for _ in 0..<2 {
        bytes[Int.random(in: bytes.indices, using: &generator)] = UInt8.random(in: 0...127, using: &generator)
      }
      var decoder = SocketPacketDecoder()
      _ = try? decoder.decode(text: ByteBuffer(bytes: bytes))
      _ = try? decoder.decode(binary: ByteBuffer(bytes: [1]))
      _ = try? decoder.decode(binary: ByteBuffer(bytes: [2]))
    }
  }

  /// An ack that nobody waits for costs its length and no more: what is in it isn't even JSON.
  @Test func anAckThatNobodyWaitsForIsNotRead() throws {
    var decoder = SocketPacketDecoder()
    var asked: [(String, UInt64)] = []
    func decode(_ text: String) throws -> SocketPacket? {
      try decoder.decode(text: ByteBuffer(string: text)) { namespace, id in
        asked.append((namespace, id))
        return id == 7
      }
    }
    #expect(try decode("38[{,}]") == SocketPacket(.ack, id: 8, data: []))
    #expect(try decode("3/a,8[1,2]") == SocketPacket(.ack, namespace: "/a", id: 8, data: []))
    #expect(try decode("37[1,2]") == SocketPacket(.ack, id: 7, data: [1, 2]))
    #expect(asked.map(\.0) == ["/", "/a", "/"] && asked.map(\.1) == [8, 8, 7])
    #expect(throws: SocketPacketError.self) { try decode("37[{,}]") }
    // Of another shape than an ack has, whoever waits.
    for text in ["38", "38{}", "38[", "3[1]", "38 1"] { #expect(throws: SocketPacketError.self) { try decode(text) } }
    // Its attachments are passed over.
    #expect(try decode(#"62-8[{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#) == nil)
    #expect(try decoder.decode(binary: ByteBuffer(repeating: 1, count: 100_000)) == nil)
    #expect(decoder.heldBytes == 0)
    #expect(try decoder.decode(binary: ByteBuffer(bytes: [1])) == SocketPacket(.ack, id: 8, data: []))
    #expect(try decode(#"61-7[{"_placeholder":true,"num":0}]"#) == nil)
    #expect(
      try decoder.decode(binary: ByteBuffer(bytes: [1]))
        == SocketPacket(.ack, id: 7, data: [.binary(ByteBuffer(bytes: [1]))]))
  }
}
