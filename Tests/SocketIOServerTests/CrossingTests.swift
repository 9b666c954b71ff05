import EngineIO
import NIOCore
import SocketIO
import SocketIOServer
import Testing

/// What crosses on the way: a client that leaves and comes again before it has heard, and so takes itself to be in what
/// is being asked anew; answers to what a former socket was asked.
@Suite(.timeLimit(.minutes(2))) struct CrossingTests {
  private struct Gate {
    let asked = Mailbox<Bool>()
    let answer = Mailbox<Bool>()

    /// Lets everybody in, or asks about those whose `auth` says so.
    func use(in namespace: Namespace) {
      namespace.use { [asked, answer] connection in
        guard connection.handshake.auth["waits"] == .bool(true) else { return }
        asked.put(true)
        guard try await answer.next() else { throw ConnectError("no") }
      }
      namespace.on("say") { $0.acknowledge(arguments: $0.arguments) }
    }
  }

  @Test func eventsBehindASecondConnectReachTheSocketThatComesOfIt() async throws {
    let gate = Gate()
    try await withServer(threads: 2, setUp: { gate.use(in: $0.of("/")) }) { server, port in
      let client = try await connect(port)
      try await client.send(#"40{"waits":true}"#)
      for number in 0..<5 { try await client.send(#"42\#(number)["say",\#(number)]"#) }
      try await client.send(#"451-5["say",{"_placeholder":true,"num":0}]"#)
      try await client.send(binary: [1, 2, 3])
      // An answer to something that the former socket asked.
      try await client.send("437[]")
      _ = try await gate.asked.next()
      gate.answer.put(true)
      #expect(try await client.text().hasPrefix("40{"))
      for number in 0..<5 { #expect(try await client.text() == "43\(number)[\(number)]") }
      #expect(try await client.text() == #"461-5[{"_placeholder":true,"num":0}]"#)
      #expect(try await client.binary() == [1, 2, 3])
      #expect(server.of("/").socketCount == 1 && server.counters().assemblyBytes == 0)
    }
  }

  @Test(arguments: ["refused", "left"])
  func eventsForASocketThatNeverIsAreDropped(how: String) async throws {
    let gate = Gate()
    try await withServer(setUp: { gate.use(in: $0.of("/")) }) { server, port in
      let client = try await connect(port)
      try await client.send(#"40{"waits":true}"#)
      try await client.send(#"421["say","dropped \#(String(repeating: "x", count: 50_000))"]"#)
      _ = try await gate.asked.next()
      if how == "refused" {
        gate.answer.put(false)
        #expect(try await client.text() == #"44{"message":"no"}"#)
      } else {
        try await client.send("41")
        gate.answer.put(true)
      }
      try await client.send("40")
      #expect(try await client.text().hasPrefix("40{"))
      try await client.send(#"422["say","kept"]"#)
      #expect(try await client.text() == #"432["kept"]"#)
      #expect(server.counters().assemblyBytes == 0)
    }
  }

  @Test func whatWaitsForASocketIsBounded() async throws {
    let gate = Gate()
    try await withServer(configure: { $0.eventQueue.maxBytes = 20_000 }, setUp: { gate.use(in: $0.of("/")) }) {
      server, port in
      let client = try await connect(port)
      try await client.send(#"40{"waits":true}"#)
      _ = try await gate.asked.next()
      // In one piece: the server closes before it has read them all.
      var frames = ByteBuffer()
      for _ in 0..<5 {
        let text = #"42["say","\#(String(repeating: "x", count: 5_000))"]"#
        frames.writeMaskedWebSocketFrame(.text, payload: ByteBuffer(string: text), key: 1)
      }
      try await client.connection.send(frames)
      #expect(try await client.closeCode().0 == 1013)
      #expect(server.counters().sessions == 0)
      gate.answer.put(true)
    }
  }

  @Test func anAnswerToAFormerSocketIsNoneToTheNewOne() async throws {
    let answered = Mailbox<String?>()
    try await withServer(setUp: { server in
      server.of("/").onConnection { socket in
        socket.emit("question", arguments: [], timeout: .seconds(60)) { result in
          if case .success(let answer) = result { answered.put(answer[0].string) }
        }
      }
    }) { _, port in
      let client = try await connect(port)
      let former = try id(of: try await client.text())
      try await client.send("41")
      try await client.send("40")
      #expect(try await client.text().hasPrefix("40{"))
      let latter = try id(of: try await client.text())
      #expect(former != latter)
      try await client.send(#"43\#(former)["former"]"#)
      try await client.send(#"43\#(latter)["latter"]"#)
      #expect(try await answered.next() == "latter")
    }
  }

  /// The ack id of `42…["question"]`.
  private func id(of text: String) throws -> UInt64 {
    #expect(text.hasPrefix("42") && text.hasSuffix(#"["question"]"#))
    return try #require(UInt64(text.dropFirst(2).prefix { $0 != "[" }))
  }

  @Test func whoListensForTheEndOfASocketThatHasEndedHearsIt() async throws {
    let ended = Mailbox<DisconnectReason>()
    try await withServer(setUp: { server in
      server.of("/").onConnection { socket in
        socket.disconnect()
        socket.onDisconnect { ended.put($0) }
      }
    }) { _, port in
      _ = try await connect(port)
      #expect(try await ended.next() == .serverNamespaceDisconnect)
    }
  }

  private static let tooMuch = String(repeating: "x", count: SocketIOLimits.maxConnectBytes)

  @Test func aConnectThatIsTooLargeIsRefusedAndTheConnectionStays() async throws {
    try await withServer(setUp: { server in
      for name in ["/", "/other"] { server.of(name).on("say") { $0.acknowledge(arguments: $0.arguments) } }
    }) { server, port in
      let refusal = #"{"message":"CONNECT has more than 16384 bytes"}"#
      let client = try await connect(port, "/other")
      try await client.send(#"40{"token":"\#(Self.tooMuch)"}"#)
      #expect(try await client.text() == "44" + refusal)
      try await client.send("40")
      #expect(try await client.text().hasPrefix("40{"))
      // As any that is refused, it takes the socket's place.
      try await client.send(#"40{"token":"\#(Self.tooMuch)"}"#)
      #expect(try await client.text() == "44" + refusal)
      #expect(server.of("/").socketCount == 0)
      try await client.send(#"42/other,1["say",1]"#)
      #expect(try await client.text() == "43/other,1[1]")

      let http = try await TestHTTP(port: port)
      let polling = "/socket.io/?EIO=4&transport=polling"
      let path = polling + "&sid=" + (try sid(of: try await http.get(polling).body))
      #expect(try await http.post(path, #"40/other,{"token":"\#(Self.tooMuch)"}"#).body == "ok")
      #expect(try await http.get(path).body == "44/other," + refusal)
      #expect(try await http.post(path, "40").body == "ok")
      #expect(try await http.get(path).body.hasPrefix("40{"))
    }
  }

  @Test func theProgramSaysHowItIsRefused() async throws {
    try await withServer(configure: {
      $0.oversizedConnect = ConnectError("no", data: ["code": "too_large"])
    }) { _, port in
      let client = try await TestWebSocket(port: port, path: "/socket.io/?EIO=4&transport=websocket")
      _ = try await client.text()
      try await client.send(#"40{"token":"\#(Self.tooMuch)"}"#)
      #expect(try await client.text() == #"44{"message":"no","data":{"code":"too_large"}}"#)
    }
  }
}
