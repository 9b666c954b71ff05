import EngineIO
import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1

/// The handler behind the HTTP codec of every connection: it gives requests to Hummingbird, and turns the connection
/// into a WebSocket when a request of ours asks for it.
///
/// NIO's own upgrade handler looks at the first request only. Clients that keep connections (python-socketio) upgrade
/// over one that has polled before, so this one looks at all of them. A connection that upgrades with its first request
/// never sees Hummingbird's handlers; on one that upgrades later they stay behind, cut off, until it closes.
///
/// Invariant of `@unchecked Sendable`: state is touched on the channel's event loop only.
final class UpgradingHTTPHandler: ChannelDuplexHandler, RemovableChannelHandler, @unchecked Sendable {
  typealias InboundIn = HTTPServerRequestPart
  typealias InboundOut = HTTPServerRequestPart
  typealias OutboundIn = HTTPServerResponsePart
  typealias OutboundOut = HTTPServerResponsePart

  private enum State {
    /// No request yet but such as were answered at once.
    case fresh
    /// A request that is answered when it is whole.
    case answering(QuickResponse, keepsAlive: Bool)
    /// Hummingbird has the requests.
    case http
    /// A request for a WebSocket is coming in, or is being decided on.
    case upgrading(HTTPRequestHead)
    /// It is a WebSocket, or is closing.
    case done
  }

  /// The codec, which an upgrade takes out; in the order in which it must go.
  struct Codec {
    let encoder: HTTPResponseEncoder
    let decoder: ByteToMessageHandler<HTTPRequestDecoder>
    let errors: HTTPServerProtocolErrorHandler
  }

  private let server: EngineServer
  private let idleTimeout: Duration?
  private let quickly: QuickResponder?
  private let logger: Logger
  private let result: EventLoopPromise<FirstRequest>
  private var codec: Codec?
  private var state = State.fresh
  private var isHummingbirds = false
  private var requestsInFlight = 0
  private var closesAfterResponse = false
  private var firstRequestTimer: Scheduled<Void>?
  private var idleSince = NIODeadline.now()
  /// Sessions that were opened over this connection and have joined nothing.
  let guests = ConnectionGuests()
  private var onPollBreak: (@Sendable () -> Void)?
  private var polls = 0
  private var hasEnded = false

  init(
    server: EngineServer, codec: Codec, idleTimeout: Duration?, quickly: QuickResponder?, logger: Logger,
    result: EventLoopPromise<FirstRequest>
  ) {
    self.server = server
    self.codec = codec
    self.idleTimeout = idleTimeout
    self.quickly = quickly
    self.logger = logger
    self.result = result
  }

  // MARK: Life

  func handlerAdded(context: ChannelHandlerContext) {
    awaitRequest(context)
  }

  /// Closes the connection when no request comes in time. One timer for many requests: it looks when the last one was.
  private func awaitRequest(_ context: ChannelHandlerContext) {
    idleSince = .now()
    guard firstRequestTimer == nil else { return }
    watchIdle(context, idleTimeout.map { TimeAmount($0) } ?? ServerLimits.firstRequestTimeout)
  }

  private func watchIdle(_ context: ChannelHandlerContext, _ timeout: TimeAmount) {
    let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
    firstRequestTimer = context.eventLoop.scheduleTask(deadline: idleSince + timeout) {
      self.firstRequestTimer = nil
      guard case .fresh = self.state else { return }
      if self.idleSince + timeout <= .now() {
        bound.value.close(promise: nil)
      } else {
        self.watchIdle(bound.value, timeout)
      }
    }
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    firstRequestTimer?.cancel()
    // Nothing happens here if it has been settled.
    result.fail(ChannelError.ioOnClosedChannel)
  }

  func channelInactive(context: ChannelHandlerContext) {
    breakPoll()
    context.fireChannelInactive()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    let isEnd = event as? ChannelEvent == .inputClosed
    if isEnd || event is ChannelShouldQuiesceEvent {
      if isEnd { hasEnded = true }
      breakPoll()
      switch state {
      case .fresh, .upgrading, .answering: context.close(promise: nil)
      case .http, .done: break
      }
    }
    context.fireUserInboundEventTriggered(event)
  }

