import EngineIO
import NIOCore
import SocketIO
import SocketIOServer
import Synchronization
import Testing

/// What a program that shares the server out among its users hears of what they send.
@Suite(.timeLimit(.minutes(2))) struct ConnectionOwnerTests {
  private static let polling = "/socket.io/?EIO=4&transport=polling"

  /// Everything that is read is measured, whatever it is: also what comes to nothing, or is none of the namespace's.
  @Test(arguments: ["3", "6", "4399[1,2]", "40/nowhere,", #"42["x"]"#, "ping", "part", "polling"])
  func everythingIsMeasured(packet: String) async throws {
    let measured = Atomic(0)
    let heard = Mailbox<Void>()
    try await withServer(setUp: { server in
      server.of("/").onConnection { socket in
        socket.setOwner(
          ConnectionOwner(id: "anna") { work in
            measured.wrappingAdd(1, ordering: .relaxed)
            work()
            return nil
          })
        socket.on("last") { _ in heard.put(()) }
      }
    }) { _, port in
      if packet == "polling" {
        let http = try await TestHTTP(port: port)
        let path = Self.polling + "&sid=" + (try sid(of: try await http.get(Self.polling).body))
        #expect(try await http.post(path, "40").body == "ok")
        #expect(try await http.get(path).body.hasPrefix("40{"))
        let body = Array(repeating: "6", count: 100) + [#"42["last"]"#]
        #expect(try await http.post(path, body.joined(separator: "\u{1e}")).body == "ok")
        try await heard.next()
      } else {
        let socket = try await connect(port)
        for _ in 0..<100 {
          switch packet {
          case "ping": try await socket.send(.ping, ByteBuffer())
          case "part":
            var frames = ByteBuffer()
            frames.writeMaskedWebSocketFrame(.text, payload: ByteBuffer(string: "6"), key: 1, isFinal: false)
            frames.writeMaskedWebSocketFrame(.continuation, payload: ByteBuffer(), key: 1)
            try await socket.connection.send(frames)
          default: try await socket.send(packet)
          }
        }
        try await socket.send(#"42["last"]"#)
        try await heard.next()
      }
      #expect(measured.load(ordering: .relaxed) > 100)
    }
  }

  /// What the meter says holds, also for one who has left his namespace, and what is refused is measured as well.
  @Test func whoHasLeftIsStillMeasured() async throws {
    let measured = Atomic(0)
    let ended = Mailbox<Void>()
    try await withServer(setUp: { server in
      server.of("/").onConnection { socket in
        socket.setOwner(
          ConnectionOwner(id: "anna") { work in
            work()
            measured.wrappingAdd(1, ordering: .relaxed)
            return .milliseconds(1)
          })
        socket.onDisconnect { _ in ended.put(()) }
      }
    }) { server, port in
      let socket = try await connect(port)
      try await socket.send("41")
      try await ended.next()
      for _ in 0..<20 {
        try await socket.send("40/nowhere,")
        #expect(try await socket.text().hasPrefix("44/nowhere,"))
      }
      let before = measured.load(ordering: .relaxed)
      #expect(before >= 20)
      try await socket.send("42[")
      #expect(try await socket.closeCode().0 == 1007)
      #expect(measured.load(ordering: .relaxed) > before)
    }
  }

  /// Who is to wait waits: the next packet is handled when it is over, and nothing is lost.
  @Test(arguments: [false, true]) func whoIsToWaitWaits(polls: Bool) async throws {
    let times = Mutex<[NIODeadline]>([])
    try await withServer(setUp: { server in
      server.of("/").onConnection { socket in
        socket.setOwner(
          ConnectionOwner(id: "anna") { work in
            work()
            return .milliseconds(20)
          })
        socket.on("x") { event in
          times.withLock { $0.append(.now()) }
          event.acknowledge()
        }
      }
    }) { _, port in
      let packets = (0..<5).map { #"42\#($0)["x"]"# }
      if polls {
        let http = try await TestHTTP(port: port)
        let path = Self.polling + "&sid=" + (try sid(of: try await http.get(Self.polling).body))
        #expect(try await http.post(path, "40").body == "ok")
        #expect(try await http.post(path, packets.joined(separator: "\u{1e}")).body == "ok")
      } else {
        let socket = try await connect(port)
        for packet in packets { try await socket.send(packet) }
        for number in 0..<5 { #expect(try await socket.text() == "43\(number)[]") }
      }
      let seen = times.withLock { $0 }
      #expect(seen.count == 5)
      for (before, after) in zip(seen, seen.dropFirst()) { #expect(after - before >= .milliseconds(20)) }
    }
  }
}
