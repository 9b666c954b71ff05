import NIOCore
import NIOHTTP1
import Testing

@testable import SocketIOServer

/// A connection's life under a clock that is moved by hand.
struct HTTPConnectionStateTests {
  typealias State = HTTPConnectionState

  static let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
  static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

  static func state() -> State { State(idleTimeout: .seconds(60), now: start) }

  static func take(_ state: inout State, _ text: String, at time: NIODeadline) -> [State.Step] {
    state.received(ByteBuffer(string: text), now: time)
    var steps: [State.Step] = []
    while let step = state.next(now: time) {
      if case .request = step { state.route(to: .application) }
      steps.append(step)
    }
    return steps
  }

  /// Moves the clock from check to check until a verdict falls; returns it with the seconds since `from`.
  static func verdict(_ state: inout State, from: NIODeadline, _ link: State.Link = .init()) -> (State.Verdict, Double)?
  {
    for _ in 0..<1_000 {
      guard let due = state.nextCheck else { return nil }
      let verdict = state.check(link, now: due)
      if verdict != .none { return (verdict, Double((due - from).nanoseconds) / 1e9) }
    }
    return nil
  }

  @Test func whoSaysNothingGoesAfterTheHeadsTime() throws {
    var state = Self.state()
    let (verdict, seconds) = try #require(Self.verdict(&state, from: Self.start))
    #expect(verdict == .finish && seconds == 20)
  }

  @Test func aTrickledHeadHasOneTimeFromTheConnectionsBeginning() throws {
    var state = Self.state()
    for (index, byte) in Self.get.dropLast(4).enumerated() {
      #expect(Self.take(&state, String(byte), at: Self.start + .milliseconds(Int64(index) * 800)).isEmpty)
    }
    let (verdict, seconds) = try #require(Self.verdict(&state, from: Self.start))
    guard case .refuse(let failure) = verdict else {
      Issue.record("\(verdict)")
      return
    }
    #expect(failure.status == .requestTimeout && seconds == 20)
  }

