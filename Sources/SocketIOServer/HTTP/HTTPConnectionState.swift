import NIOCore
import NIOHTTP1

/// The life of an HTTP connection: which bytes are looked at when, who answers, how an answer is framed, and when all
/// of it has taken too long. No I/O and no clock: ``HTTPConnectionHandler`` carries out what it says.
///
/// One request is looked at at a time. What comes behind it waits until it is answered, and nothing more is read
/// meanwhile: who pipelines fills his own side's buffers.
struct HTTPConnectionState {
  /// Who answers a request.
  enum Answerer {
    case application
    /// A WebSocket is being decided on.
    case upgrade
    /// This connection: at once, or instead of one who failed to. What the application says is dropped.
    case connection
  }

  /// How far an answer has come.
  enum Response: Equatable {
    case none
    /// So many bytes of its body are still to come; nil when only the answer's end tells.
    case begun(left: Int?, isChunked: Bool)
    /// Its body is of no interest: the request was a HEAD, or the status has none.
    case bodiless
    case ended
  }

  /// A request and its answer.
  struct Exchange {
    var answerer = Answerer.connection
    var isHead = false
    var isOld = false
    var framing = HTTPRequestParser.Framing.none
    var isRequestWhole = true
    var bodyBytes = 0
    var began: NIODeadline
    var response = Response.none
    /// Whether the connection ends with the answer.
    var closes = true
  }

  enum Phase {
    /// Nothing of a request has come that could be handed on.
    case waiting(since: NIODeadline)
    case exchange(Exchange)
    /// The last answer is on its way. What still comes in is thrown away.
    case ending
    /// All has left, and our side is closed; the peer has time to read and to close his.
    case lingering
    case upgraded
    case closed
  }

  /// What is to be done with what has come in.
  enum Step {
    /// Somebody has to answer: ``route(to:)``.
    case request(HTTPRequestParser.Head)
    case body(ByteBuffer)
    /// The request is whole.
    case end
    case verdict(Verdict)
  }

  /// How a connection has to go on that can't go on as it did.
  enum Verdict: Equatable {
    case none
    /// Say why, then end.
    case refuse(HTTPRequestParser.Failure)
    /// End when everything has left.
    case finish
    /// End at once, so that nobody takes what has left for all of it.
    case abort
    /// End at once: all has arrived.
    case close
  }

  /// What the connection has carried, as the channel and the kernel say.
  struct Link {
    /// Bytes that the kernel hasn't taken.
    var unsentBytes = 0
    /// Bytes that the peer hasn't acknowledged, as far as the kernel tells.
    var pendingBytes = 0
    /// Anything that grows as the peer takes what is sent.
    var progress: UInt64 = 0
    /// Whether the kernel holds something of the peer's that nobody has read.
    var hasUnreadBytes = false

    var isEmpty: Bool { unsentBytes == 0 && pendingBytes == 0 }
  }

  var parser = HTTPRequestParser()
  var phase: Phase
  private let idleTimeout: TimeAmount
  /// Nil until the first byte of a request has come; of the first request the moment of acceptance.
  private var headBegan: NIODeadline?
  private var isInputOver = false
  private var drainsUntil: NIODeadline?
  var checkedAt: NIODeadline
  private var progress: UInt64 = 0
  private var progressedAt: NIODeadline
  /// How long the peer may take nothing of what waits for it.
  private var patience = HTTPLimits.stallTimeout

  init(idleTimeout: TimeAmount, now: NIODeadline) {
    self.idleTimeout = idleTimeout
    phase = .waiting(since: now)
    headBegan = now
    checkedAt = now
    progressedAt = now
  }

  // MARK: Input

  /// Whether the connection is to be read.
  var wantsInput: Bool {
    switch phase {
    case .waiting, .ending, .lingering, .upgraded: true
    case .exchange(let exchange): !exchange.isRequestWhole || parser.bufferedBytes == 0
    case .closed: false
    }
  }

  /// Whether nobody waits for anything here: no request has come, or not all of one.
  var owesNothing: Bool {
    switch phase {
    case .waiting: true
    case .exchange(let exchange): !exchange.isRequestWhole && exchange.response == .none
    case .ending, .lingering, .upgraded, .closed: false
    }
  }

  /// Whether all that was asked is answered. What comes next isn't looked at while the answers don't leave: who asks and
  /// doesn't read is not read, either.
  var isBetweenAnswers: Bool {
    if case .waiting = phase { true } else { false }
  }

  /// Bytes have come: ``next(now:)`` says what they are.
  mutating func received(_ bytes: ByteBuffer, now: NIODeadline) {
    switch phase {
    case .waiting, .exchange:
      if case .waiting = phase, headBegan == nil { headBegan = now }
      // More than one receive buffer comes only from one who has ended his side, and all at once.
      guard parser.bufferedBytes < HTTPLimits.pipelinedBytes else { return }
      parser.append(bytes)
    case .ending, .lingering, .upgraded, .closed: break
    }
  }

