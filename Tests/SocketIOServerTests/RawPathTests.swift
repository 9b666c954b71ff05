import EngineIO
import NIOCore
import SocketIO
import SocketIOServer
import Testing

@Suite(.timeLimit(.minutes(2))) struct RawPathTests {
  static let shared = ByteBuffer(repeating: 0xab, count: 24_000)

  static func event() -> RawEvent {
    RawEvent(
      json: .init(
        head: ByteBuffer(string: #"["audio_chunk",{"data":{"_placeholder":true,"num":0},"x":""#),
        shared: ByteBuffer(string: "shared text"), tail: ByteBuffer(string: #"","seq":1}]"#)),
      attachment: .init(head: ByteBuffer(bytes: [1, 2]), shared: shared, tail: ByteBuffer(bytes: [3])))
  }

  static let text = #"451-["audio_chunk",{"data":{"_placeholder":true,"num":0},"x":"shared text","seq":1}]"#
  static let bytes = [1, 2] + [UInt8](repeating: 0xab, count: 24_000) + [3]

  @Test(arguments: ["/", "/music"])
  func partsArriveBackToBackAsOneEvent(namespace: String) async throws {
    try await withServer(setUp: { server in
      server.of(namespace).on("go") { event in
        let sent = (0..<3).map { _ in event.socket.emit(raw: Self.event(), flush: false) }
        event.socket.flush()
        #expect(sent == [true, true, true])
        #expect(event.socket.emit(raw: RawEvent(json: .init(head: ByteBuffer(string: #"["plain"]"#)))))
      }
    }) { _, port in
      let socket = try await connect(port, namespace)
      let prefix = namespace == "/" ? "" : namespace + ","
      try await socket.send("42\(prefix)[\"go\"]")
      for _ in 0..<3 {
        #expect(try await socket.text() == Self.text.replacing("451-", with: "451-" + prefix))
        #expect(try await socket.binary() == Self.bytes)
      }
      #expect(try await socket.text() == "42\(prefix)[\"plain\"]")
    }
  }

  @Test func overPollingTheSameEventIsBase64() async throws {
    try await withServer(setUp: { server in
      server.of("/").onConnection { $0.emit(raw: Self.event()) }
    }) { _, port in
      let http = try await TestHTTP(port: port)
      let open = try await http.get("/socket.io/?EIO=4&transport=polling")
      let path = "/socket.io/?EIO=4&transport=polling&sid=" + (try sid(of: open.body))
      _ = try await http.post(path, "40")
      let packets = try PollingPayload.decode(ByteBuffer(string: try await http.get(path).body))
      #expect(packets.count == 3)
      #expect("4" + String(buffer: packets[1].payload) == Self.text)
      #expect(packets[2] == EnginePacket(binary: ByteBuffer(bytes: Self.bytes)))
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func aClientThatNeverReadsIsClosedWithABoundedBufferAndOthersFeelNothing() async throws {
    let ended = Mailbox<String>()
    let largest = Mailbox<Int>()
    let limit = 1 << 20
    try await withServer(
      configure: { $0.maxWriteBufferBytes = limit },
      setUp: { server in
        server.of("/").on("flood") { event in
          let socket = event.socket
          var most = 0
          // The kernel takes some megabytes before the channel stops being writable.
          for _ in 0..<20_000 where socket.emit(raw: Self.event(), flush: true) {
            most = max(most, socket.bufferedBytes)
          }
          largest.put(most)
        }
        server.of("/").onDisconnect { _, reason in ended.put(reason.description) }
        server.of("/").on("hi") { $0.acknowledge("hi") }
      }
    ) { server, port in
      let reader = try await connect(port)
      let deaf = try await TestConnection(port: port, reads: false)
      try await deaf.send(
        "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
          + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
      var frames = ByteBuffer()
      for text in ["40", #"42["flood"]"#] {
        frames.writeMaskedWebSocketFrame(.text, payload: ByteBuffer(string: text), key: 5)
      }
      try await deaf.send(frames)
      #expect(try await ended.next() == "write buffer limit exceeded")
      let most = try await largest.next()
      #expect(most > limit / 2 && most <= limit)
      try await reader.send(#"421["hi"]"#)
      #expect(try await reader.text() == #"431["hi"]"#)
      #expect(server.counters().sessions == 1)
      await deaf.close()
    }
  }

  @Test func aPollerThatStopsPollingIsClosedWithABoundedQueue() async throws {
    let ended = Mailbox<String>()
    let writable = Mailbox<Bool>()
    try await withServer(
      configure: { $0.maxWriteBufferBytes = 200_000 },
      setUp: { server in
        server.of("/").onConnection { $0.onWritabilityChange { writable.put($0) } }
        server.of("/").on("fill") { event in
          while event.socket.isWritable { event.socket.emit(raw: Self.event()) }
          event.socket.volatile.emit("dropped")
        }
        server.of("/").on("overfill") { event in while event.socket.emit(raw: Self.event()) {} }
        server.of("/").onDisconnect { _, reason in ended.put(reason.description) }
      }
    ) { _, port in
      let http = try await TestHTTP(port: port)
      let open = try await http.get("/socket.io/?EIO=4&transport=polling")
      let path = "/socket.io/?EIO=4&transport=polling&sid=" + (try sid(of: open.body))
      _ = try await http.post(path, "40")
      _ = try await http.get(path)
      _ = try await http.post(path, #"42["fill"]"#)
      #expect(try await writable.next() == false)
      let body = try await http.get(path).body
      #expect(try await writable.next() == true)
      #expect(!body.contains("dropped"))
      _ = try await http.post(path, #"42["overfill"]"#)
      #expect(try await ended.next() == "write buffer limit exceeded")
      #expect(try await http.get(path).status == 400)
    }
  }
}
