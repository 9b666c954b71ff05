import EngineIO
import Foundation
import NIOCore
import SocketIO
import SocketIOServer
import Testing

/// Who has joined nothing, and what little he has.
@Suite(.timeLimit(.minutes(2))) struct StrangerTests {
  private static let polling = "/socket.io/?EIO=4&transport=polling"
  private static let webSocket = "/socket.io/?EIO=4&transport=websocket"

  private func open(_ port: Int) async throws -> TestWebSocket {
    let socket = try await TestWebSocket(port: port, path: Self.webSocket)
    _ = try await socket.text()
    return socket
  }

  @Test(arguments: [
    #"451-["x",{"_placeholder":true,"num":0}]"#, #"461-/,1[{"_placeholder":true,"num":0}]"#,
    #"451-/other,["x",{"_placeholder":true,"num":0}]"#,
  ])
  func noAttachmentIsWaitedForBeforeConnect(text: String) async throws {
    try await withServer { server, port in
      let stranger = try await open(port)
      try await stranger.send(text)
      #expect(try await stranger.closeCode().0 == 1007)
      #expect(server.counters().sessions == 0)
    }
  }

  @Test func aNamespaceThatIsStillAskedTakesNoAttachments() async throws {
    let (asked, mayAnswer) = (Mailbox<Bool>(), Mailbox<Bool>())
    try await withServer(setUp: { server in
      server.of("/").use { _ in
        asked.put(true)
        _ = try await mayAnswer.next()
      }
    }) { _, port in
      let stranger = try await open(port)
      try await stranger.send("40")
      _ = try await asked.next()
      try await stranger.send(#"451-["x",{"_placeholder":true,"num":0}]"#)
      #expect(try await stranger.closeCode().0 == 1007)
      mayAnswer.put(true)
    }
  }

  @Test func attachmentsTogetherAreNoLargerThanAMessage() async throws {
    try await withServer(configure: { $0.maxPayload = 100_000 }, setUp: { $0.of("/").onConnection { _ in } }) {
      _, port in
      let socket = try await connect(port)
      try await socket.send(#"453-["x",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#)
      for _ in 0..<2 { try await socket.send(binary: Array(repeating: 1, count: 60_000)) }
      let (code, reason) = try await socket.closeCode()
      #expect(code == 1009 && reason.contains("100000"))
    }
  }

  @Test func aStrangersMessagesAreSmallUntilANamespaceKnowsHim() async throws {
    let echoed = Mailbox<Int>()
    try await withServer(setUp: { server in
      server.of("/").on("x") { echoed.put($0.arguments[0].string?.utf8.count ?? 0) }
    }) { server, port in
      let large = #"42["x",""# + String(repeating: "y", count: 300_000) + #""]"#
      let stranger = try await open(port)
      try await stranger.send("40/nowhere," + String(repeating: "y", count: 100_000))
      #expect(try await stranger.closeCode().0 == 1009)
      let http = try await TestHTTP(port: port)
      let path = Self.polling + "&sid=" + (try sid(of: try await http.get(Self.polling).body))
      #expect(try await http.post(path, large).status == 413)

      let known = try await connect(port)
      try await known.send(large)
      #expect(try await echoed.next() == 300_000)
      let poller = try await TestHTTP(port: port)
      let session = Self.polling + "&sid=" + (try sid(of: try await poller.get(Self.polling).body))
      #expect(try await poller.post(session, "40").body == "ok")
      #expect(try await poller.get(session).body.hasPrefix("40{"))
      #expect(try await poller.post(session, large).body == "ok")
      #expect(try await echoed.next() == 300_000)
      #expect(server.counters().guests == 0)
    }
  }

  /// Everybody's half messages at once: the budget holds, those who took longest go, and one who sends a whole message
  /// is served.
  @Test func whatIsNotWholeIsBoundedOverAll() async throws {
    let echoed = Mailbox<Int>()
    try await withServer(
      configure: { $0.maxAssemblyBytes = 1 << 20 },
      setUp: { server in
        server.of("/").on("x") { echoed.put($0.arguments[0].binary?.readableBytes ?? -1) }
      }
    ) { server, port in
      var hoarders: [TestWebSocket] = []
      for _ in 0..<12 {
        let hoarder = try await connect(port)
        try await hoarder.send(#"452-["x",{"_placeholder":true,"num":0}]"#)
        try await hoarder.send(binary: Array(repeating: 1, count: 200_000))
        hoarders.append(hoarder)
      }
      let honest = try await connect(port)
      try await honest.send(#"451-["x",{"_placeholder":true,"num":0}]"#)
      try await honest.send(binary: Array(repeating: 1, count: 500_000))
      #expect(try await echoed.next() == 500_000)
      #expect(try await hoarders[0].closeCode().0 == 1013)
      #expect(server.counters().assemblyBytes <= 1 << 20)
    }
  }

  @Test func aClientThatJoinedLeavesItsConnectionsPlaceToTheNext() async throws {
    try await withServer(setUp: { $0.of("/").onConnection { _ in } }) { server, port in
      // As a proxy keeps a connection for many clients, one after the other.
      let http = try await TestHTTP(port: port)
      for _ in 0..<40 {
        let path = Self.polling + "&sid=" + (try sid(of: try await http.get(Self.polling).body))
        #expect(try await http.post(path, "40").body == "ok")
        #expect(try await http.get(path).body.hasPrefix("40{"))
      }
      #expect(server.counters().sessions == 40 && server.counters().guests == 0)
    }
  }

  @Test func whoIsInStaysAndWhoComesHasAPlaceHoweverManyStrangersThereAre() async throws {
    try await withServer(
      configure: {
        $0.maxSessions = 30
        $0.maxGuests = 10
      }, setUp: { $0.of("/").onConnection { _ in } }
    ) { server, port in
      let inside = try await connect(port)
      for _ in 0..<5 {
        let stranger = try await TestHTTP(port: port)
        for _ in 0..<12 { #expect(try await stranger.get(Self.polling).status == 200) }
        #expect(server.counters().guests <= 10)
        let newcomer = try await connect(port)
        try await newcomer.send(#"41"#)
      }
      try await inside.send("40")
      #expect(try await inside.text().hasPrefix("40{"))
    }
  }

  @Test func noFieldOfTheClientsHidesTheAddressThatItsProxyAdds() async throws {
    try await withServer(configure: { $0.maxGuestsPerAddress = 4 }) { server, port in
      for own in ["\u{301}", "\u{301}, \u{301}", "x,\u{301}", "127.0.0.1"] {
        let http = try await TestHTTP(port: port)
        for _ in 0..<6 {
          let headers = ["X-Forwarded-For": "\(own), 203.0.113.9"]
          #expect(try await http.request("GET", Self.polling, headers: headers).status == 200)
        }
        #expect(server.counters().guests <= 4)
      }
      // And those of whom the proxy says nothing readable are bounded together.
      let http = try await TestHTTP(port: port)
      for _ in 0..<20 {
        #expect(try await http.request("GET", Self.polling, headers: ["X-Forwarded-For": "\u{301}"]).status == 200)
      }
      #expect(server.counters().guests <= 8)
    }
  }

  @Test func onlyHeadersThatAreUsedAreKept() async throws {
    let seen = Mailbox<[String]>()
    try await withServer(
      configure: { $0.keptHeaders = ["cookie", "x-mine"] },
      setUp: { server in
        server.of("/").onConnection { seen.put($0.handshake.headers.map(\.name).sorted()) }
      }
    ) { _, port in
      _ = try await connect(
        port, headers: ["Cookie": "a=b", "X-Mine": "1", "X-Other": String(repeating: "x", count: 9_000)])
      #expect(try await seen.next() == ["cookie", "x-mine"])
    }
  }
}
