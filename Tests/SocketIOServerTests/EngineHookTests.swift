import EngineIO
import HTTPTypes
import Logging
import NIOCore
import SocketIOServer
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(2))) struct EngineHookTests {
  private static let polling = "/engine.io/?EIO=4&transport=polling"

  @Test func headersOfAnswersMayBeChanged() async throws {
    try await withEngine(configure: { configuration in
      configuration.initialHeaders = { headers, handshake in
        headers[.init("X-Initial")!] = handshake.query["transport"]
      }
      configuration.headers = { headers, handshake in headers[.init("X-Each")!] = handshake.header("x-asked") ?? "none"
      }
    }) { _, port in
      let http = try await TestHTTP(port: port)
      let opened = try await http.request("GET", Self.polling, headers: ["X-Asked": "1"])
      #expect(opened.headers["x-initial"] == "polling")
      #expect(opened.headers["x-each"] == "1")
      let path = Self.polling + "&sid=" + (try sid(of: opened.body))
      let posted = try await http.post(path, "4hi")
      #expect(posted.headers["x-initial"] == nil)
      #expect(posted.headers["x-each"] == "none")
      #expect(try await http.get(Self.polling + "&sid=x").headers["x-each"] == "none")
      let upgrade = try await TestHTTP(port: port)
      let fields = [
        "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "X-Asked": "2",
      ]
      let switched = try await upgrade.request("GET", "/engine.io/?EIO=4&transport=websocket", headers: fields)
      #expect(switched.headers["x-initial"] == "websocket")
      #expect(switched.headers["x-each"] == "2")
    }
  }

  @Test func refusalsAreReported() async throws {
    let heard = Mailbox<String>()
    try await withEngine(configure: { configuration in
      configuration.allowRequest = { $0.query["pass"] != nil }
      configuration.onConnectionError = { heard.put("\($0.error) \($0.handshake.queryString)") }
    }) { _, port in
      let http = try await TestHTTP(port: port)
      for (query, error) in [
        ("EIO=4&transport=polling&sid=x", EngineRequestError.unknownSession), ("EIO=4&transport=x", .unknownTransport),
        ("EIO=3&transport=polling", .unsupportedProtocolVersion), ("EIO=4&transport=polling", .forbidden),
      ] {
        _ = try await http.get("/engine.io/?" + query)
        #expect(try await heard.next() == "\(error) \(query)")
      }
      await #expect(throws: TestWebSocket.Refused.self) {
        _ = try await TestWebSocket(port: port, path: "/engine.io/?EIO=4&transport=websocket")
      }
      #expect(try await heard.next() == "forbidden EIO=4&transport=websocket")
    }
  }

  @Test func idsMayBeMadeByTheProgramAndBadOnesAreNotUsed() async throws {
    try await withEngine(configure: { $0.generateID = { $0.query["id"] ?? "" } }) { server, port in
      func opened(_ id: String) async throws -> String {
        try sid(of: try await TestHTTP(port: port).get(Self.polling + "&id=" + id).body)
      }
      #expect(try await opened("node-1_a") == "node-1_a")
      for bad in ["node-1_a", "", "a%22b", String(repeating: "x", count: 65), "%C3%A9"] {
        let sid = try await opened(bad)
        #expect(sid.count == 20)
      }
      #expect(server.counters().sessions == 6)
    }
  }

  @Test func answersToPollsAreCompressedAboveTheThreshold() async throws {
    try await withEngine { _, port in
      let http = try await TestHTTP(port: port)
      let path = Self.polling + "&sid=" + (try sid(of: try await http.get(Self.polling).body))
      let long = "4" + String(repeating: "again and ", count: 300)
      for (encoding, size) in [("gzip", 200), ("deflate", 200), ("br", long.utf8.count)] {
        _ = try await http.post(path, long)
        let answer = try await http.request("GET", path, headers: ["Accept-Encoding": encoding])
        #expect(answer.headers["content-encoding"] == (encoding == "br" ? nil : encoding))
        #expect(try #require(Int(answer.headers["content-length"] ?? "")) <= size)
        #expect(answer.headers["content-type"] == "text/plain; charset=UTF-8")
      }
      _ = try await http.post(path, "4short")
      let answer = try await http.request("GET", path, headers: ["Accept-Encoding": "gzip"])
      #expect(answer.headers["content-encoding"] == nil)
      #expect(answer.body == "4short")
    }
  }
}
