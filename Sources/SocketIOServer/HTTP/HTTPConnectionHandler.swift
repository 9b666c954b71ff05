import EngineIO
import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1

/// The one HTTP handler of a connection: bytes on one side, Hummingbird's parts on the other. What is done when is
/// ``HTTPConnectionState``'s to say; here it is carried out.
///
/// A request of ours may turn the connection into a WebSocket, whichever request of the connection it is: some clients
/// (python-socketio) upgrade over one that has polled before. A connection that upgrades with its first request never
/// sees Hummingbird's handlers; on one that upgrades later they stay behind, cut off, until it closes.
///
/// Invariant of `@unchecked Sendable`: state is touched on the channel's event loop only.
final class HTTPConnectionHandler: ChannelDuplexHandler, RemovableChannelHandler, @unchecked Sendable {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = HTTPRequestPart
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = ByteBuffer

  let server: EngineServer
  private let quickly: QuickResponder?
  /// Whether what is read here comes out of TLS.
  let isSecure: Bool
  let logger: Logger
  let result: EventLoopPromise<FirstRequest>
  private let idleTimeout: TimeAmount
  let gate: ConnectionGate?
  private(set) var ticket: ConnectionGate.Ticket?
  var state: HTTPConnectionState
  var upgradeHead: HTTPRequestHead?
  private(set) var isHummingbirds = false
  private(set) var isProceeding = false
  private var isReadHeld = false
  private var awaitsTurn = false
  private var hasHandedOn = false
  private var timer: Scheduled<Void>?
  private var timerDeadline = NIODeadline.distantFuture
  /// Sessions that were opened over this connection and have joined nothing.
  let guests = ConnectionGuests()
  var date: HTTPDate?
  /// Bytes that went into the channel.
  var written: UInt64 = 0
  private var onPollBreak: (@Sendable () -> Void)?
  private var polls = 0
  private var hasEnded = false

  init(
    server: EngineServer, gate: ConnectionGate?, idleTimeout: Duration?, quickly: QuickResponder?,
    isSecure: Bool = false, logger: Logger, result: EventLoopPromise<FirstRequest>
  ) {
    self.server = server
    self.gate = gate
    self.quickly = quickly
    self.isSecure = isSecure
    self.logger = logger
    self.result = result
    self.idleTimeout = idleTimeout.map { TimeAmount($0) } ?? HTTPLimits.idleTimeout
    state = HTTPConnectionState(idleTimeout: self.idleTimeout, now: .now())
  }

  // MARK: Life

  func handlerAdded(context: ChannelHandlerContext) {
    if context.channel.isActive { began(context) }
  }

  func channelActive(context: ChannelHandlerContext) {
    began(context)
    context.fireChannelActive()
  }

  private func began(_ context: ChannelHandlerContext) {
    guard timer == nil else { return }
    state = HTTPConnectionState(idleTimeout: idleTimeout, now: .now())
    if let gate { takePlace(gate, context) }
    arm(context)
  }

  /// Without a place the connection ends in this turn: one that took its time would be a place.
  private func takePlace(_ gate: ConnectionGate, _ context: ChannelHandlerContext) {
    let admission = gate.admit(context.remoteAddress) { [channel = context.channel] ticket in
      channel.eventLoop.execute { if !Self.makeRoom(channel) { gate.stays(ticket) } }
    }
    switch admission {
    case .place(let ticket):
      self.ticket = ticket
      context.channel.closeFuture.whenComplete { _ in gate.left(ticket) }
    case .refused(isTold: true):
      carryOut(state.refusal(.init(.serviceUnavailable, "too many connections of one address")), context)
      carryOut(.close, context)
    case .refused(isTold: false): carryOut(.abort, context)
    }
  }

  /// Somebody who asks for something needs this connection's place. Returns whether it is free.
  private static func makeRoom(_ channel: any Channel) -> Bool {
    let pipeline = channel.pipeline.syncOperations
    if let webSocket = try? pipeline.handler(type: WebSocketHandler.self) { return webSocket.makeRoom() }
    // None on a connection that is gone.
    guard let context = try? pipeline.context(handlerType: HTTPConnectionHandler.self),
      let connection = context.handler as? HTTPConnectionHandler
    else { return false }
    return connection.leave(context)
  }

