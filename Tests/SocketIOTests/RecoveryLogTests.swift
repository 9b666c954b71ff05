import NIOCore
import TestSupport
import Testing

@testable import SocketIO

@Suite struct RecoveryLogTests {
  private typealias Log = RecoveryLog<String>

  private func log(
    lifetime: Int64 = 100, arrivalTime: Int64 = 50, maxBytes: Int = 1 << 20, maxSessions: Int = 10, mark: String = ""
  ) -> Log {
    Log(lifetime: lifetime, arrivalTime: arrivalTime, maxBytes: maxBytes, maxSessions: maxSessions, mark: mark)
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

  /// Sessions that are lost, come back and are lost again, against a plain list of them.
  @Test(arguments: 0..<20 as Range<UInt64>) func lostSessionsAreKeptForTheirTime(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var log = log(lifetime: 20, maxSessions: 8)
    var model: [String: Int64] = [:]
    var now: Int64 = 0
    for _ in 0..<2_000 {
      now += Int64.random(in: 0...3, using: &random)
      let id = "\(Int.random(in: 0..<16, using: &random))"
      if Bool.random(using: &random) {
        model = model.filter { now - $0.value <= 20 }
        if model.count < 8 { model[id] = now }
        log.keep(traced(id, RecoveryTrace(start: 0)), now: now)
        #expect(log.kept.sessions == model.count)
      } else {
        let isThere = model.removeValue(forKey: id).map { now - $0 <= 20 } ?? false
        let restored = log.restore(privateID: "p-" + id, offset: nil, now: now)
        #expect((restored != nil) == isThere)
      }
    }
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
    trace.sent(seen.number, now: 0)
    for moment in 1..<500 {
      _ = log.note(.event("others'", []), scope: BroadcastScope(rooms: ["b"]), now: Int64(moment))
    }
    let last = try #require(offset(seen.packet))
    log.keep(traced("a", trace), now: 500)
    _ = log.note(.event("missed", []), scope: BroadcastScope(), now: 510)
    #expect(names(try present(log.restore(privateID: "p-a", offset: last, now: 520)).missed) == ["missed"])
    // One that was sent something which is gone isn't.
    trace.sent(seen.number + 1, now: 515)
    log.keep(traced("c", trace), now: 520)
    expectNothing(log.restore(privateID: "p-c", offset: last, now: 520))
  }

  @Test func anEventWithoutOffsetThatEndsInAStringDoesNotMislead() throws {
    var log = log(mark: "x7.")
    var trace = RecoveryTrace(start: 0)
    for name in ["one", "two"] {
      trace.sent(try present(log.note(.event(name, []), scope: BroadcastScope(), now: 0)).number, now: 0)
    }
    let texts = ["connected", "a", "0", "x7.zz", "x7.+1", "", "e\u{301}"]
    for text in texts { trace.sentMisleading(.init(text), now: 0) }
    trace.sent(try present(log.note(.event("three", []), scope: BroadcastScope(), now: 1)).number, now: 1)
    for taken in texts {
      log.keep(traced("a", trace), now: 2)
      #expect(names(try present(log.restore(privateID: "p-a", offset: taken, now: 3)).missed) == ["three"], "\(taken)")
    }
    for taken in ["another", "\u{e9}"] {
      log.keep(traced("b", trace), now: 2)
      expectNothing(log.restore(privateID: "p-b", offset: taken, now: 3), "there was no such event")
    }
  }

  @Test func whatCouldMeanSeveralPlacesIsNotGuessed() throws {
    var trace = RecoveryTrace(start: 0)
    trace.sentMisleading(.init("tick"), now: 0)
    #expect(trace.next(after: .init("tick"), number: nil, arrived: -100) == 0)
    trace.sent(0, now: 1)
    #expect(trace.next(after: .init("tick"), number: nil, arrived: -100) == 0)
    trace.sentMisleading(.init("tick"), now: 2)
    #expect(trace.next(after: .init("tick"), number: nil, arrived: -100) == nil)
    // When the number between them has certainly arrived, it's the later one.
    #expect(trace.next(after: .init("tick"), number: nil, arrived: 2) == 1)
    // More than is kept: a string that isn't known any more may have been any.
    for number in 0...SocketIOLimits.misleadingTexts { trace.sentMisleading(.init("\(number)"), now: 10) }
    #expect(trace.next(after: .init("5"), number: nil, arrived: 5) == nil)
    #expect(trace.next(after: .init("5"), number: nil, arrived: 11) == nil)
    #expect(trace.next(after: .init("\(SocketIOLimits.misleadingTexts)"), number: nil, arrived: 11) == 1)
    #expect(trace.next(after: .init("an offset"), number: 0, arrived: 5) == 1)
  }

  @Test func noOffsetLeadsBehindTheBeginning() throws {
    var log = log()
    for name in ["before", "long before"] { _ = log.note(.event(name, []), scope: BroadcastScope(), now: 0) }
    for offset in ["0", "1", nil] {
      log.keep(traced("a", RecoveryTrace(start: 2)), now: 1)
      #expect(try present(log.restore(privateID: "p-a", offset: offset, now: 2)).missed.isEmpty)
    }
  }

  /// As in `Socket.onevent` and `Socket.emitEvent` of the official client.
  @Test(
    arguments: [
      (.event("tick", []), "tick"), (.event("news", [1, "text"]), "text"), (.event("news", ["text", 1]), nil),
      (.event("ask", ["text"], id: 1), nil), (.event("ask", [], id: 0), nil),
      (SocketPacket(.ack, id: 1, data: ["text"]), nil), (SocketPacket(.connect, data: ["sid": "text"]), nil),
    ] as [(SocketPacket, String?)])
  func whatAClientTakesForAnOffsetIsKnown(packet: SocketPacket, taken: String?) {
    #expect(packet.takenForOffset == taken)
  }

  /// A client as the official one is, at the end of a link that may die before the server notices.
  private struct TestClient {
    var trace = RecoveryTrace(start: 0)
    /// The numbered events that are for it, and how many it has seen.
    var wanted: [String] = []
    var seen = 0
    /// What it takes for the last offset; it forgets that never.
    var taken: String?
    /// What it was sent on this connection that it may take for one, with how much was wanted then.
    var places: [(text: String, count: Int)] = []
    /// Since when nothing arrives.
    var deadSince: Int64?

    mutating func receive(_ text: String) {
      places.append((text, wanted.count))
      guard deadSince == nil else { return }
      (seen, taken) = (wanted.count, text)
    }

    /// Strings that look like offsets.
    static let likeOffsets = ["m.0", "m.5"]

    /// Whether what it takes for an offset can stand for one place only.
    var isClear: Bool {
      guard let taken else { return true }
      return !Self.likeOffsets.contains(taken) && Set(places.filter { $0.text == taken }.map(\.count)).count == 1
    }

    mutating func reconnect(_ trace: RecoveryTrace) {
      self.trace = trace
      deadSince = nil
      places = taken.map { [($0, seen)] } ?? []
    }
  }

  /// Random events with and without offsets, links that die, losses and returns against a list of everything: a client
  /// that is recovered gets exactly what it has not seen, in order; and who was away shortly, with everything kept, and
  /// names what can't mean anything else, is recovered.
  @Test func nothingIsMissedAndNothingComesTwice() throws {
    for seed in 0..<300 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed)
      var log = self.log(lifetime: 1_000_000, arrivalTime: 30, maxBytes: seed % 3 == 0 ? 2_000 : 1 << 20, mark: "m.")
      var client = TestClient()
      var isAway = false
      for now in 0..<300 as Range<Int64> {
        switch Int.random(in: 0..<12, using: &generator) {
        case _ where !isAway && client.deadSince.map { now - $0 >= 30 } ?? false, 0 where !isAway:
          log.keep(traced("a", client.trace, rooms: ["r"]), now: now)
          isAway = true
        case 1 where isAway:
          isAway = false
          guard let restored = log.restore(privateID: "p-a", offset: client.taken, now: now) else {
            #expect(seed % 3 == 0 || !client.isClear, "\(seed): it must be recovered")
            (client.wanted, client.seen) = ([], 0)
            var trace = RecoveryTrace(start: log.nextNumber)
            if let taken = client.taken { trace.sentMisleading(.init(taken), now: now) }
            client.reconnect(trace)
            continue
          }
          #expect(names(restored.missed) == Array(client.wanted[client.seen...]), "\(seed)")
          client.reconnect(try #require(restored.session.trace))
          let first = client.wanted.count - restored.missed.count
          for (place, packet) in restored.missed.enumerated() {
            (client.seen, client.taken) = (first + place + 1, offset(packet))
            client.places.append((offset(packet) ?? "", client.seen))
          }
        case 2...4 where !isAway:
          // Without an offset: some of a few words, some of their own.
          let words = ["\(now)", "tick"] + TestClient.likeOffsets
          let text = words.randomElement(using: &generator) ?? ""
          client.trace.sentMisleading(.init(text), now: now)
          client.receive(text)
        case 5 where !isAway && client.deadSince == nil && Bool.random(using: &generator): client.deadSince = now
        default:
          let isMine = Bool.random(using: &generator)
          let scope = BroadcastScope(rooms: [isMine ? "r" : "s"])
          let noted = try present(log.note(.event("\(now)", []), scope: scope, now: now))
          guard isMine else { continue }
          client.wanted.append("\(now)")
          guard !isAway else { continue }
          client.trace.sent(noted.number, now: now)
          client.receive(offset(noted.packet) ?? "")
        }
      }
    }
  }
}
