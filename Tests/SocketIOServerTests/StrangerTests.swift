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

  /// CONNECTs that are refused, pongs that nobody waits for, noops: each is little, and there is no end of them.
  @Test(arguments: ["40/nowhere,", "3", "6"])
  func packetsOfOneWhoHasJoinedNothingAreCounted(packet: String) async throws {
    try await withServer(setUp: { $0.of("/").onConnection { _ in } }) { server, port in
      let stranger = try await open(port)
      // Also from one who closes while it is written.
      for _ in 0..<600 { try? await stranger.send(packet) }
      try await eventually { server.counters().sessions == 0 }
      let member = try await connect(port)
      for _ in 0..<600 { try await member.send("6") }
      try await member.send(#"421["nothing"]"#)
      #expect(server.counters().sessions == 1)
    }
  }

  /// Frames that bring no packet: there is no end of them either.
  @Test(arguments: ["pings", "pongs", "parts", "empty parts"])
  func framesOfOneWhoHasJoinedNothingAreCounted(kind: String) async throws {
    try await withServer(setUp: { $0.of("/").onConnection { _ in } }) { server, port in
      func send(to socket: TestWebSocket, count: Int) async {
        var frames = ByteBuffer()
        if kind.hasSuffix("parts") {
          frames.writeMaskedWebSocketFrame(.text, payload: ByteBuffer(string: "4"), key: 1, isFinal: false)
        }
        for number in 0..<count {
          // As many without anything as a message may have, all the same.
          let isEmpty = kind == "empty parts" && number % 4 != 0
          let opcode: WebSocketFrameHeader.Opcode =
            kind == "pings" ? .ping : kind == "pongs" ? .pong : .continuation
          frames.writeMaskedWebSocketFrame(
            opcode, payload: ByteBuffer(string: isEmpty ? "" : "2"), key: 1, isFinal: opcode != .continuation)
        }
        // Also to one who closes while it is written.
        try? await socket.connection.send(frames)
      }
      let stranger = try await open(port)
      await send(to: stranger, count: 4_200)
      // Not by its heartbeat, which would end it in the end.
      #expect(try await stranger.closeCode().0 == (kind == "empty parts" ? 1002 : 1013))
      try await eventually { server.counters().sessions == 0 }
      guard kind != "empty parts" else { return }
      let member = try await connect(port)
      await send(to: member, count: 4_200)
      if kind == "parts" {
        var end = ByteBuffer()
        end.writeMaskedWebSocketFrame(.continuation, payload: ByteBuffer(string: #""]"#), key: 1)
        // `422…2"]` is no packet, but it came whole.
        try await member.connection.send(end)
        #expect(try await member.closeCode().0 == 1007)
      } else {
        try await member.send("40/nowhere,")
        var answer = try await member.next()
        while case .pong = answer { answer = try await member.next() }
        #expect(answer == .text(ByteBuffer(string: #"44/nowhere,{"message":"Invalid namespace"}"#)))
      }
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

  /// One account that holds all there is, over any number of connections, costs itself its sessions and nobody else.
  @Test func aHoarderMakesRoomForOthers() async throws {
    let echoed = Mailbox<Int>()
    try await withServer(
      configure: { $0.maxAssemblyBytes = 1 << 20 },
      setUp: { server in
        server.of("/").onConnection { socket in
          socket.setOwner(ConnectionOwner(id: socket.handshake.auth["name"]?.string ?? ""))
        }
        server.of("/").on("x") { echoed.put($0.arguments[0].binary?.readableBytes ?? -1) }
      }
    ) { server, port in
      let slow = try await connect(port, auth: #"{"name":"slow"}"#)
      try await slow.send(#"452-["x",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#)
      try await slow.send(binary: Array(repeating: 1, count: 150_000))
      try await eventually { server.counters().assemblyBytes >= 150_000 }
      var hoarders: [TestWebSocket] = []
      for _ in 0..<12 {
        let hoarder = try await connect(port, auth: #"{"name":"hoarder"}"#)
        try await hoarder.send(#"452-["x",{"_placeholder":true,"num":0}]"#)
        try await hoarder.send(binary: Array(repeating: 1, count: 200_000))
        hoarders.append(hoarder)
      }
      #expect(try await hoarders[0].closeCode().0 == 1013)
      try await slow.send(binary: [1])
      #expect(try await echoed.next() == 150_000)
      #expect(server.counters().assemblyBytes <= 1 << 20)
    }
  }

  /// Whoever goes beyond the budget may be the one who has held longest.
  @Test(arguments: ["fragments", "attachments", "body"])
  func theOldestMayBeTheOneWhoAsksForMore(of kind: String) async throws {
    try await withServer(
      configure: { $0.maxAssemblyBytes = 1 << 20 }, setUp: { $0.of("/").on("x") { $0.acknowledge() } }
    ) { server, port in
      let announcement = #"452-["x",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#
      let oldest = try await connect(port)
      let http = try await TestHTTP(port: port)
      func more(_ bytes: Int, isFirst: Bool) async throws {
        let payload = ByteBuffer(repeating: UInt8(ascii: "x"), count: bytes)
        switch kind {
        case "fragments":
          var frame = ByteBuffer()
          frame.writeMaskedWebSocketFrame(isFirst ? .text : .continuation, payload: payload, key: 1, isFinal: false)
          try await oldest.connection.send(frame)
        case "attachments":
          if isFirst { try await oldest.send(announcement.replacing("452", with: "453")) }
          try await oldest.send(.binary, payload)
        default: try await http.connection.send(payload)
        }
      }
      if kind == "body" {
        let path = Self.polling + "&sid=" + (try sid(of: try await http.get(Self.polling).body))
        #expect(try await http.post(path, "40").body == "ok")
        #expect(try await http.get(path).body.hasPrefix("40{"))
        try await http.connection.send("POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: 900000\r\n\r\n")
      }
      try await more(100_000, isFirst: true)
      try await eventually { server.counters().assemblyBytes >= 100_000 }
      let other = try await connect(port)
      try await other.send(announcement)
      try await other.send(binary: Array(repeating: 1, count: 900_000))
      try await eventually { server.counters().assemblyBytes >= 1_000_000 }
      try await more(100_000, isFirst: false)
      if kind == "body" {
        while try await http.connection.read() != nil {}
      } else {
        #expect(try await oldest.closeCode().0 == 1013)
      }
      try await other.send(binary: [1])
      try await other.send(#"421["x"]"#)
      #expect(try await other.text() == "431[]")
      #expect(server.counters().assemblyBytes == 0)
    }
  }

  /// The place of one that makes room goes to who comes, also if the program gives both the same id.
  @Test func whoMakesRoomTakesNobodyElsesSessionAlong() async throws {
    try await withServer(configure: {
      $0.maxSessions = 1
      $0.generateID = { _ in "same" }
    }) { server, port in
      let first = try await TestHTTP(port: port)
      #expect(try await first.get(Self.polling).body.contains("same"))
      let second = try await TestHTTP(port: port)
      #expect(try await second.get(Self.polling).body.contains("same"))
      #expect(try await second.post(Self.polling + "&sid=same", "40").body == "ok")
      #expect(try await second.get(Self.polling + "&sid=same").body.hasPrefix("40{"))
      #expect(server.counters().sessions == 1)
    }
  }

  @Test func pipelinedHandshakesOfOneConnectionAreFew() async throws {
    try await withServer(setUp: { $0.of("/").onConnection { _ in } }) { server, port in
      let http = try await TestHTTP(port: port)
      // In one piece: the server ends the connection before it has read them all.
      let request = "GET \(Self.polling) HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
      try await http.connection.send(String(repeating: request, count: 200))
      for _ in 0..<16 { #expect(try await http.answer().status == 200) }
      #expect(try await http.answer().status == 429)
      #expect(server.counters().sessions == 16)
      _ = try await connect(port)
      #expect(server.counters().sessions == 17)
    }
  }

  /// Guests of one address make room for each other, and for nobody else's sake.
  @Test func anAddressHasItsShareOfGuests() async throws {
    try await withServer(configure: {
      $0.maxGuestsPerAddress = 4
      // Who comes from this machine is somebody of his own.
      $0.trustedProxies = []
    }) { server, port in
      let neighbours = try await open(port, from: "127.0.0.3", count: 3)
      let crowd = try await open(port, from: "127.0.0.2", count: 12)
      for stranger in crowd.dropLast(4) { #expect(try await stranger.closeCode().0 == 1013) }
      #expect(server.counters().guests == 7)
      for stranger in neighbours + crowd.suffix(4) {
        try await stranger.send("40")
        #expect(try await stranger.text().hasPrefix("40{"))
      }
      #expect(server.counters().guests == 0)
      // Members don't count.
      _ = try await open(port, from: "127.0.0.2", count: 4)
      #expect(server.counters().sessions == 11)
    }
  }

  private func open(_ port: Int, from address: String, count: Int) async throws -> [TestWebSocket] {
    var sockets: [TestWebSocket] = []
    for _ in 0..<count {
      let http = try await TestHTTP(port: port, from: address)
      sockets.append(try await TestWebSocket(port: port, path: Self.webSocket, over: http))
      #expect(try await sockets[sockets.count - 1].text().hasPrefix("0{"))
    }
    return sockets
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
