import EngineIO
import Foundation
import NIOCore
import SocketIO
import SocketIOServer
import Synchronization
import Testing

private final class Counter: Sendable {
  private let count = Atomic(0)
  var value: Int { count.load(ordering: .relaxed) }
  func add() { count.add(1, ordering: .relaxed) }
}

@Suite(.timeLimit(.minutes(2))) struct RecoveryTests {
  private func recovering(_ configuration: inout SocketIOServer.Configuration) {
    configuration.recovery = .init()
  }

  private func field(_ name: String, of connect: String) -> String {
    connect.components(separatedBy: "\"\(name)\":\"").last?.prefix { $0 != "\"" }.description ?? ""
  }

  /// A connection that says CONNECT with this auth; what comes is left to the caller.
  private func open(_ port: Int, auth: String = "{}") async throws -> TestWebSocket {
    let socket = try await TestWebSocket(port: port, path: "/socket.io/?EIO=4&transport=websocket")
    _ = try await socket.text()
    try await socket.send("40" + auth)
    return socket
  }

  @Test func aLostClientComesBackWithItsIdItsRoomsAndWhatItMissed() async throws {
    let middlewareCalls = Counter()
    let arrivals = Mailbox<(id: String, wasRecovered: Bool, context: String?)>()
    let departures = Mailbox<String>()
    try await withServer(
      configure: recovering,
      setUp: { server in
        server.of("/").use { connection in
          middlewareCalls.add()
          connection.context = "mine"
        }
        server.of("/").onConnection { socket in
          arrivals.put((socket.id, socket.wasRecovered, socket.context as? String))
          if !socket.wasRecovered { socket.join("news") }
        }
        server.of("/").onDisconnect { socket, _ in departures.put(socket.id) }
      }
    ) { server, port in
      let first = try await open(port)
      let connect = try await first.text()
      let (sid, pid) = (field("sid", of: connect), field("pid", of: connect))
      #expect(sid.count == 20 && pid.count == 20 && sid != pid)
      server.of("/").emit("seen", 1)
      let seen = try await first.text()
      #expect(seen.hasPrefix(#"42["seen",1,""#))
      let offset = String(seen.dropLast(2).split(separator: "\"").last ?? "")
      await first.close()
      _ = try await departures.next()

      server.of("/").to("news").emit("missed", 2)
      server.of("/").to(sid).emit("missed", 3)
      server.of("/").to("elsewhere").emit("not yours", 4)
      server.of("/").except("news").emit("not yours", 5)
      server.of("/").volatile.emit("gone", 6)
      let second = try await open(port, auth: #"{"pid":"\#(pid)","offset":"\#(offset)"}"#)
      #expect(try await second.text().hasPrefix(#"42["missed",2,""#))
      #expect(try await second.text().hasPrefix(#"42["missed",3,""#))
      #expect(try await second.text() == #"40{"sid":"\#(sid)","pid":"\#(pid)"}"#)
      // Its rooms are its own again.
      server.of("/").to("news").emit("fresh", 7)
      #expect(try await second.text().hasPrefix(#"42["fresh",7,""#))
      #expect(try await arrivals.next().wasRecovered == false)
      let back = try await arrivals.next()
      #expect(back.id == sid && back.wasRecovered && back.context == "mine")
      #expect(middlewareCalls.value == 1)

      // A private id is good for one return, and for nobody who comes with a wrong one.
      for auth in [
        #"{"pid":"\#(pid)","offset":"\#(offset)"}"#, #"{"pid":"nobody","offset":"\#(offset)"}"#,
        #"{"pid":"\#(pid)","offset":"zzzzzzzz"}"#, #"{"pid":"\#(pid)","offset":"-1"}"#, #"{"pid":1,"offset":{}}"#,
      ] {
        let other = try await open(port, auth: auth)
        let answer = try await other.text()
        #expect(answer.hasPrefix("40{") && field("sid", of: answer) != sid && field("pid", of: answer) != pid)
      }
      #expect(middlewareCalls.value == 6)
    }
  }

  /// What a client may take for an offset that is none: an event's name, what is sent as it is, and the same word twice.
  @Test func aStringThatIsNoOffsetLeadsToItsPlaceOrNowhere() async throws {
    let departures = Mailbox<String>()
    try await withServer(
      configure: recovering,
      setUp: { server in
        server.of("/").onDisconnect { socket, _ in departures.put(socket.id) }
        server.of("/").on("go") { event in
          let socket = event.socket
          socket.volatile.emit("tick")
          socket.emit("one")
          socket.emit(
            raw: RawEvent(json: .init(head: ByteBuffer(string: #"["raw",[1],"#), tail: ByteBuffer(string: #""e\n" ]"#)))
          )
          socket.emit(raw: RawEvent(json: .init(head: ByteBuffer(string: #"["raw",{"a":"x"}]"#))))
          socket.emit("two")
          socket.volatile.emit("tick")
          socket.volatile.emit("now")
          event.acknowledge("an answer")
        }
      }
    ) { server, port in
      let all = [#"42["one","#, #"42["two","#, #"42["missed","#]
      for (taken, missed) in [("e\\n", Array(all[1...])), ("now", Array(all[2...])), ("tick", nil), ("x", nil)] {
        let first = try await open(port)
        let pid = field("pid", of: try await first.text())
        try await first.send(#"421["go"]"#)
        while try await first.text() != #"431["an answer"]"# {}
        await first.close()
        _ = try await departures.next()
        server.of("/").emit("missed")
        let second = try await open(port, auth: #"{"pid":"\#(pid)","offset":"\#(taken)"}"#)
        for expected in missed ?? [] { #expect(try await second.text().hasPrefix(expected), "\(taken)") }
        let answer = try await second.text()
        #expect(answer.hasPrefix("40{") && (field("pid", of: answer) == pid) == (missed != nil), "\(taken)")
        await second.close()
        _ = try await departures.next()
      }
    }
  }

  @Test func theLastOfANamespaceByPatternIsRecovered() async throws {
    let departures = Mailbox<String>()
    try await withServer(
      configure: recovering,
      setUp: { server in
        let rooms = server.of { name, _ in name.hasPrefix("/room-") }
        rooms.onDisconnect { socket, _ in departures.put(socket.id) }
        rooms.onConnection { if !$0.wasRecovered { $0.join("news") } }
        rooms.on("say") { $0.socket.namespace.to("news").emit("said") }
      }
    ) { _, port in
      let first = try await open(port, auth: "/room-1,{}")
      let connect = try await first.text()
      await first.close()
      _ = try await departures.next()
      let second = try await open(port, auth: #"/room-1,{"pid":"\#(field("pid", of: connect))"}"#)
      #expect(try await second.text() == connect)
      try await second.send(#"42/room-1,["say"]"#)
      #expect(try await second.text().hasPrefix(#"42/room-1,["said","#))
    }
  }

  @Test func whoLeavesByWillIsForgotten() async throws {
    let departures = Mailbox<String>()
    try await withServer(
      configure: recovering, setUp: { $0.of("/").onDisconnect { socket, _ in departures.put(socket.id) } }
    ) { server, port in
      let socket = try await open(port)
      let connect = try await socket.text()
      server.of("/").emit("seen")
      let offset = String(try await socket.text().dropLast(2).split(separator: "\"").last ?? "")
      try await socket.send("41")
      _ = try await departures.next()
      let pid = field("pid", of: connect)
      let again = try await open(port, auth: #"{"pid":"\#(pid)","offset":"\#(offset)"}"#)
      #expect(field("pid", of: try await again.text()) != pid)
    }
  }

  /// What it missed may be more than a connection may have waiting; then it is lost again, and was never there.
  @Test func whoIsLostWhileItIsGivenBackWhatItMissedHasNotArrived() async throws {
    let (arrivals, departures) = (Mailbox<Bool>(), Mailbox<Bool>())
    try await withServer(
      configure: {
        $0.recovery = .init()
        $0.maxWriteBufferBytes = 100_000
      },
      setUp: { server in
        server.of("/").onConnection { arrivals.put($0.wasRecovered) }
        server.of("/").onDisconnect { socket, _ in departures.put(socket.wasRecovered) }
      }
    ) { server, port in
      let first = try await open(port)
      let pid = field("pid", of: try await first.text())
      #expect(try await arrivals.next() == false)
      await first.close()
      #expect(try await departures.next() == false)
      for _ in 0..<50 { server.of("/").emit("missed", .string(String(repeating: "x", count: 10_000))) }
      let second = try await open(port, auth: #"{"pid":"\#(pid)"}"#)
      #expect(try await departures.next() == true)
      #expect(server.of("/").socketCount == 0 && server.counters().sessions == 0)
      let third = try await open(port)
      #expect(try await third.text().hasPrefix("40{"))
      #expect(try await arrivals.next() == false, "nobody has arrived in between")
      await second.close()
    }
  }

  @Test func withoutRecoveryNothingIsAdded() async throws {
    try await withServer(setUp: { _ = $0.of("/") }) { server, port in
      let socket = try await open(port, auth: #"{"pid":"a","offset":"b"}"#)
      #expect(!(try await socket.text().contains("pid")))
      server.of("/").emit("plain", 1)
      #expect(try await socket.text() == #"42["plain",1]"#)
    }
  }
}
