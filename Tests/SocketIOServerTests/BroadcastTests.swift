import EngineIO
import NIOCore
import SocketIO
import SocketIOServer
import Testing

@Suite(.timeLimit(.minutes(2))) struct BroadcastTests {
  @Test(arguments: [1, 2])
  func roomsGetWhatIsForThemOnce(threads: Int) async throws {
    try await withServer(
      threads: threads,
      setUp: { server in
        server.of("/").on("join") { event in
          event.arguments.compactMap(\.string).forEach { event.socket.join($0) }
          event.acknowledge()
        }
        server.of("/").on("leave") { event in
          event.socket.leave(event.arguments[0].string ?? "")
          event.acknowledge()
        }
        server.of("/").on("tell") { event in
          event.socket.to("a").to("b").except("quiet").emit("told", event.arguments[0])
        }
        server.of("/").on("all") { event in
          event.socket.broadcast.emit("everyone", .binary(ByteBuffer(repeating: 1, count: 5_000)))
        }
      }
    ) { server, port in
      let sockets = [
        try await connect(port), try await connect(port), try await connect(port), try await connect(port),
      ]
      let rooms = [#""a","b""#, #""b""#, #""a","quiet""#, #""c""#]
      for (socket, names) in zip(sockets, rooms) {
        try await socket.send("420[\"join\",\(names)]")
        #expect(try await socket.text() == "430[]")
      }
      try await sockets[3].send(#"42["tell",1]"#)
      #expect(try await sockets[0].text() == #"42["told",1]"#)
      #expect(try await sockets[1].text() == #"42["told",1]"#)
      // The sender is left out, and whoever left gets no more.
      try await sockets[0].send(#"42["tell",2]"#)
      #expect(try await sockets[1].text() == #"42["told",2]"#)
      try await sockets[1].send(#"421["leave","b"]"#)
      #expect(try await sockets[1].text() == "431[]")
      server.of("/").to("b").emit("end", 3)
      #expect(try await sockets[0].text() == #"42["end",3]"#)
      try await sockets[0].send(#"42["all"]"#)
      for socket in sockets[1...] {
        #expect(try await socket.text() == #"451-["everyone",{"_placeholder":true,"num":0}]"#)
        #expect(try await socket.binary().count == 5_000)
      }
    }
  }

  @Test(arguments: [1, 2])
  func aBroadcastGathersAcks(threads: Int) async throws {
    try await withServer(threads: threads, setUp: { _ = $0.of("/") }) { server, port in
      let sockets = [try await connect(port), try await connect(port), try await connect(port)]
      async let all = server.of("/").emitWithAck("how many", timeout: .seconds(10))
      for (number, socket) in sockets.enumerated() {
        #expect(try await socket.text() == #"420["how many"]"#)
        try await socket.send("430[\(number)]")
      }
      let answers = await all
      #expect(answers.missing == 0)
      #expect(Set(answers.replies.compactMap { $0.first?.int }) == [0, 1, 2])

      // One answers, one leaves, one is silent.
      async let some = server.of("/").emitWithAck("again", timeout: .seconds(10))
      for socket in sockets { #expect(try await socket.text() == #"421["again"]"#) }
      try await sockets[0].send(#"431["here"]"#)
      await sockets[1].close()
      #expect(await some == BroadcastReplies(replies: [["here"]], missing: 2))
      #expect(await server.of("/").to("nobody").emitWithAck("x", timeout: .seconds(10)) == BroadcastReplies())
    }
  }

  @Test func aSocketIsInTheRoomOfItsID() async throws {
    let ids = Mailbox<String>()
    try await withServer(setUp: { $0.of("/").onConnection { ids.put($0.id) } }) { server, port in
      let first = try await connect(port)
      let id = try await ids.next()
      let second = try await connect(port)
      server.of("/").to(id).emit("you")
      server.of("/").except(id).emit("not you")
      #expect(try await first.text() == #"42["you"]"#)
      #expect(try await second.text() == #"42["not you"]"#)
    }
  }

  @Test func aNamespaceMovesAndThrowsOutItsSockets() async throws {
    try await withServer(
      threads: 2,
      setUp: { server in
        server.of("/").onConnection { socket in socket.join("lobby") }
      }
    ) { server, port in
      let namespace = server.of("/")
      let sockets = [try await connect(port), try await connect(port), try await connect(port)]
      #expect(try await namespace.fetchSockets().count == 3)
      namespace.to("lobby").socketsJoin("game")
      #expect(try await namespace.to("game").fetchSockets().count == 3)
      namespace.to("game").socketsLeave("lobby")
      #expect(try await namespace.to("lobby").fetchSockets().isEmpty)
      namespace.to("game").disconnectSockets(close: true)
      for socket in sockets {
        #expect(try await socket.text() == "41")
        #expect(try await socket.closeCode().0 == 1000)
      }
      #expect(try await namespace.fetchSockets().isEmpty)
    }
  }

  @Test func namespacesByPatternShareTheirParentsSetupAndVanishWhenEmpty() async throws {
    let left = Mailbox<String>()
    try await withServer(setUp: { server in
      let parent = server.of(matching: { name, auth in name.hasPrefix("/room-") && auth["key"] == "k" })
      parent.onConnection { socket in socket.emit("welcome", .string(socket.namespace.name)) }
      parent.onDisconnect { socket, _ in left.put(socket.namespace.name) }
    }) { _, port in
      let socket = try await connect(port, "/room-1", auth: #"{"key":"k"}"#)
      #expect(try await socket.text() == #"42/room-1,["welcome","/room-1"]"#)
      try await socket.send(#"40/room-2,{"key":"no"}"#)
      #expect(try await socket.text() == #"44/room-2,{"message":"Invalid namespace"}"#)
      try await socket.send("41/room-1,")
      #expect(try await left.next() == "/room-1")
    }
  }

  @Test func reservedNamesAreNotEmitted() async throws {
    try await withServer(setUp: { server in
      server.of("/").onConnection { socket in
        socket.emit("disconnect", 1)
        socket.emit("fine")
      }
    }) { _, port in
      let socket = try await connect(port)
      #expect(try await socket.text() == #"42["fine"]"#)
    }
  }
}
