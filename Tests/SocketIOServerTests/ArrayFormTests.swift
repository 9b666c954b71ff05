import NIOCore
import SocketIO
import SocketIOServer
import Testing

/// Whatever takes a list of rooms or arguments takes it as an array, too, and means the same.
@Suite(.timeLimit(.minutes(2))) struct ArrayFormTests {
  @Test func roomsAndArgumentsMayBeArrays() async throws {
    try await withServer(setUp: { server in
      let namespace = server.of("/")
      namespace.onConnection { socket in
        socket.join(["a", "b", "c"])
        socket.leave(["b", "c", "nowhere"])
      }
      namespace.on("rooms") { $0.acknowledge(.array($0.socket.rooms.sorted().map { .string($0) })) }
      namespace.on("go") { event in
        let socket = event.socket
        namespace.to(["a", "b"]).emit("to", arguments: [1])
        namespace.in(["b"]).emit("nobody")
        namespace.except(["b"]).volatile.emit("except", arguments: [2, 3])
        namespace.to(["a"]).except(["a"]).emit("nobody")
        namespace.to("a").in(["b"]).except(["c"]).emit("chain", arguments: [])
        namespace.emit("all", arguments: ["x"])
        socket.to(["a"]).emit("others")
        socket.in(["a"]).emit("others")
        socket.except(["a"]).emit("nobody")
        socket.local.emit("others")
        namespace.socketsJoin(["d", "e"])
        namespace.to(["d"]).socketsLeave(["e", "a"])
        event.acknowledge()
      }
    }) { _, port in
      let (socket, other) = (try await connect(port), try await connect(port))
      try await socket.send(#"421["rooms"]"#)
      #expect(try await socket.text() == #"431[["a"]]"#)
      try await socket.send(#"422["go"]"#)
      let shared = [#"42["to",1]"#, #"42["except",2,3]"#, #"42["chain"]"#, #"42["all","x"]"#]
      for line in shared + ["432[]"] { #expect(try await socket.text() == line) }
      for line in shared + [String](repeating: #"42["others"]"#, count: 3) { #expect(try await other.text() == line) }
      for one in [socket, other] {
        try await one.send(#"423["rooms"]"#)
        #expect(try await one.text() == #"433[["d"]]"#)
      }
    }
  }

  @Test func flagsOfASocketGoWithWhatComesBehindThem() async throws {
    try await withServer(setUp: { server in
      server.of("/").onConnection { $0.join("all", $0.id) }
      server.of("/").on("go") { event async throws in
        let (socket, other) = (event.socket, event.arguments[0].string ?? "")
        socket.volatile.to("all").emit("to")
        socket.volatile.to(["all"]).emit("to")
        socket.volatile.in("all").emit("in")
        socket.compress(false).in(["all"]).emit("in")
        socket.volatile.except("nowhere").emit("except")
        socket.volatile.except(["all"]).emit("nobody")
        socket.compress(false).volatile.broadcast.emit("broadcast")
        socket.volatile.local.emit("local")
        let isVolatile = socket.volatile.compress(false).to(other)
        isVolatile.emit("both")
        let first = try await socket.volatile.emitWithAck("q", 1, timeout: .seconds(20))
        let second = try await socket.compress(false).emitWithAck("q", arguments: [2], timeout: .seconds(20))
        event.acknowledge(arguments: first + second)
      }
    }) { _, port in
      let socket = try await connect(port)
      let other = try await connect(port)
      try await socket.send(#"4299["go","all"]"#)
      for (number, argument) in [1, 2].enumerated() {
        #expect(try await socket.text() == #"42\#(number)["q",\#(argument)]"#)
        try await socket.send("43\(number)[\(argument * 10)]")
      }
      #expect(try await socket.text() == "4399[10,20]")
      for name in ["to", "to", "in", "in", "except", "broadcast", "local", "both"] {
        #expect(try await other.text() == #"42["\#(name)"]"#)
      }
    }
  }

  @Test func acksMayBeAskedForWithArrays() async throws {
    try await withServer(setUp: { server in
      let namespace = server.of("/")
      namespace.on("go") { event async throws in
        let own = try await event.socket.emitWithAck("q", arguments: [1, 2], timeout: .seconds(20))
        let all = await namespace.emitWithAck("q", arguments: [3], timeout: .seconds(20))
        let some = await namespace.to([event.socket.id]).emitWithAck("q", arguments: [4], timeout: .seconds(20))
        let remote = try #require(try await namespace.fetchSockets().first)
        let far = try await remote.emitWithAck("q", arguments: [5], timeout: .seconds(20))
        remote.emit("q", arguments: [6])
        event.acknowledge(arguments: own + all.replies[0] + some.replies[0] + far)
      }
    }) { _, port in
      let socket = try await connect(port)
      try await socket.send(#"4299["go"]"#)
      for (number, arguments) in ["1,2", "3", "4", "5"].enumerated() {
        #expect(try await socket.text() == #"42\#(number)["q",\#(arguments)]"#)
        try await socket.send("43\(number)[\(number * 10)]")
      }
      #expect(try await socket.text() == #"42["q",6]"#)
      #expect(try await socket.text() == "4399[0,10,20,30]")
    }
  }

  @Test func aRemoteSocketThatDoesntAnswerOrHasLeftIsSaidSo() async throws {
    let outcomes = Mailbox<AckError?>()
    try await withServer(setUp: { server in
      server.of("/").on("go") { event async throws in
        let remote = try #require(try await server.of("/").fetchSockets().first)
        do throws(AckError) {
          _ = try await remote.emitWithAck("silence", timeout: .milliseconds(50))
          outcomes.put(nil)
        } catch {
          outcomes.put(error)
        }
        remote.disconnect()
        do throws(AckError) {
          _ = try await remote.emitWithAck("gone", timeout: .seconds(20))
          outcomes.put(nil)
        } catch {
          outcomes.put(error)
        }
      }
    }) { _, port in
      let socket = try await connect(port)
      try await socket.send(#"42["go"]"#)
      #expect(try await outcomes.next() == .timedOut)
      #expect(try await outcomes.next() == .disconnected)
    }
  }
}