  /// The peer sends no more. What it asked is answered: this is no end of the connection yet.
  mutating func inputEnded(now: NIODeadline) -> Verdict {
    isInputOver = true
    switch phase {
    case .exchange(let exchange):
      if exchange.answerer == .upgrade { return finish(now: now) }
      guard !exchange.isRequestWhole else { return .none }
      return refusal(.malformed("the body broke off"))
    case .waiting: return .none
    case .ending, .lingering, .upgraded, .closed: return .none
    }
  }

  /// What is next in what has come; nil when nothing is, for now.
  mutating func next(now: NIODeadline) -> Step? {
    switch phase {
    case .waiting: break
    case .exchange(let exchange): guard !exchange.isRequestWhole else { return nil }
    case .ending, .lingering, .upgraded, .closed: return nil
    }
    do throws(HTTPRequestParser.Failure) {
      guard let part = try parser.next() else {
        switch phase {
        case .waiting where isInputOver: return .verdict(finish(now: now))
        case .waiting: if parser.isInRequest, headBegan == nil { headBegan = now }
        // It waited behind another when the input ended.
        case .exchange where isInputOver: return .verdict(refusal(.malformed("the body broke off")))
        case .exchange, .ending, .lingering, .upgraded, .closed: break
        }
        return nil
      }
      return step(part, now: now)
    } catch {
      return .verdict(refusal(error))
    }
  }

  private mutating func step(_ part: HTTPRequestParser.Part, now: NIODeadline) -> Step {
    switch (part, phase) {
    case (.body(let bytes), .exchange(var exchange)):
      exchange.bodyBytes += bytes.readableBytes
      phase = .exchange(exchange)
      return .body(bytes)
    // A WebSocket has no half-closed state: nobody is left who could speak over it.
    case (.end, .exchange(let exchange)) where exchange.answerer == .upgrade && isInputOver:
      return .verdict(finish(now: now))
    case (.end, .exchange(var exchange)):
      exchange.isRequestWhole = true
      phase = exchange.response == .ended ? .waiting(since: now) : .exchange(exchange)
      return .end
    case (.head(let head), _):
      phase = .exchange(
        Exchange(
          isHead: head.request.method == .HEAD, isOld: head.request.version == .http1_0, framing: head.framing,
          isRequestWhole: false, began: now, closes: head.closes || drainsUntil != nil))
      headBegan = nil
      checkedAt = now
      return .request(head)
    case (.body, _), (.end, _):
      // The parser gives them behind a head alone.
      return .verdict(.abort)
    }
  }

  /// Who answers the request that has come.
  mutating func route(to answerer: Answerer) {
    guard case .exchange(var exchange) = phase else { return }
    exchange.answerer = answerer
    phase = .exchange(exchange)
  }

  /// The connection doesn't go on behind this answer.
  mutating func endsWithAnswer() {
    guard case .exchange(var exchange) = phase else { return }
    exchange.closes = true
    phase = .exchange(exchange)
  }

  var answerer: Answerer? {
    guard case .exchange(let exchange) = phase else { return nil }
    return exchange.answerer
  }

  // MARK: Ends

  /// This connection answers, and ends. What can't be said any more ends it in another way.
  mutating func refusal(_ failure: HTTPRequestParser.Failure) -> Verdict {
    switch phase {
    case .waiting(let since):
      phase = .exchange(Exchange(began: since))
      return .refuse(failure)
    case .exchange(var exchange):
      guard exchange.response == .none else {
        guard exchange.response == .ended else { return .abort }
        phase = .ending
        return .finish
      }
      (exchange.answerer, exchange.isRequestWhole, exchange.closes) = (.connection, true, true)
      phase = .exchange(exchange)
      return .refuse(failure)
    case .ending, .lingering: return .none
    case .upgraded, .closed: return .none
    }
  }

  /// Nothing more is to be said.
  mutating func finish(now: NIODeadline) -> Verdict {
    switch phase {
    case .closed, .upgraded, .ending, .lingering: return .none
    case .waiting, .exchange:
      phase = .ending
      checkedAt = now
      return .finish
    }
  }

  /// Who answers has nothing more to say: in the midst of an answer the peer must learn that this wasn't all.
  mutating func givenUp(now: NIODeadline) -> Verdict {
    if case .exchange(let exchange) = phase, exchange.response != .ended { return .abort }
    return finish(now: now)
  }

