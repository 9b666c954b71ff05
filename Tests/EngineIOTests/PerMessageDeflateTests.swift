import EngineIO
import NIOCore
import Testing

struct PerMessageDeflateTests {
  static let agreed = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"

  @Test(arguments: [
    (["permessage-deflate"], 15, agreed), (["permessage-deflate; client_max_window_bits"], 15, agreed),
    (["Permessage-Deflate ;server_no_context_takeover;client_no_context_takeover"], 15, agreed),
    (
      ["permessage-deflate; server_max_window_bits=12; client_max_window_bits=\"12\""], 12,
      agreed + "; server_max_window_bits=12"
    ),
    (["permessage-deflate; server_max_window_bits=8, permessage-deflate"], 15, agreed),
    (
      ["x-webkit-deflate-frame", "permessage-deflate; server_max_window_bits=9"], 9,
      agreed + "; server_max_window_bits=9"
    ),
    (["permessage-deflate; unknown, permessage-deflate; client_max_window_bits=8"], 15, agreed),
  ])
  func theFirstOfferThatCanBeKeptIsAgreedTo(offers: [String], bits: Int, response: String) throws {
    let agreement = try #require(PerMessageDeflate(offers: offers))
    #expect(Int(agreement.windowBits) == bits)
    #expect(agreement.response == response)
  }

  @Test(arguments: [
    "", ",", ";", "permessage-deflate;", "permessage-deflate; =", "permessage-deflate; server_max_window_bits",
    "permessage-deflate; server_max_window_bits=8", "permessage-deflate; server_max_window_bits=16",
    "permessage-deflate; server_max_window_bits=010", "permessage-deflate; server_max_window_bits=",
    "permessage-deflate; server_max_window_bits=+9", "permessage-deflate; server_max_window_bits=9999999999999",
    "permessage-deflate; server_max_window_bits=10; server_max_window_bits=10",
    "permessage-deflate; client_max_window_bits=7", "permessage-deflate; server_no_context_takeover=1",
    "permessage-deflate; client_no_context_takeover; client_no_context_takeover", "permessage-bzip2",
  ])
  func whatCantBeKeptIsDeclined(offer: String) {
    #expect(PerMessageDeflate(offers: [offer]) == nil)
  }

  private func frame(
    _ opcode: WebSocketFrameHeader.Opcode, _ text: String, isFinal: Bool = true, isCompressed: Bool = false
  ) -> ByteBuffer {
    var frame = ByteBuffer()
    frame.writeMaskedWebSocketFrame(
      opcode, payload: ByteBuffer(string: text), key: 7, isFinal: isFinal, isCompressed: isCompressed)
    return frame
  }

  private func read(_ frames: [ByteBuffer], allowsCompression: Bool = true) throws -> [WebSocketMessageParser.Message] {
    var parser = WebSocketMessageParser(
      reading: .client, maxMessageBytes: 100, allowsCompression: allowsCompression)
    var messages: [WebSocketMessageParser.Message] = []
    for frame in frames {
      parser.append(frame)
      while let message = try parser.next() { if message != .fragment { messages.append(message) } }
    }
    return messages
  }

  @Test func theFirstFrameSaysThatAMessageIsCompressed() throws {
    let fragments = [
      frame(.text, "ab", isFinal: false, isCompressed: true), frame(.ping, "p"),
      frame(.continuation, "c", isFinal: false),
      frame(.continuation, ""),
    ]
    #expect(
      try read(fragments + [frame(.binary, "d"), frame(.binary, "e", isCompressed: true)])
        == [
          .ping(ByteBuffer(string: "p")), .compressed(isText: true, ByteBuffer(string: "abc")),
          .binary(ByteBuffer(string: "d")), .compressed(isText: false, ByteBuffer(string: "e")),
        ])
  }

  @Test func theBitIsRefusedWhereItHasNoPlace() {
    let refused = WebSocketMessageParser.Failure.protocolError("reserved bits are set")
    #expect(throws: refused) { try read([frame(.text, "a", isCompressed: true)], allowsCompression: false) }
    #expect(throws: refused) { try read([frame(.ping, "", isCompressed: true)]) }
    #expect(throws: refused) { try read([frame(.close, "", isCompressed: true)]) }
    #expect(throws: refused) {
      try read([frame(.text, "a", isFinal: false), frame(.continuation, "b", isCompressed: true)])
    }
  }

  @Test func compressedBytesAreBoundedLikeAnyMessage() {
    let half = String(repeating: "x", count: 60)
    #expect(throws: WebSocketMessageParser.Failure.messageTooLarge) {
      try read([frame(.text, half, isFinal: false, isCompressed: true), frame(.continuation, half)])
    }
  }
}
