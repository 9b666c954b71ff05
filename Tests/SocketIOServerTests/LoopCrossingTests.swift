import Dispatch
import EngineIO
import NIOCore
import SocketIO
import Synchronization
import Testing

@testable import SocketIOServer

/// Sessions that were opened by polling and live on another event loop than the WebSocket that they were upgraded to.
@Suite(.timeLimit(.minutes(2))) struct LoopCrossingTests {
  private static let polling = "/socket.io/?EIO=4&transport=polling"

  /// A client in `/` whose WebSocket is, or isn't, on another loop than its session.
  private func upgraded(
    _ server: SocketIOServer, _ port: Int, crosses: Bool = true
  ) async throws -> (socket: TestWebSocket, session: EngineSocket) {
    for _ in 0..<40 {
      let http = try await TestHTTP(port: port)
      let sid = try sid(of: try await http.get(Self.polling).body)
      let path = Self.polling + "&sid=" + sid
      #expect(try await http.post(path, "40").body == "ok")
      #expect(try await http.get(path).body.hasPrefix("40{"))
      let socket = try await TestWebSocket(
        port: port, path: path.replacing("transport=polling", with: "transport=websocket"), over: crosses ? nil : http)
      try await socket.send("2probe")
      #expect(try await socket.text() == "3probe")
      try await socket.send("5")
      try await socket.send(#"429["here"]"#)
      #expect(try await socket.text() == "439[]")
      let session = try #require(server.engine.session(sid))
      let isAcross = try await session.eventLoop.submit {
        session.webSocket.map { $0.channelLoop !== session.eventLoop } ?? false
      }.get()
      if isAcross == crosses { return (socket, session) }
      await socket.close()
    }
    throw Unexpected(what: "all connections are on one loop")
  }

  /// A client whose session and WebSocket are on that loop.
  private func neighbour(_ server: SocketIOServer, _ port: Int, of session: EngineSocket) async throws -> TestWebSocket
  {
    for _ in 0..<40 {
      let socket = try await TestWebSocket(port: port, path: "/socket.io/?EIO=4&transport=websocket")
      let sid = try sid(of: try await socket.text())
      if server.engine.session(sid)?.eventLoop === session.eventLoop {
        try await socket.send("40")
        #expect(try await socket.text().hasPrefix("40{"))
        return socket
      }
      await socket.close()
    }
    throw Unexpected(what: "all connections are on the other loop")
  }

  private static func frames(_ count: Int, _ packet: String) -> ByteBuffer {
    var frame = ByteBuffer()
    frame.writeMaskedWebSocketFrame(.text, payload: ByteBuffer(string: packet), key: 0x0102_0304)
    var bytes = ByteBufferAllocator().buffer(capacity: count * frame.readableBytes)
    for _ in 0..<count { bytes.writeImmutableBuffer(frame) }
    return bytes
  }

  /// What one loop reads in a moment takes another much longer to work off: the other must have time for everybody else.
  @Test func neighboursOfTheSessionAreAnsweredWhileOneWritesWithoutEnd() async throws {
    let handled = Atomic(0)
    let began = Mailbox<Void>()
    let count = 300
    try await withServer(
      threads: 2,
      setUp: { server in
        server.of("/").onConnection { socket in
          socket.on("here") { $0.acknowledge() }
          socket.on("flood") { _ in
            if handled.wrappingAdd(1, ordering: .relaxed).oldValue == 0 { began.put(()) }
          }
          socket.on("how many") { $0.acknowledge(.int(Int64(handled.load(ordering: .relaxed)))) }
        }
      }
    ) { server, port in
      let (flood, session) = try await upgraded(server, port)
      let other = try await neighbour(server, port, of: session)
      let heavy = repeatElement("0", count: 800).joined(separator: ",")
      let bytes = Self.frames(count, #"42["flood",\#(heavy)]"#)
      async let written: Void = flood.connection.send(bytes)
      try await began.next()
      try await other.send(#"421["how many"]"#)
      let answer = try await other.text()
      let seen = try #require(Int(answer.drop { $0 != "[" }.dropFirst().prefix(while: \.isNumber)))
      #expect(seen < count, "all of the flood came first")
      try await written
      try await flood.send(#"422["how many"]"#)
      #expect(try await flood.text() == "432[\(count)]", "something was lost")
    }
  }

  /// As long as the session's loop does something else, no more is read for it than it will be given at once.
  @Test func noMoreIsReadThanTheSessionTakes() async throws {
    let entered = Mailbox<Void>()
    let gate = DispatchSemaphore(value: 0)
    try await withServer(
      threads: 2,
      setUp: { server in
        server.of("/").onConnection { socket in
          socket.on("here") { $0.acknowledge() }
          socket.on("stop") { _ in
            entered.put(())
            gate.wait()
          }
        }
      }
    ) { server, port in
      let (flood, session) = try await upgraded(server, port)
      let handler = try #require(try await session.eventLoop.submit { session.webSocket }.get())
      try await flood.send(#"42["stop"]"#)
      try await entered.next()
      let bytes = Self.frames(5_000, "4398[1]")
      async let written: Void = flood.connection.send(bytes)
      let kept: @Sendable () -> (Bool, Int) = {
        (handler.isHeld, (handler.bytesUnderWay ?? 0) + handler.parser.bufferedBytes)
      }
      try await within {
        while try await !handler.channelLoop.submit(kept).get().0 { try await Task.sleep(for: .milliseconds(2)) }
      }
      // Each time around its loop it could read.
      for _ in 0..<50 {
        let (isHeld, bytes) = try await handler.channelLoop.submit(kept).get()
        #expect(isHeld && bytes <= 2 * ServerLimits.maxReceiveBufferBytes)
      }
      gate.signal()
      try await written
      try await flood.send(#"421["here"]"#)
      #expect(try await flood.text() == "431[]")
      #expect(server.counters().messagesIn > 5_000)
    }
  }

  /// Who waits for what is on its way to the other loop hears when it has left, though the channel was writable all along.
  @Test func whoWaitsForTheOtherLoopHearsOfIt() async throws {
    let gate = DispatchSemaphore(value: 0)
    let changes = Mailbox<Bool>()
    let before = Mailbox<Bool>()
    try await withServer(
      threads: 2,
      setUp: { server in
        server.of("/").onConnection { socket in
          socket.on("here") { $0.acknowledge() }
          socket.onWritabilityChange { changes.put($0 && socket.isWritable) }
          socket.on("burst") { _ in
            socket.client.engine.webSocket?.channelLoop.execute { gate.wait() }
            for _ in 0..<5 { socket.emit("x", .string(String(repeating: "y", count: 16 << 10))) }
            before.put(socket.isWritable)
            gate.signal()
          }
        }
      }
    ) { server, port in
      let (socket, session) = try await upgraded(server, port)
      try await socket.send(#"42["burst"]"#)
      #expect(try await !before.next())
      while try await !changes.next() {}
      #expect(try await session.eventLoop.submit { session.isWritable }.get())
    }
  }

  /// Held at random, in pieces that end anywhere: everything comes, in order.
  @Test(arguments: [0, 1, 2]) func nothingIsLostOnTheWay(seed: Int) async throws {
    try await withServer(
      threads: 2,
      setUp: { server in
        server.of("/").onConnection { socket in
          socket.on("here") { $0.acknowledge() }
          socket.on("n") { event in
            let number = Int(event.arguments[0].int ?? -1)
            if (number * 7 + seed) % 31 == 0 { socket.pauseReading(for: .milliseconds(Int64(1 + number % 4))) }
            event.acknowledge(.int(Int64(number)))
          }
        }
      }
    ) { server, port in
      let (socket, _) = try await upgraded(server, port)
      var bytes = ByteBuffer()
      for number in 0..<600 {
        bytes.writeImmutableBuffer(Self.frames(1, #"42\#(number)["n",\#(number)]"#))
      }
      while let piece = bytes.readSlice(length: min(bytes.readableBytes, 97 + seed * 1_000)), piece.readableBytes > 0 {
        try await socket.connection.send(piece)
      }
      for number in 0..<600 { #expect(try await socket.text() == "43\(number)[\(number)]") }
    }
  }

  /// Many packets and the connection's end right behind them, with and without a word: all are heard, then the end.
  @Test(arguments: [(true, true), (true, false), (false, true), (false, false)])
  func whatWasSaidBeforeLeavingIsHeard(crosses: Bool, saysClose: Bool) async throws {
    let heard = Atomic(0)
    let left = Mailbox<Int>()
    try await withServer(
      threads: 2,
      setUp: { server in
        server.of("/").onConnection { socket in
          socket.on("here") { $0.acknowledge() }
          socket.on("x") { _ in heard.wrappingAdd(1, ordering: .relaxed) }
          socket.onDisconnect { _ in left.put(heard.load(ordering: .relaxed)) }
        }
      }
    ) { server, port in
      let (socket, _) = try await upgraded(server, port, crosses: crosses)
      var bytes = Self.frames(1_000, #"42["x"]"#)
      if saysClose { bytes.writeMaskedWebSocketFrame(.close, payload: ByteBuffer(bytes: [0x03, 0xe8]), key: 1) }
      try await socket.connection.send(bytes)
      await socket.close()
      // Others may have been tried before.
      while try await left.next() < 1_000 {}
      try await eventually { server.counters().sessions == 0 }
      #expect(server.counters().assemblyBytes == 0)
    }
  }

  /// What is wrong behind good packets ends the session behind them.
  @Test(arguments: ["no packet", "no frame"]) func whatComesBeforeAnErrorIsHandled(kind: String) async throws {
    let heard = Atomic(0)
    let left = Mailbox<DisconnectReason>()
    try await withServer(
      threads: 2,
      setUp: { server in
        server.of("/").onConnection { socket in
          socket.on("here") { $0.acknowledge() }
          socket.on("x") { _ in
            heard.wrappingAdd(1, ordering: .relaxed)
            socket.onDisconnect { left.put($0) }
          }
        }
      }
    ) { server, port in
      let (socket, _) = try await upgraded(server, port)
      var bytes = Self.frames(300, #"42["x"]"#)
      if kind == "no packet" {
        bytes.writeImmutableBuffer(Self.frames(1, "nothing"))
      } else {
        bytes.writeBytes([0xff, 0])
      }
      try await socket.connection.send(bytes)
      let reason = try await left.next()
      #expect(reason == .connection(kind == "no packet" ? .parseError : .transportError))
      #expect(heard.load(ordering: .relaxed) == 300)
    }
  }
}
