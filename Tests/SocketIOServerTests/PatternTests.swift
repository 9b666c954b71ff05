import SocketIO
import SocketIOServer
import Testing

@Suite(.timeLimit(.minutes(2))) struct PatternTests {
  private func join(_ name: String, on socket: TestWebSocket, auth: String = "{}") async throws -> Bool {
    try await socket.send("40\(name),\(auth)")
    return try await socket.text().hasPrefix("40\(name),{\"sid\"")
  }

  @Test func aPatternMayWaitForItsAnswer() async throws {
    try await withServer(setUp: { server in
      let tenants = server.of { name, auth async -> Bool in
        await Task.yield()
        return name.hasPrefix("/tenant-") && auth["key"] == "right"
      }
      tenants.on("who") { $0.acknowledge(.string($0.socket.namespace.name)) }
      let rooms = server.of { name, _ in name.hasPrefix("/room-") }
      rooms.on("who") { $0.acknowledge("room") }
    }) { _, port in
      let socket = try await connect(port)
      #expect(try await join("/tenant-1", on: socket, auth: #"{"key":"right"}"#))
      #expect(try await join("/tenant-2", on: socket, auth: #"{"key":"wrong"}"#) == false)
      #expect(try await join("/room-1", on: socket))
      #expect(try await join("/other", on: socket) == false)
      try await socket.send(#"42/tenant-1,1["who"]"#)
      #expect(try await socket.text() == #"43/tenant-1,1["/tenant-1"]"#)
      try await socket.send(#"42/room-1,2["who"]"#)
      #expect(try await socket.text() == #"43/room-1,2["room"]"#)
    }
  }

  /// Who leaves while a pattern is being asked, and who asks again, is connected once or not at all.
  @Test func whoLeavesWhileAPatternIsAskedIsNotConnected() async throws {
    let (asked, gate, joined) = (Mailbox<Int>(), Mailbox<Int>(), Mailbox<String>())
    try await withServer(setUp: { server in
      let pattern = server.of { _, _ async -> Bool in
        asked.put(0)
        _ = try? await gate.next()
        return true
      }
      pattern.onConnection { joined.put($0.handshake.auth["try"]?.string ?? "") }
    }) { server, port in
      let socket = try await TestWebSocket(port: port, path: "/socket.io/?EIO=4&transport=websocket")
      _ = try await socket.text()
      try await socket.send(#"40/x,{"try":"first"}"#)
      _ = try await asked.next()
      try await socket.send("41/x,")
      try await socket.send(#"40/x,{"try":"second"}"#)
      _ = try await asked.next()
      gate.put(0)
      gate.put(0)
      #expect(try await socket.text().hasPrefix("40/x,{"))
      #expect(try await joined.next() == "second")
    }
  }

  @Test func allNamespacesOfAPatternAreToldAtOnceAndNoOther() async throws {
    try await withServer(
      threads: 2,
      setUp: { server in
        let rooms = server.of { name, _ in name.hasPrefix("/room-") }
        _ = server.of("/other")
        rooms.emit("nobody")
        rooms.onConnection { $0.join([$0.namespace.name, "all"]) }
        server.of("/other").on("go") { event async throws in
          rooms.emit("every", 1)
          rooms.emit("every", arguments: [2])
          try rooms.emit("every", encoding: 3)
          rooms.to("/room-1").emit("one")
          rooms.to(["/room-1"]).in("/room-2").volatile.compress(false).emit("both")
          rooms.in(["all"]).except(["/room-2"]).local.emit("one")
          rooms.except("/room-1").emit("two")
          let found = try await rooms.fetchSockets().count + rooms.to("/room-1").fetchSockets().count
          let children = rooms.children.count
          rooms.to("/room-1").socketsJoin("x", "y")
          rooms.socketsLeave("y")
          rooms.to("x").emit("one")
          rooms.in("y").emit("nobody")
          rooms.in("x").disconnectSockets()
          event.acknowledge(.int(Int64(found)), .int(Int64(children)))
        }
      }
    ) { _, port in
      let (one, two, other) = (try await connect(port), try await connect(port), try await connect(port))
      #expect(try await join("/room-1", on: one))
      #expect(try await join("/room-2", on: two))
      #expect(try await join("/other", on: other))
      try await other.send(#"42/other,1["go"]"#)
      for (socket, name, own) in [(one, "/room-1", "one"), (two, "/room-2", "two")] {
        for number in 1...3 { #expect(try await socket.text() == #"42\#(name),["every",\#(number)]"#) }
        if own == "one" { #expect(try await socket.text() == #"42\#(name),["one"]"#) }
        #expect(try await socket.text() == #"42\#(name),["both"]"#)
        #expect(try await socket.text() == #"42\#(name),["\#(own)"]"#)
        if own == "one" {
          #expect(try await socket.text() == #"42\#(name),["one"]"#)
          #expect(try await socket.text() == "41\(name),")
        }
      }
      #expect(try await other.text() == "43/other,1[3,2]")
    }
  }

  @Test(arguments: [true, false]) func anEmptyNamespaceGoesUnlessThatIsTurnedOff(cleansUp: Bool) async throws {
    let left = Mailbox<Namespace>()
    try await withServer(
      configure: { $0.cleanupEmptyChildNamespaces = cleansUp },
      setUp: { server in
        let rooms = server.of { name, _ in name.hasPrefix("/room-") }
        rooms.onDisconnect { socket, _ in left.put(socket.namespace) }
      }
    ) { _, port in
      let socket = try await connect(port)
      #expect(try await join("/room-1", on: socket))
      try await socket.send("41/room-1,")
      let first = try await left.next()
      #expect(try await join("/room-1", on: socket))
      try await socket.send("41/room-1,")
      let second = try await left.next()
      #expect((first === second) != cleansUp)
    }
  }
}
