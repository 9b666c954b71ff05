import EngineIO
import NIOCore
import TestSupport
import Testing

@Suite struct WebSocketMessageParserTests {
  typealias Message = WebSocketMessageParser.Message
  typealias Failure = WebSocketMessageParser.Failure

  static func frame(
    _ opcode: WebSocketFrameHeader.Opcode, _ payload: [UInt8], final: Bool = true
  ) -> ByteBuffer {
    var bytes = ByteBuffer()
    bytes.writeMaskedWebSocketFrame(opcode, payload: ByteBuffer(bytes: payload), key: 0x1234_abcd, isFinal: final)
    return bytes
  }

  static func parse(_ bytes: [UInt8], piece: Int, limit: Int = 1_000) throws -> [Message] {
    var parser = WebSocketMessageParser(reading: .client, maxMessageBytes: limit)
    var messages: [Message] = []
    var start = 0
    while start < bytes.count {
      let end = min(bytes.count, start + piece)
      parser.append(ByteBuffer(bytes: bytes[start..<end]))
      while let message = try parser.next() { if message != .fragment { messages.append(message) } }
      start = end
    }
    #expect(parser.bufferedBytes == 0)
    return messages
  }

  @Test func messagesComeWholeHoweverTheBytesAreCut() throws {
    var stream = ByteBuffer()
    stream.writeImmutableBuffer(Self.frame(.text, Array("héllo".utf8)))
    stream.writeImmutableBuffer(Self.frame(.binary, [1, 2, 3], final: false))
    stream.writeImmutableBuffer(Self.frame(.ping, [9]))
    stream.writeImmutableBuffer(Self.frame(.continuation, [4, 5], final: false))
    stream.writeImmutableBuffer(Self.frame(.continuation, []))
    stream.writeImmutableBuffer(Self.frame(.binary, [UInt8](repeating: 7, count: 300)))
    stream.writeImmutableBuffer(Self.frame(.close, [0x03, 0xe8] + Array("bye".utf8)))
    let expected: [Message] = [
      .text(ByteBuffer(string: "héllo")), .ping(ByteBuffer(bytes: [9])), .binary(ByteBuffer(bytes: [1, 2, 3, 4, 5])),
      .binary(ByteBuffer(repeating: 7, count: 300)), .close(code: 1000, reason: "bye"),
    ]
    for piece in 1...40 {
      #expect(try Self.parse(Array(stream.readableBytesView), piece: piece) == expected)
    }
  }

  static let hostile: [(String, [UInt8], Failure)] = [
    ("unmasked", [0x81, 0x01, 0x61], .protocolError("wrong masking")),
    ("reserved bit", [0xc1, 0x80, 0, 0, 0, 0], .protocolError("reserved bits are set")),
    ("unknown opcode", [0x83, 0x80, 0, 0, 0, 0], .protocolError("unknown opcode")),
    ("fragmented ping", [0x09, 0x80, 0, 0, 0, 0], .protocolError("fragmented control frame")),
    ("long ping", [0x89, 0xfe, 0, 126, 0, 0, 0, 0], .protocolError("long control frame")),
    ("continuation of nothing", [0x80, 0x80, 0, 0, 0, 0], .protocolError("continuation of nothing")),
    ("length of 2^63", [0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0], .messageTooLarge),
    ("length of all ones", [0x82, 0xff] + [UInt8](repeating: 0xff, count: 8), .messageTooLarge),
    ("one more than the limit", [0x82, 0xfe, 0x03, 0xe9], .messageTooLarge),
    ("close code of one byte", [0x88, 0x81, 0, 0, 0, 0, 3], .protocolError("close code of one byte")),
    ("close code 1005", [0x88, 0x82, 0, 0, 0, 0, 0x03, 0xed], .protocolError("close code out of range")),
    ("text that is not UTF-8", [0x81, 0x81, 0, 0, 0, 0, 0xff], .invalidUTF8),
  ]

  @Test(arguments: hostile.indices)
  func hostileFramesAreRefusedAsSoonAsTheirHeadersAreIn(index: Int) {
    let (_, bytes, failure) = Self.hostile[index]
    #expect(throws: failure) { try Self.parse(bytes, piece: bytes.count) }
    #expect(throws: failure) { try Self.parse(bytes, piece: 1) }
  }

