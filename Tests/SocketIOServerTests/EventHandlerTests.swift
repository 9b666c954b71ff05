import EngineIO
import NIOCore
import SocketIO
import SocketIOServer
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(2))) struct EventHandlerTests {
  struct Number: Codable, Sendable { var value: Int }

  /// Handlers that wait for very different times answer in the order of the events, whatever the socket sends between.
  @Test func asynchronousHandlersKeepTheOrderOfOneSocketsEvents() async throws {
    let gates = (0..<2).map { _ in Mailbox<Int>() }
    try await withServer(setUp: { server in
      server.of("/").on("slow") { event async throws in
        // Whoever is asked first is let go last.
        _ = try await gates[Int(event.arguments[0].int ?? 0)].next()
        event.acknowledge(event.arguments[0])
      }
      server.of("/").onConnection { socket in
        socket.on("typed", as: Number.self) { number, _ in Number(value: number.value + 1) }
        socket.on("quick") { $0.acknowledge("at once") }
      }
    }) { _, port in
      let socket = try await connect(port)
      try await socket.send(#"420["slow",0]"#)
      try await socket.send(#"421["slow",1]"#)
      try await socket.send(#"422["typed",{"value":7}]"#)
      try await socket.send(#"423["quick"]"#)
      // What doesn't wait isn't kept waiting.
      #expect(try await socket.text() == #"433["at once"]"#)
      gates[1].put(0)
      gates[0].put(0)
      #expect(try await socket.text() == #"430[0]"#)
      #expect(try await socket.text() == #"431[1]"#)
      #expect(try await socket.text() == #"432[{"value":8}]"#)
    }
  }

  @Test func socketsDontWaitForEachOther() async throws {
    let gate = Mailbox<Int>()
    try await withServer(setUp: { server in
      server.of("/").on("wait") { event async throws in
        if event.arguments.first == "long" { _ = try await gate.next() }
        event.acknowledge()
      }
    }) { _, port in
      let (first, second) = (try await connect(port), try await connect(port))
      try await first.send(#"420["wait","long"]"#)
      try await second.send(#"420["wait"]"#)
      #expect(try await second.text() == "430[]")
      gate.put(0)
      #expect(try await first.text() == "430[]")
    }
  }

  @Test(arguments: [true, false]) func whatWaitsIsBoundedAndTheRestIsRefusedByName(byCount: Bool) async throws {
    let gate = Mailbox<Int>()
    let refused = Mailbox<String>()
    try await withServer(
      configure: {
        if byCount { $0.eventQueue.maxEvents = 3 } else { $0.eventQueue.maxBytes = 3_500 }
      },
      setUp: { server in
        server.of("/").onConnection { socket in
          socket.onError { event, error in refused.put("\(event.arguments.first?.int ?? 0) \(error)") }
        }
        server.of("/").on("work") { event async throws in
          _ = try await gate.next()
          event.acknowledge(event.arguments[0])
        }
      }
    ) { _, port in
      let socket = try await connect(port)
      let padding = String(repeating: "x", count: 1_000)
      // One runs, two wait.
      for number in 0..<5 { try await socket.send(#"42\#(number)["work",\#(number),"\#(padding)"]"#) }
      for number in 3..<5 {
        #expect(try await socket.text() == #"43\#(number)[{"error":{"message":"too many events are waiting"}}]"#)
        #expect(try await refused.next().hasPrefix("\(number) "))
      }
      for number in 0..<3 {
        gate.put(0)
        #expect(try await socket.text() == "43\(number)[\(number)]")
      }
      // And there is place again.
      gate.put(0)
      try await socket.send(#"429["work",9]"#)
      #expect(try await socket.text() == "439[9]")
    }
  }

  @Test func theBytesOfAllSocketsAreBounded() async throws {
    let gate = Mailbox<Int>()
    try await withServer(
      configure: { $0.eventQueue.maxBytesInAll = 2_500 },
      setUp: { server in
        server.of("/").on("work") { event async throws in
          _ = try await gate.next()
          event.acknowledge()
        }
      }
    ) { _, port in
      let padding = String(repeating: "x", count: 1_000)
      let (first, second) = (try await connect(port), try await connect(port))
      try await first.send(#"420["work","\#(padding)"]"#)
      try await first.send(#"421["work","\#(padding)"]"#)
      try await first.send(#"422["work","\#(padding)"]"#)
      #expect(try await first.text().contains("too many events"))
      try await second.send(#"420["work","\#(padding)"]"#)
      #expect(try await second.text().contains("too many events"))
      for _ in 0..<3 { gate.put(0) }
      #expect(try await first.text() == "430[]")
      #expect(try await first.text() == "431[]")
      // Their bytes are given back a moment after their acks.
      var answer: String
      repeat {
        try await second.send(#"421["work","\#(padding)"]"#)
        answer = try await second.text()
      } while answer.contains("too many events")
      #expect(answer == "431[]")
    }
  }

  @Test func whatWasAcceptedIsHandledAlsoWhenTheSocketHasLeft() async throws {
    let (gate, handled) = (Mailbox<Int>(), Mailbox<Int64>())
    try await withServer(setUp: { server in
      server.of("/").on("save") { event async throws in
        _ = try await gate.next()
        handled.put(event.arguments[0].int ?? -1)
      }
      server.of("/").onDisconnect { _, _ in for _ in 0..<3 { gate.put(0) } }
    }) { _, port in
      let socket = try await connect(port)
      for number in 0..<3 { try await socket.send(#"42["save",\#(number)]"#) }
      try await socket.send("41")
      for number in 0..<3 { #expect(try await handled.next() == Int64(number)) }
    }
  }

  @Test func aHandlerMayReturnNothingOrRefuseInItsOwnWords() async throws {
    try await withServer(setUp: { server in
      server.of("/").on("save", as: Number.self) { number, _ in
        if number.value < 0 { throw EventError("negative", data: ["code": "range"]) }
        if number.value > 9 { throw CancellationError() }
      }
      server.of("/").on("ask", as: Number.self) { number, _ async throws -> Number in throw EventError("closed") }
      server.of("/").on("raw") { _ async throws in throw EventError("no") }
    }) { _, port in
      let socket = try await connect(port)
      for (said, heard) in [
        (#"["save",{"value":1}]"#, "[]"),
        (#"["save",{"value":-1}]"#, #"[{"error":{"message":"negative","data":{"code":"range"}}}]"#),
        (#"["save",{"value":10}]"#, #"[{"error":{"message":"internal error"}}]"#),
        (#"["save",{"value":"x"}]"#, #"[{"error":{"message":"value: should be a number, is a string"}}]"#),
        (#"["save"]"#, #"[{"error":{"message":"argument 0 is missing"}}]"#),
        (#"["ask",{"value":1}]"#, #"[{"error":{"message":"closed"}}]"#),
        (#"["raw"]"#, #"[{"error":{"message":"no"}}]"#),
      ] {
        try await socket.send("421" + said)
        #expect(try await socket.text() == "431" + heard)
      }
    }
  }

  @Test func aHandlerOfEveryEventThatWaitsMayStandInFront() async throws {
    let log = Mailbox<String>()
    try await withServer(setUp: { server in
      server.of("/").onConnection { socket in
        socket.onAny { event async in log.put("behind \(event.name)") }
        let gone = socket.prependAny { _ async in log.put("never") }
        socket.prependAny { event async in
          await Task.yield()
          log.put("in front \(event.name)")
        }
        socket.off(gone)
      }
    }) { _, port in
      let socket = try await connect(port)
      for event in ["x", "y"] { try await socket.send(#"42["\#(event)"]"#) }
      for line in ["in front x", "behind x", "in front y", "behind y"] { #expect(try await log.next() == line) }
    }
  }

  @Test func onceOffAndTheHandlersOfEveryEvent() async throws {
    let log = Mailbox<String>()
    @Sendable func note(_ who: String) -> @Sendable (SocketEvent) -> Void { { log.put("\(who) \($0.name)") } }
    try await withServer(setUp: { server in
      let namespace = server.of("/")
      namespace.onAny(note("namespace any"))
      let gone = namespace.onAny(note("never"))
      namespace.prependAny(note("namespace first"))
      namespace.offAny(gone)
      namespace.on("x", note("namespace"))
      namespace.once("x", note("namespace once"))
      namespace.off(namespace.on("x", note("never")))
      namespace.on("end") { $0.acknowledge() }
      namespace.onConnection { socket in
        socket.onAny(note("any"))
        socket.prependAny(note("first"))
        socket.once("x", note("once"))
        socket.on("x", note("socket"))
        socket.on("y", note("never"))
        socket.off(event: "y")
        let one = socket.on("z", note("never"))
        socket.off(one)
        socket.once("offAny") { _ in socket.offAny() }
      }
    }) { _, port in
      let socket = try await connect(port)
      for event in ["x", "x", "y", "z", "offAny", "end"] { try await socket.send(#"421["\#(event)"]"#) }
      #expect(try await socket.text() == "431[]")
      let any = ["first", "any", "namespace first", "namespace any"]
      let expected =
        (any + ["once", "socket", "namespace", "namespace once"]).map { $0 + " x" }
        + (any + ["socket", "namespace"]).map { $0 + " x" } + any.map { $0 + " y" } + any.map { $0 + " z" }
        + any.map { $0 + " offAny" } + any.dropFirst(2).map { $0 + " end" }
      for line in expected { #expect(try await log.next() == line) }
    }
  }

  /// Each of many connections takes its chance at once: one of them is the first.
  @Test func onceOfANamespaceIsOnceForAllSocketsOfAllEventLoops() async throws {
    let count = Counter()
    try await withServer(
      threads: 2,
      setUp: { server in
        server.of("/").once("first") { _ in count.add() }
        server.of("/").on("first") { $0.acknowledge() }
      }
    ) { _, port in
      try await withThrowingTaskGroup(of: Void.self) { tasks in
        for _ in 0..<8 {
          tasks.addTask {
            let socket = try await connect(port)
            try await socket.send(#"421["first"]"#)
            #expect(try await socket.text() == "431[]")
          }
        }
        try await tasks.waitForAll()
      }
    }
    #expect(count.value == 1)
  }

  @Test(arguments: [false, true]) func middlewaresOfEventsChangeRefuseAndKeepTheOrder(waits: Bool) async throws {
    let errors = Mailbox<String>()
    try await withServer(setUp: { server in
      let namespace = server.of("/")
      namespace.useForEvents { event in
        if event.arguments.first == "bad" { throw EventError("refused", data: ["at": "namespace"]) }
        event.arguments.append("namespace")
      }
      namespace.onConnection { socket in
        if waits {
          socket.use { event async throws in
            await Task.yield()
            if event.arguments.first == "worse" { throw CancellationError() }
            event.arguments.append("socket")
          }
        } else {
          socket.use { event in
            if event.arguments.first == "worse" { throw CancellationError() }
            event.arguments.append("socket")
          }
        }
        socket.onError { event, error in errors.put("\(event.name) \(error is EventError)") }
      }
      namespace.on("e") { $0.acknowledge(arguments: $0.arguments) }
    }) { _, port in
      let socket = try await connect(port)
      for (id, word) in ["good", "bad", "worse", "good"].enumerated() {
        try await socket.send(#"42\#(id)["e","\#(word)"]"#)
      }
      #expect(try await socket.text() == #"430["good","namespace","socket"]"#)
      #expect(try await socket.text() == #"431[{"error":{"message":"refused","data":{"at":"namespace"}}}]"#)
      #expect(try await socket.text() == #"432[{"error":{"message":"internal error"}}]"#)
      #expect(try await socket.text() == #"433["good","namespace","socket"]"#)
      #expect(try await errors.next() == "e true")
      #expect(try await errors.next() == "e false")
    }
  }

  @Test func whatIsSentIsSeenOnItsWay() async throws {
    let log = Mailbox<String>()
    try await withServer(setUp: { server in
      server.of("/").onConnection { socket in
        let second = socket.onAnyOutgoing { name, arguments in log.put("second \(name) \(arguments.count)") }
        socket.prependAnyOutgoing { name, _ in log.put("first \(name)") }
        socket.emit("single", 1, 2)
        socket.volatile.emit("volatile", arguments: [1])
        server.of("/").emit("broadcast", arguments: [1, 2, 3])
        socket.offAnyOutgoing(second)
        server.of("/").to([socket.id]).emit("narrow")
        socket.offAnyOutgoing()
        socket.emit("unseen")
      }
    }) { _, port in
      let socket = try await connect(port)
      for heard in [
        #"["single",1,2]"#, #"["volatile",1]"#, #"["broadcast",1,2,3]"#, #"["narrow"]"#, #"["unseen"]"#,
      ] { #expect(try await socket.text() == "42" + heard) }
      for line in [
        "first single", "second single 2", "first volatile", "second volatile 1", "first broadcast",
        "second broadcast 3", "first narrow",
      ] { #expect(try await log.next() == line) }
    }
  }
}

/// Counts from any thread.
private final class Counter: Sendable {
  private let count = Atomic<Int>(0)
  func add() { count.wrappingAdd(1, ordering: .relaxed) }
  var value: Int { count.load(ordering: .relaxed) }
}