  private func leave(_ context: ChannelHandlerContext) -> Bool {
    let verdict = state.leave(link(context), now: .now())
    if verdict == .finish { breakOff(context) }
    carryOut(verdict, context)
    return verdict == .close
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    timer?.cancel()
    // Nothing happens here if it has been settled.
    result.fail(ChannelError.ioOnClosedChannel)
  }

  func channelInactive(context: ChannelHandlerContext) {
    if case .upgraded = state.phase {} else { state.closed() }
    hasEnded = true
    breakOff(context)
    breakPoll()
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    logger.trace("a connection failed", metadata: ["error": "\(error)"])
    context.close(promise: nil)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    switch event {
    case ChannelEvent.inputClosed:
      // Hummingbird isn't told: what was asked before is still answered, and the connection's end is ours to see to.
      hasEnded = true
      carryOut(state.inputEnded(now: .now()), context)
      breakPoll()
      proceed(context)
    case is ChannelShouldQuiesceEvent:
      hasEnded = true
      carryOut(state.drain(now: .now()), context)
      breakPoll()
      arm(context)
    default:
      context.fireUserInboundEventTriggered(event)
    }
  }

  // MARK: Polls

  /// Calls `onBreak` if the connection ends, or is asked to finish, before `answer` is there. On the event loop.
  func watch<Answer: Sendable>(
    _ answer: EventLoopFuture<Answer>, on eventLoop: any EventLoop, onBreak: @escaping @Sendable () -> Void
  ) {
    guard !hasEnded else {
      onBreak()
      return
    }
    polls += 1
    let poll = polls
    onPollBreak = onBreak
    answer.hop(to: eventLoop).whenComplete { _ in
      if self.polls == poll { self.onPollBreak = nil }
    }
  }

  /// Nobody waits any more for what a poll would bring.
  private func breakPoll() {
    let callback = onPollBreak
    onPollBreak = nil
    callback?()
  }

