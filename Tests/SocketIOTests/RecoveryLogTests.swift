import NIOCore
import SocketIO
import Testing

@Suite struct RecoveryLogTests {
  private typealias Log = RecoveryLog<String>

  private func log(lifetime: Int64 = 100, maxBytes: Int = 1 << 20, maxSessions: Int = 10) -> Log {
    Log(lifetime: lifetime, maxBytes: maxBytes, maxSessions: maxSessions)
  }

  private func session(_ id: String, rooms: [String] = []) -> Log.Session {
    Log.Session(socketID: id, privateID: "p-" + id, rooms: rooms, context: "context of " + id)
  }

  // What changes its receiver can't stand inside of a macro.
  private func present<Value>(_ value: Value?) throws -> Value { try #require(value) }
  private func expectNothing<Value>(_ value: Value?, _ comment: Comment? = nil) { #expect(value == nil, comment) }

  private func offset(_ packet: SocketPacket) -> String? {
    guard case .array(let elements) = packet.data else { return nil }
    return elements.last?.string
  }

  @Test func whatWasMissedComesInOrderAndOnlyWhatWasForIt() throws {
    var log = log()
    let seen = try present(log.note(.event("seen", []), scope: BroadcastScope(), now: 0))
    log.keep(session("a", rooms: ["news"]), now: 1)
    for (name, scope) in [
      ("all", BroadcastScope()), ("room", BroadcastScope(rooms: ["news"])), ("own", BroadcastScope(rooms: ["a"])),
      ("others", BroadcastScope(rooms: ["b"])), ("spared", BroadcastScope(except: ["news"])),
    ] { _ = log.note(.event(name, [1]), scope: scope, now: 2) }
    let last = try #require(offset(seen.packet))
    let restored = try present(log.restore(privateID: "p-a", offset: last, now: 3))
    let names = restored.missed.map { packet -> String? in
      guard case .array(let elements) = packet.data else { return nil }
      return elements.first?.string
    }
    #expect(names == ["all", "room", "own"])
    #expect(restored.next == seen.number + 6)
    #expect(restored.session.context == "context of a")
    expectNothing(log.restore(privateID: "p-a", offset: last, now: 3), "once only")
  }

  @Test func whatAsksForAnAckOrIsVolatileHasNoOffset() {
    var log = log()
    expectNothing(log.note(.event("ask", [], id: 1), scope: BroadcastScope(), now: 0))
    expectNothing(log.note(.event("now", []), scope: BroadcastScope(isVolatile: true), now: 0))
    expectNothing(log.note(SocketPacket(.ack, id: 1, data: .array([])), scope: BroadcastScope(), now: 0))
    #expect(log.kept.packets == 0)
  }

  @Test func timeAndBytesAndSessionsAreBounded() throws {
    var log = log(lifetime: 100, maxBytes: 10_000, maxSessions: 2)
    let first = try present(log.note(.event("first", []), scope: BroadcastScope(), now: 0))
    for number in 0..<10_000 {
      _ = log.note(.event("x", [.binary(ByteBuffer(repeating: 0, count: 900))]), scope: BroadcastScope(), now: 1)
      #expect(log.kept.bytes <= 10_000, "after \(number)")
    }
    #expect((1...11).contains(log.kept.packets))
    for id in ["a", "b", "c"] { log.keep(session(id), now: 2) }
    #expect(log.kept.sessions == 2)
    let gone = try #require(offset(first.packet))
    expectNothing(log.restore(privateID: "p-a", offset: gone, now: 3), "the packets behind it are not all there")

    let late = try present(log.note(.event("late", []), scope: BroadcastScope(), now: 50))
    let last = try #require(offset(late.packet))
    expectNothing(log.restore(privateID: "p-b", offset: last, now: 103), "away for too long")
    log.keep(session("d"), now: 150)
    expectNothing(log.restore(privateID: "p-d", offset: last, now: 151), "the packet is too old")
  }

  @Test(arguments: ["", "-1", "zzzzzzzzzzzzzzzzzzzz", "é", "1.0", " 0"])
  func strangeOffsetsAreNotKnown(offset: String) {
    var log = log()
    _ = log.note(.event("x", []), scope: BroadcastScope(), now: 0)
    log.keep(session("a"), now: 0)
    expectNothing(log.restore(privateID: "p-a", offset: offset, now: 1))
  }
}
