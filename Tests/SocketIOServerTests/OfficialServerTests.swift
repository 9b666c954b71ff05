import EngineIO
import Foundation
import NIOCore
import SocketIO
import SocketIOServer
import Testing

/// What the official server does where one could do otherwise, and what its suites look at.
@Suite(.timeLimit(.minutes(2))) struct OfficialServerTests {
  private static let polling = "/engine.io/?EIO=4&transport=polling"
  private static let webSocket = "/engine.io/?EIO=4&transport=websocket"

  private func pollingSession(_ port: Int) async throws -> (TestHTTP, String) {
    let http = try await TestHTTP(port: port)
    return (http, try sid(of: try await http.get(Self.polling).body))
  }

  @Test(arguments: ["upgraded", "upgrading", "webSocket"])
  func aSecondWebSocketOfASessionIsLetInAndClosed(state: String) async throws {
    try await withEngine(threads: 2) { server, port in
      let first: TestWebSocket
      let sid: String
      if state == "webSocket" {
        first = try await TestWebSocket(port: port, path: Self.webSocket)
        sid = try SocketIOServerTests.sid(of: try await first.text())
      } else {
        sid = try await pollingSession(port).1
        first = try await TestWebSocket(port: port, path: Self.webSocket + "&sid=" + sid)
        try await first.send("2probe")
        #expect(try await first.text() == "3probe")
        if state == "upgraded" { try await first.send("5") }
      }
      if state != "upgrading" {
        try await first.send("4a")
        #expect(try await first.text() == "4a")
      }
      let second = try await TestWebSocket(port: port, path: Self.webSocket + "&sid=" + sid)
      #expect(try await second.closeCode().0 == 1000)
      if state == "upgrading" { try await first.send("5") }
      try await first.send("4still")
      #expect(try await first.text() == "4still")
      #expect(server.counters().sessions == 1)
    }
  }

  @Test func base64GoesBothWaysOverAWebSocketThatAsksForIt() async throws {
    try await withEngine { _, port in
      let socket = try await TestWebSocket(port: port, path: Self.webSocket + "&b64=1")
      _ = try await socket.text()
      try await socket.send("bAQIDBA==")
      #expect(try await socket.text() == "bAQIDBA==")
      try await socket.send(binary: [1, 2, 3, 4])
      #expect(try await socket.text() == "bAQIDBA==")
      try await socket.send("4text")
      #expect(try await socket.text() == "4text")
      // Who doesn't ask may send it, too.
      let other = try await TestWebSocket(port: port, path: Self.webSocket)
      _ = try await other.text()
      try await other.send("bAQIDBA==")
      #expect(try await other.binary() == [1, 2, 3, 4])
      try await other.send("b!")
      #expect(try await other.closeCode().0 == 1007)
    }
  }

  @Test func base64HoldsAfterAnUpgradeToo() async throws {
    try await withEngine(threads: 2) { _, port in
      let (_, sid) = try await pollingSession(port)
      let socket = try await TestWebSocket(port: port, path: Self.webSocket + "&b64=1&sid=" + sid)
      try await socket.send("2probe")
      #expect(try await socket.text() == "3probe")
      try await socket.send("5")
      try await socket.send("bAQI=")
      #expect(try await socket.text() == "bAQI=")
    }
  }

  @Test func eventsWithBinaryReachAClientThatTakesTextOnly() async throws {
    try await withServer(setUp: { server in
      server.of("/").onConnection { socket in
        socket.emit("one", .binary(ByteBuffer(bytes: [1])))
        socket.namespace.emit("all", .binary(ByteBuffer(repeating: 2, count: 3_000)))
        let json = ByteBuffer(string: #"["raw",{"_placeholder":true,"num":0}]"#)
        socket.emit(
          raw: RawEvent(json: .init(head: json), attachment: .init(head: ByteBuffer(), shared: ByteBuffer(bytes: [3]))))
      }
    }) { _, port in
      let socket = try await TestWebSocket(port: port, path: "/socket.io/?EIO=4&transport=websocket&b64=1")
      _ = try await socket.text()
      try await socket.send("40")
      #expect(try await socket.text().hasPrefix("40{"))
      #expect(try await socket.text() == #"451-["one",{"_placeholder":true,"num":0}]"#)
      #expect(try await socket.text() == "bAQ==")
      #expect(try await socket.text() == #"451-["all",{"_placeholder":true,"num":0}]"#)
      #expect(try await socket.text() == "b" + Data(repeating: 2, count: 3_000).base64EncodedString())
      #expect(try await socket.text() == #"451-["raw",{"_placeholder":true,"num":0}]"#)
      #expect(try await socket.text() == "bAw==")
    }
  }

  @Test(arguments: [("chat", "chat"), ("v1.chat, v2.chat", "v1.chat"), ("a,b", "a")])
  func theFirstSubprotocolIsChosen(offered: String, chosen: String) async throws {
    try await withEngine { _, port in
      let http = try await TestHTTP(port: port)
      let answer = try await http.request("GET", Self.webSocket, headers: Self.upgrade(protocols: offered))
      #expect(answer.status == 101 && answer.headers["sec-websocket-protocol"] == chosen)
    }
  }

  @Test(arguments: ["a b", "a;b", "\"x\"", String(repeating: "x", count: 2_000)])
  func subprotocolsThatAreNoTokensAreRefused(offered: String) async throws {
    try await withEngine { _, port in
      let http = try await TestHTTP(port: port)
      #expect(try await http.request("GET", Self.webSocket, headers: Self.upgrade(protocols: offered)).status == 400)
    }
  }

  private static func upgrade(protocols: String) -> [String: String] {
    [
      "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
      "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Protocol": protocols,
    ]
  }

  @Test func aLongQueryCountsInBytesAndTooLongAOneIs414() async throws {
    try await withEngine { _, port in
      // A sid at the very end, behind more than any browser sends.
      let (http, sid) = try await pollingSession(port)
      let filler = "&x=" + String(repeating: "%C3%A9", count: 2_000)
      #expect(try await http.post(Self.polling + filler + "&sid=" + sid, "4hello").body == "ok")
      #expect(try await http.get(Self.polling + filler + "&sid=" + sid).body == "4hello")
      let tooLong = Self.polling + "&x=" + String(repeating: "y", count: 16 * 1024)
      #expect(try await http.get(tooLong).status == 414)
      let refused = await #expect(throws: TestWebSocket.Refused.self) {
        _ = try await TestWebSocket(port: port, path: tooLong.replacingOccurrences(of: "polling", with: "websocket"))
      }
      #expect(refused?.answer.status == 414)
    }
  }

  @Test func anEmptySidOpensASession() async throws {
    try await withEngine { server, port in
      let http = try await TestHTTP(port: port)
      #expect(try await http.get(Self.polling + "&sid=").body.hasPrefix("0{"))
      let socket = try await TestWebSocket(port: port, path: Self.webSocket + "&sid=")
      #expect(try await socket.text().hasPrefix("0{"))
      #expect(server.counters().sessions == 2)
    }
  }
}
