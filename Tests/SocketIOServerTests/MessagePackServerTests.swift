import EngineIO
import NIOCore
import SocketIO
import SocketIOServer
import Testing

/// A server whose packets are MessagePack; the clients here speak its bytes.
@Suite(.timeLimit(.minutes(2))) struct MessagePackServerTests {
  private func send(_ packet: SocketPacket, to socket: TestWebSocket) async throws {
    try await socket.send(.binary, packet.encode(.messagePack).text)
  }

  private func packet(from socket: TestWebSocket) async throws -> SocketPacket? {
    var decoder = SocketPacketDecoder(codec: .messagePack)
    return try decoder.decode(binary: ByteBuffer(bytes: try await socket.binary()))
  }

  private func connected(_ port: Int) async throws -> TestWebSocket {
    let socket = try await TestWebSocket(port: port, path: "/socket.io/?EIO=4&transport=websocket")
    #expect(try await socket.text().hasPrefix("0{"))
    try await send(SocketPacket(.connect, data: ["name": "Ada"]), to: socket)
    #expect(try await packet(from: socket)?.data?["sid"]?.string?.count == 20)
    return socket
  }

  @Test func everythingGoesThroughOneBinaryMessage() async throws {
    try await withServer(
      configure: { $0.codec = .messagePack },
      setUp: { server in
        let namespace = server.of("/")
        namespace.on("echo") { $0.acknowledge(arguments: $0.arguments) }
        namespace.on("tell") { namespace.emit("told", arguments: $0.arguments) }
        namespace.on("raw") { event in
          let json = RawEvent.Parts(head: ByteBuffer(string: #"["raw",{"_placeholder":true,"num":0}]"#))
          event.socket.emit(raw: RawEvent(json: json, attachment: .init(head: ByteBuffer(bytes: [1, 2]))))
          event.socket.emit(raw: RawEvent(json: .init(head: ByteBuffer(string: #"{"no":"event"}"#))))
          event.socket.emit(raw: RawEvent(json: .init(head: ByteBuffer(string: #"["text"]"#))))
        }
      }
    ) { _, port in
      let socket = try await connected(port)
      let arguments: [SocketValue] = [1, "é", ["bytes": .binary(ByteBuffer(bytes: [9]))], nil, 1.5]
      try await send(.event("echo", arguments, id: 4), to: socket)
      #expect(try await packet(from: socket) == SocketPacket(.ack, id: 4, data: .array(arguments)))
      try await send(.event("tell", arguments), to: socket)
      #expect(try await packet(from: socket) == .event("told", arguments))
      try await send(.event("raw", []), to: socket)
      #expect(try await packet(from: socket) == .event("raw", [.binary(ByteBuffer(bytes: [1, 2]))]))
      #expect(try await packet(from: socket) == .event("text", []))
      try await send(SocketPacket(.connect, namespace: "/nowhere"), to: socket)
      #expect(
        try await packet(from: socket)
          == SocketPacket(.connectError, namespace: "/nowhere", data: ["message": "Invalid namespace"]))
    }
  }

  @Test func itGoesOverPollingToo() async throws {
    try await withServer(configure: { $0.codec = .messagePack }) { _, port in
      let http = try await TestHTTP(port: port)
      let path = "/socket.io/?EIO=4&transport=polling&sid="
      let session = path + (try sid(of: try await http.get("/socket.io/?EIO=4&transport=polling").body))
      var body = ByteBuffer()
      PollingPayload.append(EnginePacket(binary: SocketPacket(.connect).encode(.messagePack).text), to: &body)
      #expect(try await http.post(session, String(buffer: body)).body == "ok")
      let answer = try PollingPayload.decode(ByteBuffer(string: try await http.get(session).body))
      var decoder = SocketPacketDecoder(codec: .messagePack)
      #expect(try decoder.decode(binary: try #require(answer.first).payload)?.kind == .connect)
    }
  }

  @Test(
    arguments: [
      [0xc1], [0xdd, 0xff, 0xff, 0xff, 0xff], [UInt8](repeating: 0x91, count: 60_000), [0x80],
    ] as [[UInt8]])
  func whatIsMalformedEndsThatSession(bytes: [UInt8]) async throws {
    try await withServer(configure: { $0.codec = .messagePack }) { server, port in
      let bystander = try await connected(port)
      let socket = try await connected(port)
      try await socket.send(binary: bytes)
      #expect(try await socket.closeCode().0 == 1007)
      try await bystander.send("4text")
      #expect(try await bystander.closeCode().0 == 1007)
    }
  }

  @Test func boundsOfPacketsCanBeSet() async throws {
    for codec in SocketCodec.allCases {
      try await withServer(
        configure: {
          $0.codec = codec
          $0.maxDepth = 3
        }, setUp: { $0.of("/").on("echo") { $0.acknowledge() } }
      ) { _, port in
        let socket = try await TestWebSocket(port: port, path: "/socket.io/?EIO=4&transport=websocket")
        _ = try await socket.text()
        func say(_ packet: SocketPacket) async throws {
          let message = packet.encode(codec).message
          if message.isBinary {
            try await socket.send(.binary, message.payload)
          } else {
            try await socket.send("4" + String(buffer: message.payload))
          }
        }
        try await say(SocketPacket(.connect))
        _ = try await socket.next()
        // MessagePack's own map counts as one.
        try await say(.event("echo", codec == .json ? [[[1]]] : [[1]], id: 0))
        _ = try await socket.next()
        try await say(.event("echo", [[[[1]]]], id: 1))
        #expect(try await socket.closeCode().0 == 1007)
      }
    }
  }
}
