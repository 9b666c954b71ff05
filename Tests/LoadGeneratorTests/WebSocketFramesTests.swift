import NIOCore
import Testing

@testable import dubplate_load

@Suite struct WebSocketFramesTests {
  private func frame(_ opcode: UInt8, _ payload: [UInt8], isFinal: Bool = true) -> [UInt8] {
    var bytes: [UInt8] = [(isFinal ? 0x80 : 0) | opcode]
    switch payload.count {
    case ..<126: bytes.append(UInt8(payload.count))
    case ..<65_536: bytes += [126, UInt8(payload.count >> 8), UInt8(payload.count & 0xff)]
    default: bytes += [127] + (0..<8).reversed().map { UInt8(truncatingIfNeeded: payload.count >> ($0 * 8)) }
    }
    return bytes + payload
  }

  private func events(_ bytes: [UInt8], step: Int, head: Int = 0) throws -> [WebSocketFrames.Event] {
    var frames = WebSocketFrames(binaryHeadBytes: head)
    var found: [WebSocketFrames.Event] = []
    var index = 0
    while index < bytes.count {
      var part = ByteBuffer(bytes: bytes[index..<min(index + step, bytes.count)])
      while let event = try frames.next(&part) { found.append(event) }
      #expect(part.readableBytes == 0)
      index += step
    }
    return found
  }

  @Test(arguments: [1, 2, 3, 7, 64, 1_000, 100_000])
  func `messages are the same however the bytes are cut`(step: Int) throws {
    let long = [UInt8](repeating: 0x61, count: step < 64 ? 300 : 70_000)
    let bytes =
      frame(1, Array("2".utf8)) + frame(2, long) + frame(1, long) + frame(9, [1, 2]) + frame(10, []) + frame(2, [])
      + frame(1, [], isFinal: true) + frame(8, [3, 232])
    let expected: [WebSocketFrames.Event] = [
      .text(ByteBuffer(string: "2")), .binary(length: long.count, head: ByteBuffer(bytes: long.prefix(4))),
      .text(ByteBuffer(bytes: long)), .ping(ByteBuffer(bytes: [1, 2])), .binary(length: 0, head: ByteBuffer()),
      .text(ByteBuffer()), .close,
    ]
    #expect(try events(bytes, step: step, head: 4) == expected)
  }

  @Test func `a length of eight bytes may itself be cut`() throws {
    let bytes = frame(2, [UInt8](repeating: 1, count: 66_000))
    var frames = WebSocketFrames(binaryHeadBytes: 0)
    for byte in bytes[..<10] {
      var part = ByteBuffer(bytes: [byte])
      #expect(try frames.next(&part) == nil)
    }
    var rest = ByteBuffer(bytes: bytes[10...])
    #expect(try frames.next(&rest) == .binary(length: 66_000, head: ByteBuffer()))
  }

  @Test(arguments: [1, 5, 1_000])
  func `fragments are one message and control frames may stand between them`(step: Int) throws {
    let bytes =
      frame(1, Array("ab".utf8), isFinal: false) + frame(9, [7]) + frame(0, Array("cd".utf8))
      + frame(2, [1, 2, 3], isFinal: false) + frame(0, [4], isFinal: false) + frame(0, [5])
    #expect(
      try events(bytes, step: step, head: 4) == [
        .ping(ByteBuffer(bytes: [7])), .text(ByteBuffer(string: "abcd")),
        .binary(length: 5, head: ByteBuffer(bytes: [1, 2, 3, 4])),
      ])
  }

  @Test(
    arguments: [
      ([0xc1, 0x00], WebSocketFrames.Malformed.reservedBits), ([0x81, 0x80], .masked), ([0x83, 0x00], .unknownOpcode),
      ([0x09, 0x00], .fragmentedControl), ([0x80, 0x00], .unexpectedContinuation), ([0x89, 126, 0, 200], .tooLong),
      ([0x81, 127, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], .tooLong),
      ([0x82, 127, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], .tooLong),
      ([0x01, 0x00, 0x81, 0x00], .unexpectedContinuation),
    ] as [([UInt8], WebSocketFrames.Malformed)])
  func `what RFC 6455 forbids is an error`(bytes: [UInt8], error: WebSocketFrames.Malformed) {
    #expect(throws: error) { try events(bytes, step: 100) }
  }

  @Test func `a client frame is masked as in the RFC's example`() {
    let frame = WebSocketFrames.frame(opcode: 1, payload: "Hello", mask: 0x37fa_213d)
    #expect(Array(frame.readableBytesView) == [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58])
  }

  @Test func `an upgrade is accepted only with this request's accept value`() {
    func check(_ text: String) -> (WebSocketUpgrade.Answer, rest: Int) {
      var buffer = ByteBuffer(string: text)
      return (WebSocketUpgrade.check(&buffer), buffer.readableBytes)
    }
    let good =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nsec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
    #expect(check(good).0 == .incomplete)
    #expect(check(good + "\r\nab") == (.accepted, 2))
    #expect(check("HTTP/1.1 101 X\r\nSec-WebSocket-Accept: other\r\n\r\n").0 == .refused(status: 0))
    #expect(check("HTTP/1.1 503 Busy\r\n\r\n").0 == .refused(status: 503))
    #expect(check(String(repeating: "x", count: 9_000)).0 == .refused(status: 0))
  }
}