  /// Somebody else needs the place of a connection that owes nothing.
  ///
  /// To close it while the kernel holds a request would cut that; while the peer still reads its last answer it ends
  /// behind it, unless he takes nothing for ``HTTPLimits/evictedStallTimeout``.
  mutating func leave(_ link: Link, now: NIODeadline) -> Verdict {
    guard owesNothing else { return .none }
    if isBetweenAnswers, parser.bufferedBytes == 0, link.hasUnreadBytes { return .none }
    guard link.isEmpty else {
      note(link, now: now)
      patience = HTTPLimits.evictedStallTimeout
      return finish(now: now)
    }
    return .close
  }

  /// Everything has left. Returns whether the connection can be closed whole: else our side of it.
  mutating func flushed(now: NIODeadline) -> Bool {
    checkedAt = now
    phase = isInputOver ? .closed : .lingering
    return isInputOver
  }

  mutating func upgraded() { phase = .upgraded }

  mutating func closed() { phase = .closed }

  /// The server goes down: what is being answered has a moment, what waits ends.
  mutating func drain(now: NIODeadline) -> Verdict {
    drainsUntil = now + HTTPLimits.drainTimeout
    switch phase {
    case .waiting: return finish(now: now)
    case .exchange(var exchange):
      exchange.closes = true
      phase = .exchange(exchange)
      return .none
    case .ending, .lingering, .upgraded, .closed: return .none
    }
  }

  // MARK: Time

  /// When ``check(_:now:)`` has something to say, unless something happens before.
  var nextCheck: NIODeadline? {
    let due: NIODeadline
    switch phase {
    case .waiting(let since): due = headBegan.map { $0 + HTTPLimits.headTimeout } ?? since + idleTimeout
    case .exchange(let exchange):
      let progress = checkedAt + progressInterval
      due = exchange.isRequestWhole ? progress : min(progress, Self.bodyDeadline(exchange))
    case .ending: due = checkedAt + progressInterval
    case .lingering: due = checkedAt + HTTPLimits.lingerTimeout
    case .upgraded, .closed: return nil
    }
    return min(due, drainsUntil ?? .distantFuture)
  }

  /// How often it is looked whether he takes it.
  private var progressInterval: TimeAmount { .nanoseconds(patience.nanoseconds / 4) }

  private static func bodyDeadline(_ exchange: Exchange) -> NIODeadline {
    exchange.began + HTTPLimits.bodyTimeout + .seconds(Int64(exchange.bodyBytes / HTTPLimits.bodyBytesPerSecond))
  }

  /// Looks whether something has taken too long.
  mutating func check(_ link: Link, now: NIODeadline) -> Verdict {
    checkedAt = now
    note(link, now: now)
    let isStalled = now >= progressedAt + patience
    if let until = drainsUntil, now >= until {
      // Once more as long for a word about it, then nothing is waited for.
      drainsUntil = now + HTTPLimits.drainTimeout
      // What the kernel has it delivers, whether we are there or not.
      if case .lingering = phase { return .close }
      let verdict = refusal(.init(.serviceUnavailable, "the server is going down"))
      return verdict == .none ? .abort : verdict
    }
    switch phase {
    case .waiting(let since): return checkWaiting(since, link, isStalled, now)
    case .exchange(let exchange):
      if !exchange.isRequestWhole, now >= Self.bodyDeadline(exchange) {
        return refusal(.init(.requestTimeout, "the body took too long"))
      }
      return isStalled ? .abort : .none
    case .ending: return isStalled ? .abort : .none
    case .lingering: return link.isEmpty ? .close : isStalled ? .abort : .none
    case .upgraded, .closed: return .none
    }
  }

  private mutating func note(_ link: Link, now: NIODeadline) {
    if link.isEmpty || link.progress != progress { (progress, progressedAt) = (link.progress, now) }
  }

  private mutating func checkWaiting(
    _ since: NIODeadline, _ link: Link, _ isStalled: Bool, _ now: NIODeadline
  ) -> Verdict {
    if let began = headBegan {
      guard now >= began + HTTPLimits.headTimeout else { return .none }
      guard !isStalled else { return .abort }
      // It waits behind answers that don't leave, or has arrived in this moment.
      guard link.unsentBytes == 0, parser.isInRequest || !link.hasUnreadBytes else {
        headBegan = now + progressInterval - HTTPLimits.headTimeout
        return .none
      }
      guard parser.isInRequest else { return finish(now: now) }
      return refusal(.init(.requestTimeout, "the head took too long"))
    }
    guard now >= since + idleTimeout else { return .none }
    if isStalled { return .abort }
    // He is still reading what he asked for, or asks for more in this moment.
    guard link.isEmpty, !link.hasUnreadBytes else {
      phase = .waiting(since: now + progressInterval - idleTimeout)
      return .none
    }
    return finish(now: now)
  }
}