  // MARK: Polls

  /// Calls `onBreak` if the connection ends, or is asked to finish, before `answer` is there. On the event loop.
  func watch(
    _ answer: EventLoopFuture<ByteBuffer>, on eventLoop: any EventLoop, onBreak: @escaping @Sendable () -> Void
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

  private func breakPoll() {
    let callback = onPollBreak
    onPollBreak = nil
    callback?()
  }

  // MARK: Requests

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch (state, unwrapInboundIn(data)) {
    case (.fresh, .head(let head)), (.http, .head(let head)):
      arrived(head, context)
    case (.http, _):
      context.fireChannelRead(data)
    case (.answering(let response, let keepsAlive), .end):
      answer(response, keepsAlive: keepsAlive, context)
    case (.answering, .body): break
    case (.upgrading, .body), (.upgrading, .head):
      // A request for a WebSocket has no body, and nothing follows it before the answer.
      refuse(.badRequest, context)
    case (.upgrading(let head), .end):
      decide(head, context)
    case (.fresh, _), (.done, _), (.answering, _): break
    }
  }

  /// Answers at once; the connection stays as it was.
  private func answer(_ response: QuickResponse, keepsAlive: Bool, _ context: ChannelHandlerContext) {
    state = keepsAlive ? .fresh : .done
    var headers = response.headers
    headers.add(name: "content-length", value: String(response.body.readableBytes))
    if !keepsAlive { headers.add(name: "connection", value: "close") }
    let head = HTTPResponseHead(version: .http1_1, status: response.status, headers: headers)
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    context.write(wrapOutboundOut(.body(.byteBuffer(response.body))), promise: nil)
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    if keepsAlive {
      awaitRequest(context)
    } else {
      context.close(promise: nil)
      result.succeed(.taken)
    }
  }

  private func arrived(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
    let isUpgrade =
      head.headers.contains(name: "upgrade")
      && head.headers[canonicalForm: "connection"].contains { $0.lowercased() == "upgrade" }
    if isUpgrade, requestsInFlight == 0, WebSocketRequest.isWanted(by: head, of: server) {
      forgetTimer()
      state = .upgrading(head)
      return
    }
    // One who asks for more than he reads goes the long way, which waits for him.
    if case .fresh = state, !isUpgrade, head.method == .GET, head.version == .http1_1, context.channel.isWritable,
      let response = quickly?(head)
    {
      state = .answering(response, keepsAlive: head.isKeepAlive)
      return
    }
    forgetTimer()
    // NIO's decoder stops behind any request that asks for an upgrade, or for the connection's end.
    closesAfterResponse = closesAfterResponse || isUpgrade || !head.isKeepAlive
    requestsInFlight += 1
    do {
      try becomeHummingbirds(context)
    } catch {
      result.fail(error)
      context.close(promise: nil)
      return
    }
    context.fireChannelRead(wrapInboundOut(.head(head)))
  }

  private func forgetTimer() {
    firstRequestTimer?.cancel()
    firstRequestTimer = nil
  }

