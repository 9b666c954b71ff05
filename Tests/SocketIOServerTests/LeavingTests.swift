import EngineIO
import NIOCore
import NIOEmbedded
import SocketIO
import Testing

@testable import SocketIOServer

/// Who has left all that he had joined.
@Suite(.timeLimit(.minutes(2))) struct LeavingTests {
  private static let polling = "/socket.io/?EIO=4&transport=polling"

  /// Who has left what he had joined makes room as whoever comes, over either transport and by whoever's will.
  @Test(arguments: ["client", "server", "polling"])
  func whoHasLeftIsAGuestAgain(kind: String) async throws {
    try await withServer(
      configure: { $0.maxSessions = 4 },
      setUp: { server in
        server.of("/").onConnection { socket in socket.on("out") { _ in socket.disconnect() } }
        server.of("/other").onConnection { _ in }
      }
    ) { server, port in
      let inside = try await connect(port)
      for round in 0..<12 {
        if kind == "polling" {
          let http = try await TestHTTP(port: port)
          let path = Self.polling + "&sid=" + (try sid(of: try await http.get(Self.polling).body))
          #expect(try await http.post(path, "40").body == "ok")
          #expect(try await http.get(path).body.hasPrefix("40{"))
          #expect(try await http.post(path, "41").body == "ok")
        } else {
          let leaver = try await connect(port)
          try await leaver.send(kind == "client" ? "41" : #"42["out"]"#)
          if kind == "server" { #expect(try await leaver.text() == "41") }
        }
        try await eventually { server.counters().guests >= min(round + 1, 3) }
      }
      // And back: a client changes namespaces over one connection.
      let changer = try await connect(port)
      for name in ["/other,", "", "/other,"] {
        try await changer.send(name == "" ? "41/other," : "41")
        try await changer.send("40" + name)
        #expect(try await changer.text().hasPrefix("40\(name){"))
      }
      #expect(server.counters().guests == 2 && server.counters().sessions == 4)
      try await inside.send("40")
      #expect(try await inside.text().hasPrefix("40{"))
      try await changer.send("41/other,")
      try await eventually { server.counters().guests >= 3 }
    }
  }

  /// The time that a newcomer has: if it joins again within it, nothing happens.
  @Test(arguments: [true, false]) func whoHasLeftHasSoMuchTimeToJoinAgain(joins: Bool) throws {
    let loop = EmbeddedEventLoop()
    defer { try? loop.syncShutdownGracefully() }
    let registry = NamespaceRegistry(logger: quietLogger, recovery: nil) { InProcessAdapter(local: $1) }
    registry.namespace("/").onConnection { _ in }
    let configuration = SocketIOServer.Configuration()
    let timeout = TimeAmount(configuration.connectTimeout)
    let server = EngineServer(configuration: configuration.engine, logger: quietLogger, hasGuests: true) { _ in }
    let handshake = Handshake(headers: [], target: RequestTarget(uri: "/"), remoteAddress: "", transport: .polling)
    let session = try server.open(handshake: handshake, on: loop)
    Client(engine: session, namespaces: registry, configuration: configuration).start()
    func send(_ packet: String) { session.received(EnginePacket(.message, packet)) }
    for _ in 0..<3 {
      send("0")
      #expect(!session.isGuest)
      // As long as it likes.
      loop.advanceTime(by: timeout + timeout)
      send("1")
      #expect(session.isGuest && server.counters().guests == 1)
      loop.advanceTime(by: timeout - .seconds(1))
    }
    #expect(!session.isClosed)
    if joins { send("0") }
    loop.advanceTime(by: .seconds(2))
    #expect(session.isClosed == !joins)
    session.close()
    loop.advanceTime(by: .seconds(100))
    #expect(server.counters().sessions == 0 && server.counters().guests == 0)
  }

  /// Whoever still has a namespace, or is asking for one, has left nothing.
  @Test func whoHasANamespaceLeftIsNoGuest() async throws {
    let (asked, mayAnswer) = (Mailbox<Bool>(), Mailbox<Bool>())
    try await withServer(setUp: { server in
      server.of("/").onConnection { _ in }
      server.of("/slow").use { _ in
        asked.put(true)
        _ = try await mayAnswer.next()
        throw ConnectError("no")
      }
    }) { server, port in
      let socket = try await connect(port)
      try await socket.send("40/slow,")
      _ = try await asked.next()
      try await socket.send("41")
      try await socket.send("40/nowhere,")
      #expect(try await socket.text().hasPrefix("44/nowhere,"))
      #expect(server.counters().guests == 0)
      mayAnswer.put(true)
      #expect(try await socket.text().hasPrefix("44/slow,"))
      try await eventually { server.counters().guests > 0 }
    }
  }

  /// What it sends is as little as before, beside what it may have sent before it knew.
  @Test func packetsOfOneWhoHasLeftAreCounted() async throws {
    try await withServer(setUp: { $0.of("/").onConnection { _ in } }) { server, port in
      let leaver = try await connect(port)
      try await leaver.send("41")
      var frames = ByteBuffer()
      for _ in 0..<1_400 {
        frames.writeMaskedWebSocketFrame(.text, payload: ByteBuffer(string: "40/nowhere,"), key: 1)
      }
      // Also to one who closes while it is written.
      try? await leaver.connection.send(frames)
      // Not by its heartbeat, which would end it in the end.
      #expect(try await leaver.closeCode().0 == 1013)
      try await eventually { server.counters().sessions == 0 }
    }
  }
}
