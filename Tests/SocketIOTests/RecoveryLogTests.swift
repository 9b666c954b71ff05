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

  // MARK: Whom nothing was sent to, and who took something else for an offset

  private func traced(_ id: String, _ trace: RecoveryTrace, rooms: [String] = []) -> Log.Session {
    Log.Session(socketID: id, privateID: "p-" + id, rooms: rooms, context: "", trace: trace)
  }

  private func names(_ packets: [SocketPacket]) -> [String] { packets.compactMap { $0.data?[0]?.string } }

  @Test func aClientThatSawNothingYetGetsEverythingSinceItsConnect() throws {
    var log = log()
    _ = log.note(.event("before", []), scope: BroadcastScope(), now: 0)
    let trace = RecoveryTrace(start: log.nextNumber)
    _ = log.note(.event("lost on the way", []), scope: BroadcastScope(), now: 1)
    log.keep(traced("a", trace), now: 2)
    _ = log.note(.event("missed", []), scope: BroadcastScope(), now: 3)
    let restored = try present(log.restore(privateID: "p-a", offset: nil, now: 4))
    #expect(names(restored.missed) == ["lost on the way", "missed"])
  }

  @Test func aQuietClientIsRecoveredHoweverOldItsLastEventIs() throws {
    var log = self.log(lifetime: 100)
    var trace = RecoveryTrace(start: 0)
    let seen = try present(log.note(.event("seen", []), scope: BroadcastScope(), now: 0))
    trace.sent(seen.number)
    for moment in 1..<500 {
      _ = log.note(.event("others'", []), scope: BroadcastScope(rooms: ["b"]), now: Int64(moment))
    }
    let last = try #require(offset(seen.packet))
    log.keep(traced("a", trace), now: 500)
    _ = log.note(.event("missed", []), scope: BroadcastScope(), now: 510)
    #expect(names(try present(log.restore(privateID: "p-a", offset: last, now: 520)).missed) == ["missed"])
    // One that was sent something which is gone isn't.
    trace.sent(seen.number + 1)
    log.keep(traced("c", trace), now: 520)
    expectNothing(log.restore(privateID: "p-c", offset: last, now: 520))
  }

  @Test func anEventWithoutOffsetThatEndsInAStringDoesNotMislead() throws {
    var log = Log(lifetime: 100, maxBytes: 1 << 20, maxSessions: 10, mark: "x7.")
    var trace = RecoveryTrace(start: 0)
    for name in ["one", "two"] {
      trace.sent(try present(log.note(.event(name, []), scope: BroadcastScope(), now: 0)).number)
    }
    trace.sentMisleading()
    trace.sent(try present(log.note(.event("three", []), scope: BroadcastScope(), now: 1)).number)
    for taken in ["connected", "a", "0", "x7.zz", "x7.+1", ""] {
      log.keep(traced("a", trace), now: 2)
      #expect(names(try present(log.restore(privateID: "p-a", offset: taken, now: 3)).missed) == ["three"], "\(taken)")
    }
    log.keep(traced("b", RecoveryTrace(start: 0)), now: 2)
    expectNothing(log.restore(privateID: "p-b", offset: "connected", now: 3), "there was no such event")
  }

  /// Random events, losses and returns against a list of everything: a client that is recovered gets exactly what it has
  /// not seen, in order; and who was away shortly, with everything kept, is recovered.
  @Test func nothingIsMissedAndNothingComesTwice() throws {
    seeds: for seed in 0..<300 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed)
      var log = self.log(lifetime: 1_000_000, maxBytes: seed % 3 == 0 ? 2_000 : 1 << 20)
      var trace = RecoveryTrace(start: 0)
      var wanted: [String] = []
      var seen: (count: Int, offset: String?) = (0, nil)
      var isAway = false
      for number in 0..<200 {
        switch Int.random(in: 0..<10, using: &generator) {
        case 0 where !isAway:
          log.keep(traced("a", trace, rooms: ["r"]), now: Int64(number))
          isAway = true
        case 1 where isAway:
          guard let restored = log.restore(privateID: "p-a", offset: seen.offset, now: Int64(number)) else {
            #expect(seed % 3 == 0, "everything is kept, so it must be recovered")
            continue seeds
          }
          #expect(names(restored.missed) == Array(wanted[seen.count...]))
          trace = try #require(restored.session.trace)
          seen = (wanted.count, restored.missed.last.flatMap(offset) ?? seen.offset)
          isAway = false
        default:
          let isMine = Bool.random(using: &generator)
          let scope = BroadcastScope(rooms: [isMine ? "r" : "s"])
          let noted = try present(log.note(.event("\(number)", []), scope: scope, now: Int64(number)))
          guard isMine else { continue }
          wanted.append("\(number)")
          guard !isAway else { continue }
          trace.sent(noted.number)
          // What is sent may be lost with the connection: from then on nothing arrives.
          if seen.count == wanted.count - 1, Int.random(in: 0..<20, using: &generator) > 0 {
            seen = (wanted.count, offset(noted.packet))
          }
        }
      }
    }
  }
}
