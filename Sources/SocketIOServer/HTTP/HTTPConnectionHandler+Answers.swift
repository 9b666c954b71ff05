import HTTPTypes
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Answers on their way out, and how a connection ends behind the last one.
extension HTTPConnectionHandler {
  /// Answers in Hummingbird's place.
  func answer(_ response: QuickResponse, _ context: ChannelHandlerContext) {
    state.route(to: .connection)
    let length = response.body.readableBytes
    guard
      let plan = state.begin(
        .connection, status: Int(response.status.code), length: length, closes: gate?.isFull == true)
    else { return }
    var head = context.channel.allocator.buffer(capacity: 512)
    head.writeResponseHead(
      Int(response.status.code), response.status.reasonPhrase, response.headers, plan, date: dateText)
    put(head, context)
    if case .asIs = state.send(.connection, bytes: length) { put(response.body, context) }
    end(state.end(.connection, now: .now()), context)
  }

  private var dateText: String {
    let now = Int64(time(nil))
    if let date, date.seconds == now { return date.text }
    let new = HTTPDate(seconds: now)
    date = new
    return new.text
  }

  func put(_ bytes: ByteBuffer, _ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>? = nil) {
    written &+= UInt64(bytes.readableBytes)
    context.write(wrapOutboundOut(bytes), promise: promise)
  }

  // MARK: Answers of the application

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    switch unwrapOutboundIn(data) {
    case .head(let head) where head.status.kind == .informational:
      guard state.mayInform(.application) else {
        promise?.succeed()
        return
      }
      var bytes = ByteBuffer()
      let fields = head.headerFields.lazy.map { (name: $0.name.rawName, value: $0.value) }
      bytes.writeResponseHead(
        head.status.code, head.status.reasonPhrase, fields, .init(framing: .silent, closes: false))
      put(bytes, context, promise)
    case .head(let head):
      guard
        let plan = state.begin(
          .application, status: head.status.code, length: head.headerFields[.contentLength].flatMap(Self.length),
          closes: gate?.isFull == true || head.headerFields[.connection]?.lowercased() == "close")
      else {
        promise?.fail(ChannelError.inappropriateOperationForState)
        return
      }
      var bytes = context.channel.allocator.buffer(capacity: 512)
      let fields = head.headerFields.lazy.map { (name: $0.name.rawName, value: $0.value) }
      bytes.writeResponseHead(head.status.code, head.status.reasonPhrase, fields, plan)
      put(bytes, context, promise)
    case .body(var body):
      switch state.send(.application, bytes: body.readableBytes) {
      case .drop: promise?.succeed()
      case .asIs(let count): put(body.readSlice(length: count) ?? ByteBuffer(), context, promise)
      case .chunk:
        put(.chunkHead(body.readableBytes), context)
        put(body, context)
        put(.chunkTail, context, promise)
      }
    case .end:
      end(state.end(.application, now: .now()), context)
      promise?.succeed()
    }
  }

  /// Digits, and nothing else: what can't be a length is none.
  private static func length(_ text: String) -> Int? {
    text.utf8.allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") } ? Int(text) : nil
  }

  private func end(_ plan: HTTPConnectionState.EndPlan, _ context: ChannelHandlerContext) {
    switch plan {
    case .drop: break
    case .goOn(let isChunked):
      if isChunked { put(.lastChunk, context) }
      context.flush()
      // Idle since now, unless more of the request is to come.
      if state.owesNothing { ticket?.noteIdle() } else { ticket?.noteBusy() }
      arm(context)
      // A turn later: we may be in the midst of a write of Hummingbird's.
      if !isProceeding {
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.eventLoop.execute { self.proceed(bound.value) }
      }
    case .finish(let isChunked): finish(behind: isChunked ? .lastChunk : ByteBuffer(), context)
    case .abort: carryOut(.abort, context)
    }
  }

  // MARK: Ends

  func carryOut(_ verdict: HTTPConnectionState.Verdict, _ context: ChannelHandlerContext) {
    switch verdict {
    case .none: break
    case .refuse(let failure):
      logger.debug("a request was refused", metadata: ["reason": "\(failure.reason)"])
      breakOff(context)
      let hint: HTTPHeaders = failure.status == .serviceUnavailable ? ["retry-after": "5"] : [:]
      answer(QuickResponse(status: failure.status, headers: hint, body: ByteBuffer()), context)
    case .finish: finish(behind: ByteBuffer(), context)
    case .close:
      state.closed()
      context.close(promise: nil)
    case .abort:
      state.closed()
      // A reset: the peer learns that this wasn't all, and the kernel keeps nothing for one who doesn't read.
      (context.channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
        .whenFailure { [logger] in logger.trace("no reset", metadata: ["error": "\($0)"]) }
      context.close(promise: nil)
    }
  }

  /// Ends the connection behind everything that was written: our side first, the rest when the peer has had time to read.
  /// A reset, which unread input would bring about, takes back what hasn't been read.
  private func finish(behind last: ByteBuffer, _ context: ChannelHandlerContext) {
    let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
    let hasLeft = context.eventLoop.makePromise(of: Void.self)
    hasLeft.futureResult.whenSuccess {
      guard case .ending = self.state.phase, bound.value.channel.isActive else { return }
      if self.state.flushed(now: .now()) {
        bound.value.close(promise: nil)
      } else {
        bound.value.close(mode: .output, promise: nil)
        self.arm(bound.value)
      }
    }
    put(last, context, hasLeft)
    context.flush()
    result.succeed(.taken)
    noteIdleness()
    arm(context)
    readOnAtTheEnd(context)
  }

  func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
    switch (mode, state.phase) {
    case (.input, _), (_, .closed): context.close(mode: mode, promise: promise)
    case (_, .ending), (_, .lingering), (.output, .upgraded):
      // Hummingbird has nothing more to say. How the connection ends isn't its affair.
      promise?.succeed()
    case (.all, .upgraded): context.close(promise: promise)
    case (_, .waiting), (_, .exchange):
      carryOut(state.givenUp(now: .now()), context)
      promise?.succeed()
    }
  }
}