  // MARK: Reading

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if case .upgraded = state.phase { return }
    state.received(unwrapInboundIn(data), now: .now())
    proceed(context)
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    context.fireChannelReadComplete()
    readOnAtTheEnd(context)
  }

  func read(context: ChannelHandlerContext) {
    if state.wantsInput, !isHeldBack(context) { context.read() } else { isReadHeld = true }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable { proceed(context) }
    context.fireChannelWritabilityChanged()
  }

  /// Whether no further request is looked at for now: who doesn't read his answers gets no more of them, and who asks for
  /// very many at once lets others have their turn.
  private func isHeldBack(_ context: ChannelHandlerContext) -> Bool {
    state.isBetweenAnswers && (awaitsTurn || !context.channel.isWritable)
  }

  private func awaitTurn(_ context: ChannelHandlerContext) {
    awaitsTurn = true
    let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
    server.loop(context.eventLoop).turns.enter(from: .now()) {
      self.awaitsTurn = false
      if bound.value.channel.isActive { self.proceed(bound.value) }
    }
  }

  /// Hummingbird reads no more once it has answered: what still comes is thrown away by us.
  func readOnAtTheEnd(_ context: ChannelHandlerContext) {
    switch state.phase {
    case .ending, .lingering: context.read()
    default: break
    }
  }

  /// Works through what has come, as far as it may be.
  func proceed(_ context: ChannelHandlerContext) {
    guard !isProceeding else { return }
    isProceeding = true
    let now = NIODeadline.now()
    var requests = 0
    while !isHeldBack(context), let step = state.next(now: now) {
      switch step {
      case .request(let head):
        arrived(head, context)
        requests += 1
        if requests == HTTPLimits.requestsPerTurn { awaitTurn(context) }
      case .body(let bytes):
        if state.answerer == .application { handOn(.body(bytes), context) }
      case .end:
        if let head = upgradeHead {
          upgradeHead = nil
          decide(head, context)
        } else if isHandedOn {
          isHandedOn = false
          handOn(.end(nil), context)
        }
      case .verdict(let verdict):
        upgradeHead = nil
        carryOut(verdict, context)
      }
    }
    isProceeding = false
    if hasHandedOn {
      hasHandedOn = false
      context.fireChannelReadComplete()
    }
    noteIdleness()
    arm(context)
    if isReadHeld, state.wantsInput, !isHeldBack(context) {
      isReadHeld = false
      context.read()
    }
  }

  /// For whoever takes the connection over: what was asked for while nothing was to be read, nobody asks for again.
  func handOverRead(to channel: any Channel) {
    guard isReadHeld else { return }
    isReadHeld = false
    channel.read()
  }

  /// Whether the application has a request whose end it hasn't been given.
  private var isHandedOn = false

  private func handOn(_ part: HTTPRequestPart, _ context: ChannelHandlerContext) {
    hasHandedOn = true
    context.fireChannelRead(wrapInboundOut(part))
  }

  /// The application learns that a request which it has begun to read has no end: an input that only ends would be a
  /// whole one.
  func breakOff(_ context: ChannelHandlerContext) {
    guard isHandedOn else { return }
    isHandedOn = false
    context.fireErrorCaught(HTTPParserError.invalidEOFState)
  }

  /// Idle since the last answer: what trickles in meanwhile makes nobody younger.
  func noteIdleness() {
    // Of a WebSocket its own handler says it.
    if case .upgraded = state.phase { return }
    guard let ticket else { return }
    if !state.owesNothing { ticket.noteBusy() } else if !ticket.isIdle { ticket.noteIdle() }
  }

  private func arrived(_ head: HTTPRequestParser.Head, _ context: ChannelHandlerContext) {
    let request = head.request
    if request.headers.contains(name: "upgrade"),
      request.headers["connection"].contains(where: { HTTPRequestParser.elements($0).contains("upgrade") }),
      let demand = WebSocketRequest.demand(of: request, to: server)
    {
      state.route(to: .upgrade)
      switch demand {
      case .open where head.framing == .none && !head.closes: upgradeHead = request
      // A request for a WebSocket has no body.
      case .open: refuse(.badRequest, context)
      case .openInAnotherVersion: refuse(WebSocketRequest.otherVersion, context)
      }
      return
    }
    if request.uri == "*" {
      answer(QuickResponse(status: .noContent, headers: [:], body: ByteBuffer()), context)
      return
    }
    if head.framing == .none, request.method == .GET, request.version == .http1_1, let response = quickly?(request) {
      answer(response, context)
      return
    }
    giveToApplication(head, context)
  }

  private func giveToApplication(_ head: HTTPRequestParser.Head, _ context: ChannelHandlerContext) {
    do {
      let request = try HTTPRequest(head.request, secure: isSecure, splitCookie: false)
      try becomeHummingbirds(context)
      state.route(to: .application)
      isHandedOn = true
      handOn(.head(request), context)
    } catch {
      carryOut(state.refusal(.malformed("a request that can't be handed on")), context)
      return
    }
    if head.expectsContinue { context.writeAndFlush(wrapOutboundOut(.goOn), promise: nil) }
  }

  private func becomeHummingbirds(_ context: ChannelHandlerContext) throws {
    guard !isHummingbirds else { return }
    isHummingbirds = true
    let channel = try EngineChannel.HTTP(
      wrappingChannelSynchronously: context.channel, configuration: .init(isOutboundHalfClosureEnabled: true))
    result.succeed(.http(channel))
  }

  // MARK: Time

  /// One timer for many requests: it is set anew only for what is due earlier, and looks again when it fires.
  func arm(_ context: ChannelHandlerContext) {
    guard let due = state.nextCheck, timer == nil || due < timerDeadline else { return }
    timer?.cancel()
    timerDeadline = due
    let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
    timer = context.eventLoop.scheduleTask(deadline: due) {
      self.timer = nil
      self.timerDeadline = .distantFuture
      self.look(bound.value)
    }
  }

  private func look(_ context: ChannelHandlerContext) {
    let now = NIODeadline.now()
    if let due = state.nextCheck, due <= now { carryOut(state.check(link(context), now: now), context) }
    arm(context)
  }

  private func link(_ context: ChannelHandlerContext) -> HTTPConnectionState.Link {
    // Fails only for a channel that has no such option, or is closed.
    let unsent = (try? context.channel.syncOptions?.getOption(ChannelOptions.bufferedWritableBytes)) ?? 0
    let kernel = ConnectionStatistics(context.channel)
    return HTTPConnectionState.Link(
      unsentBytes: unsent, pendingBytes: kernel?.pendingBytes ?? 0,
      progress: kernel?.acknowledgedBytes ?? written &- UInt64(unsent), hasUnreadBytes: context.channel.hasUnreadBytes)
  }

  func stopTimer() {
    timer?.cancel()
    timer = nil
  }
}
