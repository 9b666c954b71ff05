import EngineIO
import Foundation
import SocketIOServer
import Testing

@Suite(.timeLimit(.minutes(2))) struct EngineHTTPTests {
  static let path = "/engine.io/?EIO=4&transport=polling"

  static func open(_ port: Int) async throws -> (TestHTTP, String) {
    let http = try await TestHTTP(port: port)
    let answer = try await http.get(path)
    #expect(answer.status == 200)
    return (http, path + "&sid=" + (try sid(of: answer.body)))
  }

  @Test func theHandshakeHasTheOfficialKeysAndHeaders() async throws {
    try await withEngine { _, port in
      let http = try await TestHTTP(port: port)
      let answer = try await http.get(Self.path)
      #expect(answer.headers["content-type"] == "text/plain; charset=UTF-8")
      #expect(answer.headers["cache-control"] == "no-store")
      let sid = try sid(of: answer.body)
      #expect(
        answer.body
          == #"0{"sid":"\#(sid)","upgrades":["websocket"],"#
          + #""pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#
      )
    }
  }

  @Test(arguments: [
    ("GET", "?transport=polling", 400, #"{"code":5,"message":"Unsupported protocol version"}"#),
    ("GET", "?EIO=3&transport=polling", 400, #"{"code":5,"message":"Unsupported protocol version"}"#),
    ("GET", "?EIO=4", 400, #"{"code":0,"message":"Transport unknown"}"#),
    ("GET", "?EIO=4&transport=telegraph", 400, #"{"code":0,"message":"Transport unknown"}"#),
    ("POST", "?EIO=4&transport=polling", 400, #"{"code":2,"message":"Bad handshake method"}"#),
    ("GET", "?EIO=4&transport=polling&sid=nobody", 400, #"{"code":1,"message":"Session ID unknown"}"#),
    ("GET", "?EIO=4&transport=websocket", 400, #"{"code":3,"message":"Bad request"}"#),
  ])
  func badRequestsGetTheOfficialCodes(method: String, query: String, status: Int, body: String) async throws {
    try await withEngine { _, port in
      let http = try await TestHTTP(port: port)
      let answer = try await http.request(method, "/engine.io/" + query)
      #expect(answer.status == status)
      #expect(answer.body == body)
      // The connection goes on, with the router's paths, too.
      #expect(try await http.get("/plain").body == "plain")
    }
  }

  @Test func messagesAreEchoedByPolling() async throws {
    try await withEngine(threads: 2) { _, port in
      let (http, path) = try await Self.open(port)
      let answer = try await http.post(path, "4hello\u{1e}bAQIDBA==\u{1e}4ü")
      #expect(answer.status == 200 && answer.body == "ok" && answer.headers["content-type"] == "text/html")
      #expect(try await http.get(path).body == "4hello\u{1e}bAQIDBA==\u{1e}4ü")
    }
  }

  @Test func aLongQueueTakesSeveralPolls() async throws {
    try await withEngine { _, port in
      let (http, path) = try await Self.open(port)
      let sent = (0..<50).map { "4message \($0)" }
      _ = try await http.post(path, sent.joined(separator: "\u{1e}"))
      var received: [String] = []
      while received.count < sent.count {
        let packets = try await http.get(path).body.components(separatedBy: "\u{1e}")
        #expect(packets.count <= 16)
        received += packets
      }
      #expect(received == sent)
    }
  }

  @Test func aPollWaitsForAMessage() async throws {
    try await withEngine(threads: 2) { _, port in
      let (poller, path) = try await Self.open(port)
      try await poller.send("GET", path)
      let poster = try await TestHTTP(port: port)
      #expect(try await poster.post(path, "4late").body == "ok")
      #expect(try await poller.answer().body == "4late")
    }
  }

  @Test func twoPollsAtOnceCloseTheSessionAndNoOther() async throws {
    try await withEngine { server, port in
      let (other, otherPath) = try await Self.open(port)
      let (first, path) = try await Self.open(port)
      try await first.send("GET", path)
      let second = try await TestHTTP(port: port)
      // The first poll must be there before the second comes.
      #expect(try await second.post(path, "3").body == "ok")
      #expect(try await second.get(path).status == 400)
      let answer = try await first.answer()
      #expect(answer.status == 200 && answer.body == "1")
      #expect(try await first.get(path).status == 400)
      #expect(try await other.post(otherPath, "4still").body == "ok")
      #expect(try await other.get(otherPath).body == "4still")
      #expect(server.counters().sessions == 1)
    }
  }

  @Test(arguments: ["abc", "", "4a\u{1e}", "b!", "2", "5", "0"])
  func aMalformedPostClosesTheSession(body: String) async throws {
    try await withEngine { server, port in
      let (http, path) = try await Self.open(port)
      _ = try await http.post(path, body)
      #expect(try await http.get(path).status == 400)
      #expect(server.counters().sessions == 0)
    }
  }

  @Test func aPostBeyondMaxPayloadIsRefusedAndClosesTheSession() async throws {
    try await withEngine(configure: { $0.maxPayload = 1_000 }) { server, port in
      let (http, path) = try await Self.open(port)
      #expect(try await http.post(path, "4" + String(repeating: "x", count: 1_000)).status == 413)
      let again = try await TestHTTP(port: port)
      #expect(try await again.get(path).status == 400)
      #expect(server.counters().sessions == 0)
    }
  }

  @Test func aClientThatClosesGetsItsPollBack() async throws {
    try await withEngine { _, port in
      let (poller, path) = try await Self.open(port)
      try await poller.send("GET", path)
      let poster = try await TestHTTP(port: port)
      #expect(try await poster.post(path, "1").status == 200)
      #expect(try await poller.answer().body == "6")
      #expect(try await poster.get(path).status == 400)
    }
  }

  @Test func aPollWhoseConnectionBreaksClosesTheSession() async throws {
    try await withEngine { _, port in
      let (poller, path) = try await Self.open(port)
      try await poller.send("GET", path)
      let other = try await TestHTTP(port: port)
      #expect(try await other.post(path, "3").body == "ok")
      await poller.connection.close()
      // Until the server has seen the end, a post is still taken.
      while try await other.post(path, "6").status == 200 {}
    }
  }

  @Test func theServerPingsByPollingAndGivesUp() async throws {
    try await withEngine(configure: {
      $0.pingInterval = .milliseconds(100)
      $0.pingTimeout = .seconds(15)
    }) { server, port in
      let (http, path) = try await Self.open(port)
      for _ in 0..<2 {
        #expect(try await http.get(path).body == "2")
        #expect(try await http.post(path, "3").body == "ok")
      }
      #expect(try await http.get(path).body == "2")
      #expect(try await http.get(path).body == "1")
      #expect(server.counters().sessions == 0)
    }
  }

  @Test func onlyAllowedOriginsGetCORSHeaders() async throws {
    try await withEngine(configure: { $0.cors = .origins(["https://a.example"], credentials: true) }) { _, port in
      let http = try await TestHTTP(port: port)
      let allowed = try await http.request("GET", Self.path, headers: ["Origin": "https://a.example"])
      #expect(allowed.headers["access-control-allow-origin"] == "https://a.example")
      #expect(allowed.headers["access-control-allow-credentials"] == "true")
      #expect(allowed.headers["vary"] == "Origin")
      let foreign = try await http.request("GET", Self.path, headers: ["Origin": "https://b.example"])
      #expect(foreign.status == 403 && foreign.headers["access-control-allow-origin"] == nil)
      let preflight = try await http.request(
        "OPTIONS", Self.path,
        headers: ["Origin": "https://a.example", "Access-Control-Request-Headers": "x-token"])
      #expect(preflight.status == 204)
      #expect(preflight.headers["access-control-allow-headers"] == "x-token")
      #expect(preflight.headers["access-control-allow-methods"]?.contains("POST") == true)
      await #expect(throws: TestWebSocket.Refused.self) {
        _ = try await TestWebSocket(
          port: port, path: "/engine.io/?EIO=4&transport=websocket", headers: ["Origin": "https://b.example"])
      }
      _ = try await TestWebSocket(
        port: port, path: "/engine.io/?EIO=4&transport=websocket", headers: ["Origin": "http://127.0.0.1:\(port)"])
    }
  }

  @Test func whoMayNotComeInGets403() async throws {
    try await withEngine(configure: { $0.allowRequest = { $0.query["key"] == "right" } }) { _, port in
      let http = try await TestHTTP(port: port)
      let refused = try await http.get(Self.path)
      #expect(refused.status == 403 && refused.body == #"{"code":4,"message":"Forbidden"}"#)
      #expect(try await http.get(Self.path + "&key=right").status == 200)
      await #expect(throws: TestWebSocket.Refused.self) {
        _ = try await TestWebSocket(port: port, path: "/engine.io/?EIO=4&transport=websocket")
      }
    }
  }

  @Test func sessionsBeyondTheLimitGet503() async throws {
    try await withEngine(configure: { $0.maxSessions = 1 }) { _, port in
      let (http, _) = try await Self.open(port)
      #expect(try await http.get(Self.path).status == 503)
      let refused = await #expect(throws: TestWebSocket.Refused.self) {
        _ = try await TestWebSocket(port: port, path: "/engine.io/?EIO=4&transport=websocket")
      }
      #expect(refused?.answer.status == 503 && refused?.answer.headers["retry-after"] == "5")
    }
  }

  @Test func aSessionsCookieNamesItToALoadBalancer() async throws {
    try await withEngine(configure: { $0.cookie = SessionCookie(sameSite: .strict, maxAge: .seconds(60)) }) { _, port in
      let http = try await TestHTTP(port: port)
      let opened = try await http.get(Self.path)
      let id = try sid(of: opened.body)
      #expect(opened.headers["set-cookie"] == "io=\(id); Path=/; Max-Age=60; HttpOnly; SameSite=Strict")
      #expect(try await http.post(Self.path + "&sid=" + id, "4hello").headers["set-cookie"] == nil)
    }
  }

  /// One Python client gives up on more than 16 packets in an answer; nobody else has to come again for each 16.
  @Test(arguments: [
    ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36", 40), ("node-XMLHttpRequest", 40),
    ("python-requests/2.32", 16), ("Python/3.13 aiohttp/3.11", 16), ("", 16),
  ])
  func anAnswerBringsWhatTheClientTakes(agent: String, packets: Int) async throws {
    try await withEngine { _, port in
      let http = try await TestHTTP(port: port)
      let opened = try await http.request("GET", Self.path, headers: agent.isEmpty ? [:] : ["User-Agent": agent])
      let session = Self.path + "&sid=" + (try sid(of: opened.body))
      let sent = (0..<40).map { "4n\($0)" }
      #expect(try await http.post(session, sent.joined(separator: "\u{1e}")).body == "ok")
      var heard: [String] = []
      while heard.count < sent.count {
        let came = try await http.get(session).body.components(separatedBy: "\u{1e}")
        #expect(came.count == min(packets, sent.count - heard.count))
        heard += came
      }
      #expect(heard == sent)
    }
  }
}
