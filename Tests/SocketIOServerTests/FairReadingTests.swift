import EngineIO
import NIOCore
import SocketIO
import SocketIOServer
import Synchronization
import Testing

/// Whoever writes without end takes his turn and no more, and whoever is held waits without losing anything.
@Suite(.timeLimit(.minutes(2))) struct FairReadingTests {
  /// Masked text frames of `4` and a packet each.
  private static func frames(_ packets: some Sequence<String>) -> ByteBuffer {
    var bytes = ByteBuffer()
    for packet in packets {
      bytes.writeMaskedWebSocketFrame(.text, payload: ByteBuffer(string: packet), key: 0x0102_0304)
    }
    return bytes
  }

  @Test(arguments: [1, 2]) func othersAreAnsweredWhileOneWritesAMegabyteAtOnce(threads: Int) async throws {
    let handled = Atomic(0)
    let began = Mailbox<Void>()
    let count = 200_000
    try await withServer(
      threads: threads,
      setUp: { server in
        server.of("/").onConnection { socket in
          socket.on("flood") { _ in
            if handled.wrappingAdd(1, ordering: .relaxed).oldValue == 0 { began.put(()) }
          }
          socket.on("how many") { $0.acknowledge(.int(Int64(handled.load(ordering: .relaxed)))) }
        }
      }
    ) { _, port in
      let flood = try await connect(port)
      let other = try await connect(port)
      let bytes = Self.frames((0..<count).lazy.map { _ in #"42["flood"]"# })
      async let written: Void = flood.connection.send(bytes)
      try await began.next()
      try await other.send(#"421["how many"]"#)
      let answer = try await other.text()
      #expect(try Self.number(in: answer) < count, "all of the flood came first")
      try await written
      await flood.close()
    }
  }

  @Test func othersAreAnsweredWhileOnePostsThousandsOfPackets() async throws {
    let handled = Atomic(0)
    let began = Mailbox<Void>()
    let count = 20_000
    try await withServer(setUp: { server in
      server.of("/").onConnection { socket in
        socket.on("flood") { _ in
          if handled.wrappingAdd(1, ordering: .relaxed).oldValue == 0 { began.put(()) }
        }
        socket.on("how many") { $0.acknowledge(.int(Int64(handled.load(ordering: .relaxed)))) }
      }
    }) { _, port in
      let http = try await TestHTTP(port: port)
      let path = "/socket.io/?EIO=4&transport=polling"
      let session = try await sid(of: http.get(path).body)
      #expect(try await http.post("\(path)&sid=\(session)", "40").body == "ok")
      let other = try await connect(port)
      let body = repeatElement(#"42["flood"]"#, count: count).joined(separator: "\u{1e}")
      async let posted = http.post("\(path)&sid=\(session)", body)
      try await began.next()
      try await other.send(#"421["how many"]"#)
      let answer = try await other.text()
      #expect(try Self.number(in: answer) < count, "all of the flood came first")
      // It is answered when all of it has been handled: the client knows that it may go on.
      #expect(try await posted.body == "ok")
      #expect(handled.load(ordering: .relaxed) == count)
    }
  }

  @Test func aBodyHasSoManyPackets() async throws {
    try await withServer(setUp: { $0.of("/").onConnection { _ in } }) { _, port in
      let http = try await TestHTTP(port: port)
      let path = "/socket.io/?EIO=4&transport=polling"
      let session = try await sid(of: http.get(path).body)
      #expect(try await http.post("\(path)&sid=\(session)", "40").body == "ok")
      let tooMany = repeatElement("6", count: EngineLimits.maxPacketsPerBody + 1).joined(separator: "\u{1e}")
      #expect(try await http.post("\(path)&sid=\(session)", tooMany).status == 400)
      #expect(try await http.post("\(path)&sid=\(session)", "6").status == 400)
    }
  }

  /// Holds at random, over both transports: everything comes, in order, and others are served meanwhile.
  @Test(arguments: [0, 1, 2, 3]) func whoIsHeldLosesNothing(seed: Int) async throws {
    let seen = Mutex<[Int]>([])
    try await withServer(setUp: { server in
      server.of("/").onConnection { socket in
        socket.on("n") { event in
          let number = Int(event.arguments[0].int ?? -1)
          seen.withLock { $0.append(number) }
          if (number * 7 + seed) % 31 == 0 { socket.pauseReading(for: .milliseconds(Int64(1 + number % 4))) }
          event.acknowledge(.int(Int64(number)))
        }
        socket.on("echo") { $0.acknowledge(arguments: $0.arguments) }
      }
    }) { _, port in
      let other = try await connect(port)
      let packets = (0..<600).map { #"42\#($0)["n",\#($0)]"# }
      if seed % 2 == 0 {
        let held = try await connect(port)
        // In pieces that end anywhere.
        var bytes = Self.frames(packets)
        while bytes.readableBytes > 0 {
          let piece = bytes.readSlice(length: min(bytes.readableBytes, 97 + seed * 1_000))
          try await held.connection.send(try #require(piece))
        }
        for number in packets.indices {
          #expect(try await held.text() == "43\(number)[\(number)]")
        }
        await held.close()
      } else {
        let http = try await TestHTTP(port: port)
        let path = "/socket.io/?EIO=4&transport=polling"
        let session = try await sid(of: http.get(path).body)
        #expect(try await http.post("\(path)&sid=\(session)", "40").body == "ok")
        for start in stride(from: 0, to: packets.count, by: 200) {
          let body = packets[start..<start + 200].joined(separator: "\u{1e}")
          #expect(try await http.post("\(path)&sid=\(session)", body).body == "ok")
        }
      }
      #expect(seen.withLock { $0 } == Array(packets.indices))
      try await other.send(#"427["echo","still here"]"#)
      #expect(try await other.text() == #"437["still here"]"#)
    }
  }

  @Test func whoIsHeldAndLeavesIsGone() async throws {
    let left = Mailbox<DisconnectReason>()
    try await withServer(setUp: { server in
      server.of("/").onConnection { socket in
        socket.on("hold") { _ in socket.pauseReading(for: .milliseconds(50)) }
        socket.onDisconnect { left.put($0) }
      }
    }) { server, port in
      let held = try await connect(port)
      try await held.send(#"42["hold"]"#)
      await held.close()
      _ = try await left.next()
      #expect(server.of("/").socketCount == 0)
    }
  }

  /// Of an ack with one number.
  private static func number(in ack: String) throws -> Int {
    let digits = ack.drop { $0 != "[" }.dropFirst().prefix(while: \.isNumber)
    return try #require(Int(digits))
  }
}