  @Test func aTrickledBodyHasOneTimeAndWhatItsBytesEarn() throws {
    var state = Self.state()
    _ = Self.take(&state, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n", at: Self.start)
    for second in 1..<29 { _ = Self.take(&state, "x", at: Self.start + .seconds(Int64(second))) }
    let (verdict, seconds) = try #require(Self.verdict(&state, from: Self.start))
    guard case .refuse(let failure) = verdict else {
      Issue.record("\(verdict)")
      return
    }
    #expect(failure.status == .requestTimeout && seconds == 30)
  }

  @Test func aLongBodyThatComesHasItsTime() {
    var state = Self.state()
    _ = Self.take(&state, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n", at: Self.start)
    let piece = String(repeating: "x", count: 5_000)
    for second in 1...200 {
      let now = Self.start + .seconds(Int64(second))
      _ = Self.take(&state, piece, at: now)
      if let due = state.nextCheck, due <= now { #expect(state.check(.init(), now: now) == .none) }
    }
    #expect(state.answerer == .application)
  }

  @Test func oneWhoReadsNothingIsCutAndOneWhoReadsSlowlyIsNot() throws {
    var state = Self.state()
    _ = Self.take(&state, Self.get, at: Self.start)
    _ = state.begin(.application, status: 200, length: 1_000_000, closes: false)
    let stuck = State.Link(unsentBytes: 64_000, pendingBytes: 9, progress: 7)
    var slow = state
    let (verdict, seconds) = try #require(Self.verdict(&state, from: Self.start, stuck))
    #expect(verdict == .abort && seconds <= 75 && seconds >= 60)
    for step in UInt64(1)..<100 {
      let due = try #require(slow.nextCheck)
      #expect(slow.check(.init(unsentBytes: 64_000, pendingBytes: 9, progress: step), now: due) == .none)
    }
  }

  @Test func anIdleConnectionGoesWhenAllHasArrivedOnly() throws {
    var state = Self.state()
    _ = Self.take(&state, Self.get, at: Self.start)
    _ = state.begin(.application, status: 200, length: 0, closes: false)
    #expect(state.end(.application, now: Self.start) == .goOn(isChunked: false))
    for step in UInt64(1)..<20 {
      let due = try #require(state.nextCheck)
      #expect(state.check(.init(unsentBytes: 1, pendingBytes: 1, progress: step), now: due) == .none)
    }
    let due = try #require(state.nextCheck)
    #expect(state.check(.init(), now: due) == .finish)
  }

  /// A request that the kernel has taken and nobody has read is answered: the connection doesn't end beneath it.
  @Test func anIdleConnectionStaysForWhatHasArrived() throws {
    for hasAsked in [true, false] {
      var state = Self.state()
      if hasAsked {
        _ = Self.take(&state, Self.get, at: Self.start)
        _ = state.begin(.application, status: 200, length: 0, closes: false)
        #expect(state.end(.application, now: Self.start) == .goOn(isChunked: false))
      }
      for _ in 0..<3 {
        let due = try #require(state.nextCheck)
        #expect(state.check(.init(hasUnreadBytes: true), now: due) == .none)
        #expect(try #require(state.nextCheck) > due)
      }
      let due = try #require(state.nextCheck)
      #expect(state.check(.init(), now: due) == .finish)
    }
  }

  /// Whose place somebody needs goes at once, behind what its peer still reads, or, while he takes nothing, soon.
  @Test func whoMakesRoomIsReadToTheEndAndNotWaitedForLong() throws {
    var idle = Self.state()
    #expect(idle.leave(.init(hasUnreadBytes: true), now: Self.start) == .none)
    #expect(idle.leave(.init(), now: Self.start) == .close)
    var busy = Self.state()
    _ = Self.take(&busy, Self.get, at: Self.start)
    #expect(busy.leave(.init(), now: Self.start) == .none)

    var deaf = Self.state()
    let stuck = State.Link(unsentBytes: 64_000, pendingBytes: 9, progress: 7)
    #expect(deaf.leave(stuck, now: Self.start) == .finish)
    var slow = deaf
    let (verdict, seconds) = try #require(Self.verdict(&deaf, from: Self.start, stuck))
    #expect(verdict == .abort && 4...6 ~= seconds)
    for step in UInt64(8)..<100 {
      let due = try #require(slow.nextCheck)
      #expect(slow.check(.init(unsentBytes: 64_000, pendingBytes: 9, progress: step), now: due) == .none)
    }
  }

  @Test func nothingIsReadBehindARequestThatIsBeingAnswered() {
    var state = Self.state()
    #expect(Self.take(&state, Self.get + Self.get, at: Self.start).count == 2)
    #expect(!state.wantsInput)
    _ = state.begin(.application, status: 200, length: 0, closes: false)
    _ = state.end(.application, now: Self.start)
    #expect(Self.take(&state, "", at: Self.start).count == 2)
    #expect(state.wantsInput)
  }

  @Test func aPeerThatEndsItsSideIsAnsweredAllTheSame() {
    var state = Self.state()
    _ = Self.take(&state, Self.get + Self.get, at: Self.start)
    #expect(state.inputEnded(now: Self.start) == .none)
    for isLast in [false, true] {
      _ = state.begin(.application, status: 200, length: 0, closes: false)
      #expect(state.end(.application, now: Self.start) == .goOn(isChunked: false))
      let steps = Self.take(&state, "", at: Self.start)
      if isLast, case .verdict(.finish)? = steps.first {} else { #expect(steps.count == 2 && !isLast) }
    }
    let closesWhole = state.flushed(now: Self.start)
    #expect(closesWhole, "there is nothing to wait for")
  }

  @Test func aBodyThatBreaksOffIsRefusedOnce() {
    var state = Self.state()
    _ = Self.take(&state, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab", at: Self.start)
    #expect(state.inputEnded(now: Self.start) == .refuse(.malformed("the body broke off")))
    #expect(state.begin(.application, status: 200, length: 0, closes: false) == nil)
    #expect(state.begin(.connection, status: 400, length: 0, closes: false)?.closes == true)
  }

  @Test func aBodyThatBreaksOffBehindAnotherRequestIsRefusedWhenItsTurnComes() throws {
    var state = Self.state()
    let post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc"
    #expect(Self.take(&state, Self.get + post, at: Self.start).count == 2)
    #expect(state.inputEnded(now: Self.start) == .none)
    _ = state.begin(.application, status: 200, length: 0, closes: false)
    _ = state.end(.application, now: Self.start)
    guard case .verdict(let verdict)? = Self.take(&state, "", at: Self.start).last else {
      Issue.record("it is waited for")
      return
    }
    #expect(verdict == .refuse(.malformed("the body broke off")))
  }

  @Test func nobodyUpgradesWhoHasEndedHisSide() {
    var waiting = Self.state()
    waiting.received(ByteBuffer(string: Self.get), now: Self.start)
    while let step = waiting.next(now: Self.start) { if case .request = step { waiting.route(to: .upgrade) } }
    #expect(waiting.inputEnded(now: Self.start) == .finish && waiting.answerer == nil)
    var behind = Self.state()
    _ = Self.take(&behind, Self.get + Self.get, at: Self.start)
    _ = behind.inputEnded(now: Self.start)
    _ = behind.begin(.application, status: 200, length: 0, closes: false)
    _ = behind.end(.application, now: Self.start)
    guard case .request? = behind.next(now: Self.start) else {
      Issue.record("no request")
      return
    }
    behind.route(to: .upgrade)
    guard case .verdict(.finish)? = behind.next(now: Self.start) else {
      Issue.record("the upgrade is decided on")
      return
    }
  }

  @Test func whoGivesUpAnAnswerBreaksItAndWhoHasGivenItDoesNot() {
    var state = Self.state()
    _ = Self.take(&state, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab", at: Self.start)
    _ = state.begin(.application, status: 200, length: 1, closes: false)
    var early = state
    #expect(early.givenUp(now: Self.start) == .abort)
    _ = state.send(.application, bytes: 1)
    #expect(state.end(.application, now: Self.start) == .goOn(isChunked: false))
    #expect(!state.owesNothing, "more of the body is to come")
    #expect(state.givenUp(now: Self.start) == .finish)
  }

  @Test func aBodyThatIsShorterThanItsLengthBreaksTheConnectionAndALongerOneIsCut() {
    var state = Self.state()
    _ = Self.take(&state, Self.get, at: Self.start)
    var other = state
    _ = state.begin(.application, status: 200, length: 10, closes: false)
    #expect(state.send(.application, bytes: 9) == .asIs(9))
    #expect(state.end(.application, now: Self.start) == .abort)
    _ = other.begin(.application, status: 200, length: 10, closes: false)
    #expect(other.send(.application, bytes: 11) == .asIs(10))
    #expect(other.end(.application, now: Self.start) == .finish(isChunked: false))
  }

  @Test(arguments: [
    ("GET", "1.1", 200, nil, State.BodyFraming.chunked, false), ("GET", "1.1", 200, 5, .length(5), false),
    ("GET", "1.0", 200, nil, .untilClose, true), ("GET", "1.0", 200, 5, .length(5), true),
    ("HEAD", "1.1", 200, nil, .silent, false), ("HEAD", "1.1", 404, 5, .length(5), false),
    ("GET", "1.1", 204, 0, .silent, false), ("GET", "1.1", 304, nil, .silent, false),
  ])
  func answersAreFramedByMethodVersionAndStatus(
    method: String, version: String, status: Int, length: Int?, framing: State.BodyFraming, closes: Bool
  ) {
    var state = Self.state()
    _ = Self.take(&state, "\(method) / HTTP/\(version)\r\nHost: a\r\n\r\n", at: Self.start)
    let plan = state.begin(.application, status: status, length: length, closes: false)
    #expect(plan == State.HeadPlan(framing: framing, closes: closes))
    let hasBody = method == "GET" && status == 200
    #expect((state.send(.application, bytes: 5) == .drop) == !hasBody)
  }

  @Test func goingDownEndsWhatWaitsAndGivesAnswersAMoment() throws {
    var idle = Self.state()
    #expect(idle.drain(now: Self.start) == .finish)
    var answering = Self.state()
    _ = Self.take(&answering, Self.get, at: Self.start)
    #expect(answering.drain(now: Self.start) == .none)
    #expect(answering.begin(.application, status: 200, length: 1, closes: false)?.closes == true)
    let (verdict, seconds) = try #require(Self.verdict(&answering, from: Self.start))
    #expect(verdict == .abort && seconds == 3)
    var halfSent = Self.state()
    _ = Self.take(&halfSent, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab", at: Self.start)
    #expect(halfSent.drain(now: Self.start) == .none)
    let (refusal, after) = try #require(Self.verdict(&halfSent, from: Self.start))
    guard case .refuse(let failure) = refusal else {
      Issue.record("\(refusal)")
      return
    }
    #expect(failure.status == .serviceUnavailable && after == 3)
  }

  /// Whatever happens in whatever order: there is always an end in sight, one answer at most for a request, and nothing
  /// is read or said once it is over.
  @Test(arguments: UInt64(0)..<400)
  func everyOrderOfEventsComesToAnEnd(seed: UInt64) {
    var random = SplitMix(seed: seed)
    var state = Self.state()
    var now = Self.start
    var (requests, answers, isInputOver) = (0, 0, false)
    let texts = [
      Self.get, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n", "ab", "GET / HT", "\r\n", "\u{0}",
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", "2\r\nab\r\n", "0\r\n\r\n",
      "HEAD / HTTP/1.0\r\n\r\n",
    ]
    func end(_ verdict: State.Verdict) {
      switch verdict {
      case .none: break
      case .refuse(let failure):
        requests += 1
        #expect(state.begin(.connection, status: Int(failure.status.code), length: 0, closes: false)?.closes == true)
        answers += 1
        #expect(state.end(.connection, now: now) == .finish(isChunked: false))
      case .finish: if case .ending = state.phase {} else { Issue.record("not ending") }
      case .abort, .close: state.closed()
      }
    }
    for _ in 0..<60 {
      now = now + .milliseconds(Int64.random(in: 0...4_000, using: &random))
      switch Int.random(in: 0..<10, using: &random) {
      case 0...2: state.received(ByteBuffer(string: texts.randomElement(using: &random) ?? ""), now: now)
      case 3: if state.begin(.application, status: 200, length: 3, closes: false) != nil { answers += 1 }
      case 4: _ = state.send(.application, bytes: 3)
      case 5: if state.end(.application, now: now) == .abort { end(.abort) }
      case 6: if case .ending = state.phase { if state.flushed(now: now) { end(.close) } }
      case 7:
        guard Int.random(in: 0..<8, using: &random) == 0 else { break }
        isInputOver = true
        end(state.inputEnded(now: now))
      case 8: if Int.random(in: 0..<12, using: &random) == 0 { end(state.drain(now: now)) }
      default:
        guard Int.random(in: 0..<12, using: &random) == 0 else { break }
        let isEmpty = Bool.random(using: &random)
        end(state.leave(.init(pendingBytes: isEmpty ? 0 : 1, hasUnreadBytes: .random(using: &random)), now: now))
      }
      while let step = state.next(now: now) {
        switch step {
        case .request:
          requests += 1
          state.route(to: .application)
        case .body, .end: break
        case .verdict(let verdict): end(verdict)
        }
      }
      if let due = state.nextCheck, due <= now { end(state.check(.init(), now: now)) }
      #expect(answers <= requests)
      guard isInputOver else { continue }
      // Nothing that is still to come is waited for.
      switch state.phase {
      case .waiting: Issue.record("waits for a request")
      case .exchange(let exchange): #expect(exchange.isRequestWhole)
      case .ending, .lingering, .upgraded, .closed: break
      }
    }
    // From here on nobody does anything: time alone ends it.
    let bound = now + .seconds(600)
    while let due = state.nextCheck, due < bound {
      end(state.check(.init(unsentBytes: 1, pendingBytes: 1, progress: 1), now: max(due, now)))
      while let step = state.next(now: due) { if case .verdict(let verdict) = step { end(verdict) } }
    }
    guard case .closed = state.phase else {
      Issue.record("still \(state.phase)")
      return
    }
    #expect(!state.wantsInput && state.nextCheck == nil)
    #expect(state.begin(.application, status: 200, length: 0, closes: false) == nil)
  }
}
