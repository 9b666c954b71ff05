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

  @Test func withoutRecoveryNothingIsAdded() async throws {
    try await withServer(setUp: { _ = $0.of("/") }) { server, port in
      let socket = try await open(port, auth: #"{"pid":"a","offset":"b"}"#)
      #expect(!(try await socket.text().contains("pid")))
      server.of("/").emit("plain", 1)
      #expect(try await socket.text() == #"42["plain",1]"#)
    }
  }
}