  private func becomeHummingbirds(_ context: ChannelHandlerContext) throws {
    state = .http
    guard !isHummingbirds else { return }
    isHummingbirds = true
    let pipeline = context.pipeline.syncOperations
    try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: false))
    try pipeline.addHandler(HTTPConnectionStateHandler(idleTimeout: idleTimeout, logger: logger))
    let channel = try EngineChannel.HTTP(
      wrappingChannelSynchronously: context.channel, configuration: .init(isOutboundHalfClosureEnabled: true))
    result.succeed(.http(channel))
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    guard case .http = state else {
      promise?.fail(ChannelError.inappropriateOperationForState)
      return
    }
    switch unwrapOutboundIn(data) {
    case .head(var head) where closesAfterResponse && requestsInFlight == 1 && head.status.code >= 200:
      // Said, so that nobody sends another request into a connection that ends (RFC 9112 section 9.6).
      head.headers.replaceOrAdd(name: "connection", value: "close")
      context.write(wrapOutboundOut(.head(head)), promise: promise)
      return
    case .head, .body:
      context.write(data, promise: promise)
      return
    case .end: break
    }
    requestsInFlight -= 1
    context.write(data, promise: promise)
    if closesAfterResponse, requestsInFlight == 0 {
      state = .done
      context.flush()
      context.close(promise: nil)
    }
  }

  func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
    // What Hummingbird left behind on an upgraded connection says that it has nothing more to write.
    if case .done = state, isHummingbirds, mode == .output {
      promise?.succeed()
      return
    }
    context.close(mode: mode, promise: promise)
  }

  // MARK: Upgrading

  private func decide(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
    let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
    let request = WebSocketRequest(head, of: server, channel: context.channel)
    server.admitWebSocket(request, on: context.eventLoop).whenComplete { outcome in
      guard case .upgrading = self.state, bound.value.channel.isActive else { return }
      switch outcome {
      case .success(let role): self.upgrade(request, as: role, bound.value)
      case .failure(let error as EngineRequestError): self.refuse(error, bound.value)
      case .failure(EngineServer.Refusal.queryTooLong): self.answer(.uriTooLong, [:], "", bound.value)
      case .failure(is EngineServer.Refusal): self.answer(.serviceUnavailable, ["retry-after": "5"], "", bound.value)
      case .failure: self.refuse(.badRequest, bound.value)
      }
    }
  }

  private func refuse(_ error: EngineRequestError, _ context: ChannelHandlerContext) {
    answer(.init(statusCode: error.status), ["content-type": "application/json"], error.json, context)
  }

  /// Answers instead of upgrading, and closes.
  private func answer(
    _ status: HTTPResponseStatus, _ fields: HTTPHeaders, _ text: String, _ context: ChannelHandlerContext
  ) {
    state = .done
    var headers = fields
    headers.add(contentsOf: ["content-length": String(text.utf8.count), "connection": "close"])
    let head = HTTPResponseHead(version: .http1_1, status: status, headers: headers)
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: text)))), promise: nil)
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    context.close(promise: nil)
    result.succeed(.taken)
  }

  private func upgrade(_ request: WebSocketRequest, as role: WebSocketHandler.Role, _ context: ChannelHandlerContext) {
    guard let codec else { return }
    do {
      let handler = try request.makeHandler(server, context.channel, as: role, readsItself: isHummingbirds)
      let headers = request.responseHeaders(server, sid: handler.sessionID)
      let head = HTTPResponseHead(version: .http1_1, status: .switchingProtocols, headers: headers)
      context.writeAndFlush(wrapOutboundOut(.head(head)), promise: nil)
      try WebSocketRequest.configure(context.channel)
      let pipeline = context.pipeline.syncOperations
      // The encoder must be gone before the first frame, and the decoder's last bytes must find the WebSocket behind
      // it.
      pipeline.removeHandler(codec.errors, promise: nil)
      pipeline.removeHandler(codec.encoder, promise: nil)
      try pipeline.addHandler(handler, position: .after(codec.decoder))
      pipeline.removeHandler(codec.decoder, promise: nil)
      self.codec = nil
      state = .done
      // Before this handler leaves: what is left behind unsettled counts as a connection that ended early.
      result.succeed(.taken)
      cutOff(context)
    } catch {
      logger.debug("an upgrade failed", metadata: ["error": "\(error)"])
      state = .done
      result.succeed(.taken)
      context.close(promise: nil)
    }
  }

  /// Ends Hummingbird's part of the connection, as if the client had finished sending; or leaves, if it has none.
  private func cutOff(_ context: ChannelHandlerContext) {
    let pipeline = context.pipeline.syncOperations
    guard isHummingbirds else {
      pipeline.removeHandler(self, promise: nil)
      return
    }
    if let timers = try? pipeline.handler(type: HTTPConnectionStateHandler.self) {
      pipeline.removeHandler(timers, promise: nil)
    }
    context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
  }
}