  @Test func fragmentsTogetherMayNotExceedTheLimit() {
    var stream = Self.frame(.binary, [UInt8](repeating: 1, count: 600), final: false)
    stream.writeImmutableBuffer(Self.frame(.continuation, [UInt8](repeating: 1, count: 401)))
    #expect(throws: Failure.messageTooLarge) { try Self.parse(Array(stream.readableBytesView), piece: 100) }
  }

  @Test func aMessageInsideAFragmentedOneIsRefused() {
    var stream = Self.frame(.binary, [1], final: false)
    stream.writeImmutableBuffer(Self.frame(.binary, [2]))
    #expect(throws: Failure.self) { try Self.parse(Array(stream.readableBytesView), piece: 100) }
  }

  /// However little a frame brings, whoever reads can count it.
  @Test func eachFrameIsToldOf() throws {
    var parser = WebSocketMessageParser(reading: .client, maxMessageBytes: 1_000)
    let frames = [
      Self.frame(.binary, [], final: false), Self.frame(.continuation, [], final: false), Self.frame(.ping, []),
      Self.frame(.continuation, [1], final: false), Self.frame(.continuation, []),
    ]
    for frame in frames { parser.append(frame) }
    let expected: [Message] = [.fragment, .fragment, .ping(ByteBuffer()), .fragment, .binary(ByteBuffer(bytes: [1]))]
    for message in expected { #expect(try parser.next() == message) }
    #expect(try parser.next() == nil)
  }

  @Test func aMessageHasSoManyFramesThatBringNothing() throws {
    var parser = WebSocketMessageParser(reading: .client, maxMessageBytes: 1_000_000)
    for _ in 0..<3 {
      parser.append(Self.frame(.text, [], final: false))
      #expect(try parser.next() == .fragment)
      for number in 0..<EngineLimits.maxEmptyFragments {
        parser.append(Self.frame(.continuation, [], final: false))
        #expect(try parser.next() == .fragment)
        guard number % 2 == 0 else { continue }
        parser.append(Self.frame(.continuation, [0x61], final: false))
        #expect(try parser.next() == .fragment)
      }
      parser.append(Self.frame(.continuation, []))
      #expect(try parser.next() == .text(ByteBuffer(repeating: 0x61, count: EngineLimits.maxEmptyFragments / 2)))
    }
    parser.append(Self.frame(.text, [], final: false))
    #expect(try parser.next() == .fragment)
    #expect(throws: Failure.protocolError("too many empty fragments")) {
      for _ in 0...EngineLimits.maxEmptyFragments {
        parser.append(Self.frame(.continuation, [], final: false))
        _ = try parser.next()
      }
    }
  }

  @Test func anAnnouncedLengthReservesNothing() throws {
    var parser = WebSocketMessageParser(reading: .client, maxMessageBytes: 1 << 30)
    parser.append(ByteBuffer(bytes: [0x82, 0xff, 0, 0, 0, 0, 0x30, 0, 0, 0, 1, 2, 3, 4, 5]))
    #expect(try parser.next() == nil)
    #expect(parser.bufferedBytes == 15)
  }

  @Test func mutatedStreamsNeverTrapAndNeverHoldMoreThanWasSent() {
    var random = SeededGenerator(seed: 5)
    var seed = Self.frame(.text, Array("hello".utf8))
    seed.writeImmutableBuffer(Self.frame(.binary, [1, 2], final: false))
    seed.writeImmutableBuffer(Self.frame(.continuation, [3]))
    for _ in 0..<10_000 {
      var bytes = Array(seed.readableBytesView)
      for _ in 0..<3 {
        bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      var parser = WebSocketMessageParser(reading: .client, maxMessageBytes: 100)
      parser.append(ByteBuffer(bytes: bytes))
      while let message = try? parser.next() { _ = message }
      #expect(parser.bufferedBytes <= bytes.count)
    }
  }

  @Test func serverFramesReadBackAtEveryLengthOfHeader() throws {
    for length in [0, 1, 125, 126, 127, 65_535, 65_536, 70_000] {
      var bytes = ByteBuffer()
      bytes.writeWebSocketHeader(.binary, length: length)
      #expect(bytes.readableBytes == WebSocketFrameHeader.bytes(forPayload: length))
      bytes.writeRepeatingByte(3, count: length)
      var parser = WebSocketMessageParser(reading: .server, maxMessageBytes: 100_000)
      parser.append(bytes)
      #expect(try parser.next() == .binary(ByteBuffer(repeating: 3, count: length)))
    }
  }
}
