import EngineIO
import NIOCore
import SocketIO
import Testing

@testable import SocketIOServer

@Suite(.timeLimit(.minutes(2))) struct DeflateTests {
  private static func noise(_ count: Int, seed: UInt64) -> [UInt8] {
    var state = seed
    return (0..<count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return UInt8(truncatingIfNeeded: state >> 33)
    }
  }

  /// Texts, noise and both in turn, around the sizes of what zlib is given and gives at a time.
  private static func samples() -> [[UInt8]] {
    var samples: [[UInt8]] = []
    for size in [1, 2, 100, 16_383, 16_384, 16_385, 70_000] {
      samples.append([UInt8](repeating: 0x61, count: size))
      samples.append(noise(size, seed: UInt64(size)))
      samples.append((0..<size).map { place -> UInt8 in place % 7 == 0 ? UInt8(place % 251) : 0x20 })
    }
    return samples
  }

  @Test(arguments: [9, 12, 15] as [UInt8]) func whatIsDeflatedIsInflatedToTheSame(windowBits: UInt8) throws {
    let deflater = try #require(Deflater(.raw(windowBits: windowBits), level: 6))
    let inflater = try #require(Inflater())
    for sample in Self.samples() {
      let pieces = [ByteBuffer(bytes: sample.prefix(1)), ByteBuffer(bytes: sample.dropFirst())]
      guard let message = deflater.message(pieces) else { continue }
      #expect(message.readableBytes < sample.count)
      #expect(try inflater.message(message, limit: sample.count) == ByteBuffer(bytes: sample))
      #expect(throws: WebSocketMessageParser.Failure.messageTooLarge) {
        try inflater.message(message, limit: sample.count - 1)
      }
    }
    #expect(deflater.message([ByteBuffer(bytes: Self.noise(5_000, seed: 1))]) == nil, "noise doesn't get smaller")
    #expect(deflater.message([ByteBuffer(bytes: [UInt8](repeating: 0, count: 50_000))])?.readableBytes ?? .max < 500)
  }

  @Test func theExamplesOfTheSpecificationAreRead() throws {
    let inflater = try #require(Inflater())
    func read(_ bytes: [UInt8]) throws -> String {
      String(buffer: try inflater.message(ByteBuffer(bytes: bytes), limit: 100))
    }
    #expect(try read([0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]) == "Hello")
    // Without compression, with a last block, and in two blocks.
    #expect(try read([0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00]) == "Hello")
    #expect(try read([0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00]) == "Hello")
    #expect(try read([0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00]) == "Hello")
    #expect(try read([0x00]) == "")
    // Refers to the message before, which isn't kept.
    #expect(throws: WebSocketMessageParser.Failure.invalidCompression) { try read([0xf2, 0x00, 0x11, 0x00, 0x00]) }
  }

  /// A thousandfold: stopped at the bound, and what was read for it bounded with it.
  @Test func aBombStopsAtTheBound() throws {
    let deflater = try #require(Deflater(.raw(windowBits: 15), level: 9))
    let inflater = try #require(Inflater())
    let bomb = try #require(deflater.message([ByteBuffer(repeating: 0, count: 64 << 20)]))
    #expect(bomb.readableBytes < 100_000)
    #expect(throws: WebSocketMessageParser.Failure.messageTooLarge) { try inflater.message(bomb, limit: 1_000_000) }
    // Blocks that hold nothing, and last blocks that hold nothing, one after the other.
    for block in [[0x00, 0x00, 0x00, 0xff, 0xff], [0x03, 0x00]] as [[UInt8]] {
      var blocks = ByteBuffer()
      for _ in 0..<50_000 { blocks.writeBytes(block) }
      if block.count > 2 { blocks.writeInteger(0 as UInt8) }
      #expect(try inflater.message(blocks, limit: 10).readableBytes == 0)
    }
  }

  /// Every cut and many changes of a message: something is read or refused by name, and the next message is untouched.
  @Test func damageIsRefusedAndLeavesNothingBehind() throws {
    let deflater = try #require(Deflater(.raw(windowBits: 15), level: 6))
    let inflater = try #require(Inflater())
    let text = ByteBuffer(string: (0..<200).map { "line \($0 % 17) " }.joined())
    let message = try #require(deflater.message([text]))
    for length in 0..<message.readableBytes {
      var damaged = message
      damaged.setInteger(UInt8(truncatingIfNeeded: length * 37), at: length)
      for bytes in [damaged, try #require(message.getSlice(at: 0, length: length))] {
        do throws(WebSocketMessageParser.Failure) {
          let read = try inflater.message(bytes, limit: 100_000)
          #expect(read.readableBytes <= 100_000)
        } catch {
          #expect(error == .invalidCompression || error == .messageTooLarge)
        }
      }
      #expect(try inflater.message(message, limit: 100_000) == text)
    }
  }

  private func client(_ port: Int, offer: String = "permessage-deflate; client_max_window_bits") async throws
    -> TestWebSocket
  {
    let socket = try await TestWebSocket(
      port: port, path: "/socket.io/?EIO=4&transport=websocket", headers: ["Sec-WebSocket-Extensions": offer],
      allowsCompression: true)
    _ = try await socket.text()
    try await socket.send("40")
    _ = try await socket.text()
    return socket
  }

  private func inflated(_ message: TestWebSocket.Message?) throws -> String {
    guard case .compressed(_, let bytes) = message else {
      throw Unexpected(what: "not compressed: \(String(describing: message))")
    }
    return String(buffer: try #require(Inflater()).message(bytes, limit: 1 << 24))
  }

  private static func enable(_ configuration: inout SocketIOServer.Configuration) {
    configuration.perMessageDeflate = .init()
    configuration.maxPayload = 100_000
  }

  @Test func largeMessagesAreCompressedForWhoAgreedAndBroadcastsOnceForAll() async throws {
    let word = String(repeating: "compress me ", count: 500)
    try await withServer(
      configure: Self.enable, threads: 2,
      setUp: { server in
        server.of("/").on("all") { _ in
          server.of("/").emit("told", .string(word))
          server.of("/").compress(false).emit("plain", .string(word))
        }
        server.of("/").on("one") { event in
          event.socket.emit("told", .string(word))
          event.socket.emit("short", "x")
          event.socket.compress(false).emit("plain", .string(word))
          event.socket.emit("both", .string(word), .binary(ByteBuffer(repeating: 7, count: 5_000)))
        }
      }
    ) { _, port in
      let plain = try await connect(port)
      let sockets = [
        try await client(port), try await client(port),
        try await client(port, offer: "permessage-deflate; server_max_window_bits=10"),
      ]
      try await sockets[0].send(#"42["all"]"#)
      for socket in sockets {
        #expect(try inflated(try await socket.next()) == #"42["told","\#(word)"]"#)
        #expect(try await socket.text() == #"42["plain","\#(word)"]"#)
      }
      #expect(try await plain.text() == #"42["told","\#(word)"]"#)
      #expect(try await plain.text() == #"42["plain","\#(word)"]"#)
      try await sockets[1].send(#"42["one"]"#)
      #expect(try inflated(try await sockets[1].next()) == #"42["told","\#(word)"]"#)
      #expect(try await sockets[1].text() == #"42["short","x"]"#)
      #expect(try await sockets[1].text() == #"42["plain","\#(word)"]"#)
      #expect(try inflated(try await sockets[1].next()).hasPrefix(#"451-["both""#))
      #expect(try inflated(try await sockets[1].next()) == String(repeating: "\u{7}", count: 5_000))
    }
  }

  @Test func compressedMessagesOfClientsAreRead() async throws {
    try await withServer(
      configure: Self.enable,
      setUp: { $0.of("/").on("echo") { $0.acknowledge(.int(Int64($0.arguments[0].string?.utf8.count ?? 0))) } }
    ) { _, port in
      let socket = try await client(port)
      let deflater = try #require(Deflater(.raw(windowBits: 15), level: 6))
      let text = #"421["echo","\#(String(repeating: "ab", count: 20_000))"]"#
      let message = try #require(deflater.message([ByteBuffer(string: text)]))
      let half = message.readableBytes / 2
      var frames = ByteBuffer()
      let (first, second) = (
        try #require(message.getSlice(at: 0, length: half)),
        try #require(message.getSlice(at: half, length: message.readableBytes - half))
      )
      frames.writeMaskedWebSocketFrame(.text, payload: first, key: 1, isFinal: false, isCompressed: true)
      frames.writeMaskedWebSocketFrame(.continuation, payload: second, key: 2)
      try await socket.connection.send(frames)
      #expect(try await socket.text() == "431[40000]")
      try await socket.send(#"422["echo","plain"]"#)
      #expect(try await socket.text() == "432[5]")
    }
  }

  enum Attack: CaseIterable { case bomb, garbage, notUTF8, notAgreed }

  @Test(arguments: Attack.allCases) func hostileMessagesEndTheirSessionOnly(attack: Attack) async throws {
    try await withServer(configure: Self.enable, setUp: { $0.of("/").on("hi") { $0.acknowledge() } }) { _, port in
      let bystander = try await client(port)
      let deflater = try #require(Deflater(.raw(windowBits: 15), level: 9))
      let payload =
        switch attack {
        case .bomb: try #require(deflater.message([ByteBuffer(repeating: 0x34, count: 20 << 20)]))
        case .garbage: ByteBuffer(repeating: 0xff, count: 500)
        case .notUTF8, .notAgreed: try #require(deflater.message([ByteBuffer(repeating: 0xff, count: 500)]))
        }
      let socket = attack == .notAgreed ? try await connect(port) : try await client(port)
      var frame = ByteBuffer()
      frame.writeMaskedWebSocketFrame(.text, payload: payload, key: 3, isCompressed: true)
      try await socket.connection.send(frame)
      let code = try await socket.closeCode().0
      #expect(code == (attack == .bomb ? 1009 : attack == .notAgreed ? 1002 : 1007))
      try await bystander.send(#"421["hi"]"#)
      #expect(try await bystander.text() == "431[]")
    }
  }

  @Test func nothingIsAgreedToUnlessItIsTurnedOn() async throws {
    try await withServer { _, port in
      let http = try await TestHTTP(port: port)
      let answer = try await http.request(
        "GET", "/socket.io/?EIO=4&transport=websocket",
        headers: [
          "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
          "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Extensions": "permessage-deflate",
        ])
      #expect(answer.status == 101)
      #expect(answer.headers["sec-websocket-extensions"] == nil)
    }
  }

  @Test(
    arguments: [
      (nil, nil), ("", nil), ("identity", nil), ("br", nil), ("gzip", .gzip), ("deflate", .deflate), ("*", .gzip),
      ("gzip, deflate, br", .gzip), ("gzip;q=0.1, deflate", .deflate), ("gzip;q=0, deflate;q=0", nil),
      ("gzip; q=0", nil),
      ("*;q=0", nil), ("GZIP", .gzip), ("deflate ; q=0.5 , x-gzip;q=0.7", .gzip), (";;q=,,q", nil),
    ] as [(String?, PollingCompression?)])
  func anEncodingIsChosenByWhatTheClientTakes(header: String?, encoding: PollingCompression?) {
    #expect(PollingCompression(acceptEncoding: header) == encoding)
  }
}
