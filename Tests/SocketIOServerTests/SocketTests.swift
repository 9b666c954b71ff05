import EngineIO
import NIOCore
import SocketIO
import SocketIOServer
import Testing

@Suite(.timeLimit(.minutes(2))) struct SocketTests {
  @Test func connectCarriesAuthAndUnknownNamespacesAreRefused() async throws {
    try await withServer(setUp: { server in
      server.of("/").onConnection { $0.emit("auth", $0.handshake.auth) }
      server.of("custom").onConnection { $0.emit("auth", $0.handshake.auth) }
    }) { _, port in
      let socket = try await connect(port, auth: #"{"token":"x"}"#)
      #expect(try await socket.text() == #"42["auth",{"token":"x"}]"#)
      try await socket.send("40/custom,")
      #expect(try await socket.text().hasPrefix(#"40/custom,{"sid":""#))
      #expect(try await socket.text() == #"42/custom,["auth",{}]"#)
      try await socket.send("40/random,")
      #expect(try await socket.text() == #"44/random,{"message":"Invalid namespace"}"#)
    }
  }

  @Test func aMiddlewareRefusesWithDataAndHandsOnItsContext() async throws {
    try await withServer(setUp: { server in
      server.of("/").use { connection in
        guard let name = connection.handshake.auth["name"]?.string else {
          throw ConnectError("no name", data: ["code": "unauthorized"])
        }
        connection.context = name
      }
      server.of("/").use { connection in
        if connection.handshake.cookies["broken"] != nil { throw CancellationError() }
      }
      server.of("/").onConnection { socket in
        socket.emit("hello", .string(socket.context as? String ?? ""), .string(socket.handshake.header("X-Test") ?? ""))
      }
    }) { server, port in
      let path = "/socket.io/?EIO=4&transport=websocket"
      let refused = try await TestWebSocket(port: port, path: path)
      _ = try await refused.text()
      try await refused.send("40")
      #expect(try await refused.text() == #"44{"message":"no name","data":{"code":"unauthorized"}}"#)
      // A second attempt on the same connection is allowed.
      try await refused.send(#"40{"name":"Ada"}"#)
      #expect(try await refused.text().hasPrefix(#"40{"sid":""#))
      let broken = try await TestWebSocket(port: port, path: path, headers: ["Cookie": "a=b; broken=1"])
      _ = try await broken.text()
      try await broken.send(#"40{"name":"Eve"}"#)
      #expect(try await broken.text() == #"44{"message":"Internal error"}"#)
      let socket = try await connect(port, auth: #"{"name":"Bob"}"#, headers: ["x-test": "yes"])
      #expect(try await socket.text() == #"42["hello","Bob","yes"]"#)
      #expect(server.of("/").socketCount == 2)
    }
  }

  @Test func noConnectWithinTheTimeoutEndsTheSession() async throws {
    try await withServer(configure: { $0.connectTimeout = .milliseconds(80) }) { server, port in
      let socket = try await TestWebSocket(port: port, path: "/socket.io/?EIO=4&transport=websocket")
      _ = try await socket.text()
      #expect(try await socket.closeCode().1 == "no namespace was joined in time")
      #expect(server.counters().sessions == 0)
    }
  }

  @Test func anAnswerIsDecodedOrTheFaultIsNamed() async throws {
    struct Where: Encodable { var room: String }
    struct Count: Decodable, Sendable { var listeners: Int }
    let counts = Mailbox<String>()
    try await withServer(setUp: { server in
      server.of("/").on("go") { event in
        Task {
          do {
            let count: Count = try await event.socket.emitWithAck(
              "count", encoding: Where(room: "booth"), timeout: .seconds(20))
            counts.put("\(count.listeners)")
          } catch {
            counts.put("\(error)")
          }
        }
      }
    }) { _, port in
      let socket = try await connect(port)
      for (number, answer) in [#"{"listeners":3}"#, #"{"listeners":"3"}"#, ""].enumerated() {
        try await socket.send(#"42["go"]"#)
        #expect(try await socket.text() == #"42\#(number)["count",{"room":"booth"}]"#)
        try await socket.send("43\(number)[\(answer)]")
      }
      #expect(try await counts.next() == "3")
      #expect(try await counts.next().contains("listeners"))
      #expect(try await counts.next().contains("the answer is empty"))
    }
  }

  struct Play: Decodable, Sendable { var trackId: String }
  struct Reply: Encodable, Sendable { var playing: String; var bytes: [UInt8] }

  @Test func acksAnswerTheClientOnceAndTypedOnesFromATask() async throws {
    try await withServer(setUp: { server in
      server.of("/").on("twice") { event in
        let first = event.acknowledge(.bool(event.expectsAcknowledgement))
        let second = event.acknowledge("again")
        event.socket.emit("done", .bool(first), .bool(second))
      }
      server.of("/").onConnection { socket in
        socket.on("play", as: Play.self) { play, _ in Reply(playing: play.trackId, bytes: [7]) }
      }
    }) { _, port in
      let socket = try await connect(port)
      try await socket.send(#"4212["twice"]"#)
      #expect(try await socket.text() == #"4312[true]"#)
      #expect(try await socket.text() == #"42["done",true,false]"#)
      try await socket.send(#"42["twice"]"#)
      #expect(try await socket.text() == #"42["done",false,false]"#)
      try await socket.send(#"425["play",{"trackId":"a"}]"#)
      #expect(try await socket.text() == #"461-5[{"playing":"a","bytes":{"_placeholder":true,"num":0}}]"#)
      #expect(try await socket.binary() == [7])
      try await socket.send(#"426["play",{"trackId":1}]"#)
      #expect(try await socket.text() == #"436[{"error":{"message":"trackId: should be a string, is a number"}}]"#)
    }
  }

  @Test func theServerAsksForAcks() async throws {
    let results = Mailbox<Result<SocketArguments, AckError>>()
    try await withServer(setUp: { server in
      server.of("/").onConnection { socket in
        Task {
          do throws(AckError) {
            results.put(.success(try await socket.emitWithAck("question", 1, timeout: .seconds(20))))
            _ = try await socket.emitWithAck("silence", timeout: .milliseconds(50))
          } catch {
            results.put(.failure(error))
          }
          do throws(AckError) {
            _ = try await socket.emitWithAck("gone", timeout: .seconds(20))
          } catch {
            results.put(.failure(error))
          }
        }
      }
    }) { _, port in
      let socket = try await connect(port)
      #expect(try await socket.text() == #"420["question",1]"#)
      try await socket.send(#"461-0[{"_placeholder":true,"num":0},"yes"]"#)
      try await socket.send(binary: [1, 2])
      #expect(try await results.next() == .success([.binary(ByteBuffer(bytes: [1, 2])), "yes"]))
      #expect(try await socket.text() == #"421["silence"]"#)
      #expect(try await results.next() == .failure(.timedOut))
      #expect(try await socket.text() == #"422["gone"]"#)
      await socket.close()
      #expect(try await results.next() == .failure(.disconnected))
    }
  }

  @Test func binaryGoesBothWaysNestedAndOverPolling() async throws {
    try await withServer(setUp: { server in
      server.of("/").on("message") { $0.socket.emit("message-back", arguments: $0.arguments) }
    }) { _, port in
      let socket = try await connect(port)
      try await socket.send(#"452-["message",{"a":[{"_placeholder":true,"num":1}]},{"_placeholder":true,"num":0}]"#)
      try await socket.send(binary: [1])
      try await socket.send(binary: [UInt8](repeating: 9, count: 300_000))
      #expect(
        try await socket.text()
          == #"452-["message-back",{"a":[{"_placeholder":true,"num":0}]},{"_placeholder":true,"num":1}]"#)
      #expect(try await socket.binary().count == 300_000)
      #expect(try await socket.binary() == [1])

      let http = try await TestHTTP(port: port)
      let path =
        "/socket.io/?EIO=4&transport=polling&sid="
        + (try sid(of: try await http.get("/socket.io/?EIO=4&transport=polling").body))
      _ = try await http.post(path, "40")
      #expect(try await http.get(path).body.hasPrefix("40{"))
      _ = try await http.post(path, "451-[\"message\",{\"_placeholder\":true,\"num\":0}]\u{1e}bAQID")
      #expect(try await http.get(path).body == "451-[\"message-back\",{\"_placeholder\":true,\"num\":0}]\u{1e}bAQID")
    }
  }

  @Test(arguments: [
    "4abc", "42{}", #"42abc["x"]"#, #"42["disconnect"]"#, #"4511-["a"]"#, "4", "49", #"42/other,["x"]"#, "43[]",
  ])
  func malformedAndOutOfStatePacketsCloseThatSessionOnly(text: String) async throws {
    try await withServer(setUp: { server in
      server.of("/").on("hi") { $0.acknowledge("hi") }
    }) { server, port in
      let bystander = try await connect(port)
      let socket = try await connect(port)
      try await socket.send(text)
      #expect(try await socket.closeCode().0 == 1007)
      try await bystander.send(#"421["hi"]"#)
      #expect(try await bystander.text() == #"431["hi"]"#)
      #expect(server.of("/").socketCount == 1)
    }
  }

  @Test func leavingIsToldWithItsReason() async throws {
    let log = Mailbox<String>()
    try await withServer(setUp: { server in
      server.of("/").onConnection { socket in
        socket.join("room")
        socket.onDisconnecting { log.put("leaving \(socket.rooms) \($0)") }
        socket.onDisconnect { log.put("left \(socket.rooms) \($0)") }
      }
      server.of("/").on("kick") { $0.socket.disconnect() }
      server.of("/").on("kill") { $0.socket.disconnect(close: true) }
    }) { server, port in
      for (say, reason) in [
        ("41", "client namespace disconnect"), (#"42["kick"]"#, "server namespace disconnect"),
        (#"42["kill"]"#, "server namespace disconnect"), ("1", "transport close"), ("4?", "parse error"),
      ] {
        let socket = try await connect(port)
        try await socket.send(say)
        #expect(try await log.next() == #"leaving ["room"] \#(reason)"#)
        #expect(try await log.next() == "left [] \(reason)")
        if say.hasPrefix("42") { #expect(try await socket.text() == "41") }
        if say.contains("kill") { #expect(try await socket.closeCode().0 == 1000) }
        await socket.close()
      }
      let socket = try await connect(port)
      await socket.close()
      #expect(try await log.next() == #"leaving ["room"] transport close"#)
      #expect(try await log.next() == "left [] transport close")
      #expect(server.of("/").socketCount == 0)
    }
  }
}
