import EngineIO
import NIOCore
import SocketIOServer
import Testing

@Suite(.timeLimit(.minutes(2))) struct EngineWebSocketTests {
  static let path = "/engine.io/?EIO=4&transport=websocket"

  static func open(_ port: Int) async throws -> TestWebSocket {
    let socket = try await TestWebSocket(port: port, path: path)
    #expect(try await socket.text().contains(#""upgrades":[]"#))
    return socket
  }

  @Test func textAndBinaryAreEchoedUpToMaxPayload() async throws {
    try await withEngine { server, port in
      let socket = try await Self.open(port)
      try await socket.send("4hello")
      #expect(try await socket.text() == "4hello")
      let big = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 * 7) }
      try await socket.send(binary: big)
      #expect(try await socket.binary() == big)
      #expect(server.counters().bytesIn == 1_000_005)
    }
  }

  @Test func pingFramesAreAnswered() async throws {
    try await withEngine { _, port in
      let socket = try await Self.open(port)
      try await socket.send(.ping, ByteBuffer(string: "are you there"))
      #expect(try await socket.next() == .pong(ByteBuffer(string: "are you there")))
    }
  }

  @Test func anOversizedMessageClosesWithAReasonThatTheClientSees() async throws {
    try await withEngine(configure: { $0.maxPayload = 10_000 }) { server, port in
      let bystander = try await Self.open(port)
      let socket = try await Self.open(port)
      try await socket.send(binary: [UInt8](repeating: 1, count: 3_000_000))
      let (code, reason) = try await socket.closeCode()
      #expect(code == 1009)
      #expect(reason == "message too large: limit 10000 bytes")
      try await bystander.send("4unharmed")
      #expect(try await bystander.text() == "4unharmed")
      #expect(server.counters().sessions == 1)
    }
  }

  @Test(arguments: [("abc", 1007), ("", 1007), ("2", 1007), ("0{}", 1007)])
  func aPacketThatIsNoneClosesTheSession(text: String, code: UInt16) async throws {
    try await withEngine { _, port in
      let socket = try await Self.open(port)
      try await socket.send(text)
      #expect(try await socket.closeCode().0 == code)
    }
  }

  @Test func anUnmaskedFrameFailsTheConnection() async throws {
    try await withEngine { _, port in
      let socket = try await Self.open(port)
      try await socket.connection.send(ByteBuffer(bytes: [0x81, 0x01, 0x34]))
      #expect(try await socket.closeCode().0 == 1002)
    }
  }

  @Test func aClientThatSaysCloseIsClosed() async throws {
    try await withEngine { _, port in
      let socket = try await Self.open(port)
      try await socket.send("1")
      #expect(try await socket.closeCode().0 == 1000)
      let other = try await Self.open(port)
      try await other.send(.close, ByteBuffer(bytes: [0x03, 0xe9]))
      #expect(try await other.closeCode().0 == 1001)
    }
  }

  @Test func aClientThatDoesNotAnswerPingsIsClosed() async throws {
    try await withEngine(configure: {
      $0.pingInterval = .milliseconds(60)
      $0.pingTimeout = .seconds(4)
    }) { server, port in
      let socket = try await Self.open(port)
      #expect(try await socket.next() == .text(ByteBuffer(string: "2")))
      try await socket.send("3")
      #expect(try await socket.next() == .text(ByteBuffer(string: "2")))
      let (code, reason) = try await socket.closeCode()
      #expect(code == 1008 && reason == "ping timeout")
      #expect(server.counters().sessions == 0)
    }
  }

  @Test(arguments: [false, true])
  func anUpgradeTakesOverWithNothingLostOrDoubled(reusesConnection: Bool) async throws {
    try await withEngine(threads: 2) { server, port in
      let (http, path) = try await EngineHTTPTests.open(port)
      let poller = try await TestHTTP(port: port)
      try await poller.send("GET", path)
      #expect(try await http.post(path, "4before").body == "ok")
      #expect(try await poller.answer().body == "4before")
      try await poller.send("GET", path)
      // Some clients open the WebSocket over a connection that has polled.
      let sessionPath = path.replacing("transport=polling", with: "transport=websocket")
      let socket = try await TestWebSocket(port: port, path: sessionPath, over: reusesConnection ? http : nil)
      try await socket.send("2probe")
      #expect(try await socket.text() == "3probe")
      #expect(try await poller.answer().body == "6")
      for number in 0..<5 { #expect(try await poller.post(path, "4during\(number)").body == "ok") }
      try await socket.send("5")
      for number in 0..<5 { try await socket.send("4after\(number)") }
      for number in 0..<5 { #expect(try await socket.text() == "4during\(number)") }
      for number in 0..<5 { #expect(try await socket.text() == "4after\(number)") }
      #expect(try await poller.get(path).status == 400)
      // One that comes too late is let in and closed.
      #expect(try await TestWebSocket(port: port, path: sessionPath).closeCode().0 == 1000)
      try await socket.send("4still here")
      #expect(try await socket.text() == "4still here")
      #expect(server.counters().sessions == 1)
      await socket.close()
    }
  }

  /// What comes before the answer, with the request or behind it, is no reason to hear nothing afterwards.
  @Test(arguments: [true, false]) func framesBeforeTheAnswerMakeNobodyDeaf(comeWithTheRequest: Bool) async throws {
    let (asked, mayAnswer) = (Mailbox<Bool>(), Mailbox<Bool>())
    try await withEngine(configure: {
      $0.allowRequest = { _ in
        asked.put(true)
        return (try? await mayAnswer.next()) ?? false
      }
    }) { _, port in
      let early = Self.frames("4one", "4two")
      let request = ByteBuffer(string: Self.upgrade(Self.path))
      let client = try await EarlyClient(port: port, request, with: comeWithTheRequest ? early : ByteBuffer())
      _ = try await asked.next()
      if !comeWithTheRequest { try await client.connection.send(early) }
      mayAnswer.put(true)
      #expect(try await client.texts(3).dropFirst() == ["4one", "4two"])
      try await client.connection.send(Self.frames("4three"))
      #expect(try await client.texts(1) == ["4three"])
    }
  }

  @Test(arguments: [1, 2]) func aProbeWithItsRequestMakesNobodyDeaf(threads: Int) async throws {
    try await withEngine(threads: threads) { _, port in
      for _ in 0..<4 {
        let (_, path) = try await EngineHTTPTests.open(port)
        let request = ByteBuffer(string: Self.upgrade(path.replacing("transport=polling", with: "transport=websocket")))
        let client = try await EarlyClient(port: port, request, with: Self.frames("2probe"))
        #expect(try await client.texts(1) == ["3probe"])
        try await client.connection.send(Self.frames("5", "4on"))
        #expect(try await client.texts(1) == ["4on"])
        await client.connection.close()
      }
    }
  }

  @Test func aPlaceThatWasTakenMeanwhileIsRefusedInWords() async throws {
    let (asked, mayAnswer) = (Mailbox<Bool>(), Mailbox<Bool>())
    try await withEngine(configure: {
      $0.maxSessions = 1
      $0.allowRequest = { _ in
        asked.put(true)
        return (try? await mayAnswer.next()) ?? false
      }
    }) { server, port in
      let attempts = (0..<2).map { _ in Task { try await TestWebSocket(port: port, path: Self.path) } }
      for _ in attempts { _ = try await asked.next() }
      for _ in attempts { mayAnswer.put(true) }
      var refused: [Int] = []
      for attempt in attempts {
        do {
          _ = try await attempt.value
        } catch let refusal as TestWebSocket.Refused {
          refused.append(refusal.answer.status)
        }
      }
      #expect(refused == [503] && server.counters().sessions == 1)
    }
  }

  @Test func anUpgradeThatStallsIsGivenUpAndPollingGoesOn() async throws {
    try await withEngine(configure: { $0.upgradeTimeout = .milliseconds(100) }) { _, port in
      let (http, path) = try await EngineHTTPTests.open(port)
      let socket = try await TestWebSocket(
        port: port, path: path.replacing("transport=polling", with: "transport=websocket"))
      #expect(try await socket.closeCode().0 == 1000)
      #expect(try await http.post(path, "4on").body == "ok")
      #expect(try await http.get(path).body == "4on")
    }
  }

  @Test func aRequestForAnotherUpgradeIsAnsweredAsIfItAskedForNone() async throws {
    try await withEngine { _, port in
      let http = try await TestHTTP(port: port)
      let answer = try await http.request(
        "GET", "/plain", headers: ["Upgrade": "h2c", "Connection": "Upgrade, HTTP2-Settings", "HTTP2-Settings": "x"])
      #expect(answer.status == 200)
      #expect(try await http.get("/plain").body == "plain")
    }
  }

  @Test func closingTheServerTellsEveryone() async throws {
    try await withEngine(threads: 2) { server, port in
      let socket = try await Self.open(port)
      let (poller, path) = try await EngineHTTPTests.open(port)
      try await poller.send("GET", path)
      let idle = try await EngineHTTPTests.open(port)
      #expect(try await idle.0.post(path, "3").body == "ok")
      await server.close()
      let (code, reason) = try await socket.closeCode()
      #expect(code == 1001 && reason == "server shutting down")
      #expect(try await poller.answer().body == "1")
      #expect(try await idle.0.get(idle.1).body == "1")
      #expect(try await idle.0.get(EngineHTTPTests.path).status == 503)
      #expect(server.counters().sessions == 0)
    }
  }
}

extension EngineWebSocketTests {
  static func upgrade(_ path: String) -> String {
    "GET \(path) HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
      + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
  }

  static func frames(_ texts: String...) -> ByteBuffer {
    var frames = ByteBuffer()
    for text in texts {
      frames.writeMaskedWebSocketFrame(.text, payload: ByteBuffer(string: text), key: 0x0102_0304)
    }
    return frames
  }

  /// A client that doesn't wait for the answer to its upgrade.
  private actor EarlyClient {
    let connection: TestConnection
    private var parser = WebSocketMessageParser(reading: .server, maxMessageBytes: 1 << 16, allowsCompression: false)
    private var head: ByteBuffer? = ByteBuffer()

    init(port: Int, _ request: ByteBuffer, with early: ByteBuffer) async throws {
      connection = try await TestConnection(port: port)
      var bytes = request
      bytes.writeImmutableBuffer(early)
      try await connection.send(bytes)
    }

    /// So many texts, behind the answer's head.
    func texts(_ count: Int) async throws -> [String] {
      var texts: [String] = []
      while texts.count < count {
        if head == nil, let message = try parser.next() {
          guard case .text(let text) = message else { throw Unexpected(what: "\(message)") }
          texts.append(String(buffer: text))
          continue
        }
        let bytes = try #require(try await connection.read())
        guard var whole = head else {
          parser.append(bytes)
          continue
        }
        whole.writeImmutableBuffer(bytes)
        head = whole
        let text = String(buffer: whole)
        guard let end = text.firstRange(of: "\r\n\r\n") else { continue }
        #expect(text.hasPrefix("HTTP/1.1 101 "))
        whole.moveReaderIndex(forwardBy: text[..<end.upperBound].utf8.count)
        parser.append(whole)
        head = nil
      }
      return texts
    }
  }
}
