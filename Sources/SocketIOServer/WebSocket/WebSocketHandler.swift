import EngineIO
import NIOCore
import Synchronization

/// One WebSocket connection: the only handler left in its pipeline.
///
/// It reads frames with ``WebSocketMessageParser`` and writes frames that are made already, so nothing stands between a
/// shared buffer and the socket. It knows its session's event loop, and hops if that is not the channel's.
///
/// Invariant of `@unchecked Sendable`: mutable state is touched on the channel's event loop only, but for ``crossing``.
final class WebSocketHandler: ChannelDuplexHandler, @unchecked Sendable {
  typealias InboundIn = ByteBuffer
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// What the connection is to its session.
  enum Role {
    /// What the session began with.
    case transport
    /// The session polls until now.
    case probe
    /// The session has its WebSocket: this one is closed at once.
    case surplus
  }

  enum State {
    case open
    /// We have said goodbye and wait for the peer's; what it still sends is dropped.
    case closing
    case closed
  }

  let socket: EngineSocket
  let channelLoop: any EventLoop
  private let role: Role
  /// Whether the client wants binary as base64.
  let sendsTextOnly: Bool
  private let readsItself: Bool
  /// The connection's place among all of them, if they are bounded.
  private let ticket: ConnectionGate.Ticket?
  var share: AssemblyShare
  /// What is compressed; nil unless client and server agreed to it.
  let deflate: Deflate?
  var parser: WebSocketMessageParser
  private(set) var context: ChannelHandlerContext?
  var state = State.open
  var isReading = false
  /// Until when nothing is taken off the connection; nil when it is.
  var heldUntil: NIODeadline?
  /// Somebody has asked for more meanwhile.
  var wantsRead = false
  /// The peer has sent all that it will, and not all of it has had its turn.
  var hasInputEnded = false
  /// Frames of one who has joined nothing.
  var guestFrames = 0
  /// Packets for a session of another event loop, which are handed over together.
  var collected: [EnginePacket] = []
  /// Bytes of those that the session hasn't handled yet; nil when it has all.
  var bytesUnderWay: Int?
  /// What the session knows of those. Touched on the session's event loop only.
  var crossing = Crossing()
  private var needsFlush = false
  /// What is written stays here until this is over.
  private var isApart = false
  private let channel: any Channel
  /// What the connection has carried; nil where nobody can say. On another loop than the channel's it is what was found
  /// when it was asked for last, nil at first.
  var statistics: ConnectionStatistics? {
    guard !channelLoop.inEventLoop else { return ConnectionStatistics(channel) }
    channelLoop.execute { [self] in
      let found = ConnectionStatistics(channel)
      lastStatistics.withLock { $0 = found }
    }
    return lastStatistics.withLock { $0 }
  }
  private let lastStatistics = Mutex<ConnectionStatistics?>(nil)

  /// Bytes on their way from the session's event loop to the channel's. Atomic: written on both.
  private let inTransit = Atomic<Int>(0)

  /// - Parameters:
  ///   - sendsTextOnly: whether the client wants binary as base64.
  ///   - readsItself: whether handlers that no longer read stand behind this one.
  ///   - extension: how messages are compressed, if client and server agreed to it.
  init(
    socket: EngineSocket, channel: any Channel, role: Role, sendsTextOnly: Bool, readsItself: Bool,
    extension agreed: PerMessageDeflate? = nil, ticket: ConnectionGate.Ticket? = nil
  ) {
    self.socket = socket
    self.ticket = ticket
    self.readsItself = readsItself
    self.channel = channel
    self.role = role
    self.sendsTextOnly = sendsTextOnly
    channelLoop = channel.eventLoop
    share = AssemblyShare(of: socket.server.assembly)
    if let agreed, let settings = socket.server.configuration.perMessageDeflate {
      let loop = socket.server.loop(channelLoop)
      deflate = Deflate(windowBits: agreed.windowBits, settings: settings, loop: loop)
    } else {
      deflate = nil
    }
    parser = WebSocketMessageParser(
      reading: .client, maxMessageBytes: socket.maxMessageBytes, allowsCompression: deflate != nil)
  }

  var sessionID: String { socket.id }

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    socket.server.webSockets.wrappingAdd(1, ordering: .relaxed)
    switch role {
    case .transport: onSessionLoop { $0.start(over: self) }
    case .probe: onSessionLoop { $0.probeOpened(self) }
    case .surplus: closeOnLoop(code: 1000, reason: "", isAbrupt: false)
    }
    if readsItself { context.read() }
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    self.context = nil
    state = .closed
    socket.server.webSockets.wrappingSubtract(1, ordering: .relaxed)
  }

  func onSessionLoop(_ body: @escaping @Sendable (EngineSocket) -> Void) {
    let socket = socket
    if socket.eventLoop.inEventLoop {
      body(socket)
    } else {
      socket.eventLoop.execute { body(socket) }
    }
  }

  // MARK: Reading

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard state == .open else { return }
    parser.append(unwrapInboundIn(data))
    takeMessages(context)
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    isReading = false
    flushWhatWaits()
    if readsItself { read(context: context) }
  }

  /// The next bytes are wanted: they stay in the kernel while the connection is held.
  func read(context: ChannelHandlerContext) {
    if isHeld { wantsRead = true } else { context.read() }
  }

  func channelInactive(context: ChannelHandlerContext) {
    state = .closed
    end(.transportClose, nil)
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    end(.transportError, nil)
    state = .closed
    context.close(promise: nil)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    switch event {
    case ChannelEvent.inputClosed: inputEnded(context)
    case is ChannelShouldQuiesceEvent:
      end(.serverShuttingDown, nil)
    default:
      context.fireUserInboundEventTriggered(event)
    }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    let isWritable = context.channel.isWritable
    onSessionLoop { $0.webSocketWritabilityChanged(self, isWritable: isWritable) }
    context.fireChannelWritabilityChanged()
  }

  // MARK: Writing

  /// Whether what is written leaves soon. Any thread.
  var isWritable: Bool {
    channel.isWritable && inTransit.load(ordering: .relaxed) < ServerLimits.pollingHighWatermark
  }

  /// Bytes that wait for the peer; on another event loop than the channel's, only those that haven't got there.
  var bufferedBytes: Int { inTransit.load(ordering: .relaxed) + (channelLoop.inEventLoop ? unsentBytes : 0) }

  private var unsentBytes: Int {
    // Fails only for a channel that has no such option, or is closed.
    (try? channel.syncOptions?.getOption(ChannelOptions.bufferedWritableBytes)) ?? 0
  }

  /// Writes bytes of frames that are made already.
  func write(_ bytes: ByteBuffer, flush: Bool) {
    if channelLoop.inEventLoop {
      writeOnLoop(bytes, flush: flush)
    } else {
      inTransit.wrappingAdd(bytes.readableBytes, ordering: .relaxed)
      channelLoop.execute {
        let count = self.inTransit.wrappingSubtract(bytes.readableBytes, ordering: .relaxed)
        self.writeOnLoop(bytes, flush: flush)
        // The channel, which may have been writable all the while, says nothing of it.
        let mark = ServerLimits.pollingHighWatermark
        guard count.oldValue >= mark, count.newValue < mark else { return }
        self.onSessionLoop { $0.webSocketWritabilityChanged(self, isWritable: self.isWritable) }
      }
    }
  }

  private func writeOnLoop(_ bytes: ByteBuffer, flush: Bool) {
    guard state == .open, let context else { return }
    context.write(wrapOutboundOut(bytes), promise: nil)
    if flush { flushOnLoop() }
    // Only a peer that already reads too slowly is worth asking how much it owes.
    if !context.channel.isWritable, unsentBytes > socket.maxWriteBufferBytes {
      // The session first: closing makes the channel inactive at once, which would be taken for the client's doing.
      end(.writeBufferExceeded, nil)
      closeOnLoop(code: EngineCloseReason.writeBufferExceeded.webSocketCode, reason: "", isAbrupt: true)
    }
  }

  func flush() {
    if channelLoop.inEventLoop { flushOnLoop() } else { channelLoop.execute { self.flushOnLoop() } }
  }

  private func flushOnLoop() {
    needsFlush = true
    if !isReading { flushWhatWaits() }
  }

  func flushWhatWaits() {
    guard needsFlush, !isApart else { return }
    needsFlush = false
    context?.flush()
  }

  /// Lets out what has been written, and nothing for a moment. Any thread.
  func writeApart() {
    guard channelLoop.inEventLoop else { return channelLoop.execute { self.writeApart() } }
    guard state == .open, !isApart else { return }
    context?.flush()
    isApart = true
    channelLoop.scheduleTask(in: ServerLimits.apartTime) {
      self.isApart = false
      if !self.isReading { self.flushWhatWaits() }
    }
  }

  // MARK: Closing

  /// Says goodbye and closes. Any thread.
  /// - Parameter isAbrupt: don't wait until everything has been sent.
  func close(code: UInt16, reason: String, isAbrupt: Bool = false) {
    if channelLoop.inEventLoop {
      closeOnLoop(code: code, reason: reason, isAbrupt: isAbrupt)
    } else {
      channelLoop.execute { self.closeOnLoop(code: code, reason: reason, isAbrupt: isAbrupt) }
    }
  }

  func closeOnLoop(code: UInt16, reason: String, isAbrupt: Bool) {
    guard state == .open, let context else { return }
    state = .closing
    // What isn't whole will never be; the peer may take its time to close.
    parser.discard()
    share.release()
    guard !isAbrupt else {
      context.close(promise: nil)
      return
    }
    let reason = reason.utf8.prefix(EngineLimits.maxCloseReasonBytes)
    var frame = ByteBuffer()
    frame.writeWebSocketHeader(.close, length: 2 + reason.count)
    frame.writeInteger(code)
    frame.writeBytes(reason)
    context.writeAndFlush(wrapOutboundOut(frame), promise: nil)
    // Our side ends behind the frame; the connection stays until the peer ends its own, so that no reset of unread
    // bytes overtakes the reason.
    context.close(mode: .output, promise: nil)
    let channel = channel
    let cut = channelLoop.scheduleTask(in: ServerLimits.webSocketCloseTimeout) { channel.close(promise: nil) }
    channel.closeFuture.whenComplete { _ in cut.cancel() }
    // Nothing is owed to it but time.
    ticket?.noteIdle()
  }

  /// Somebody needs this connection's place. Returns whether it goes: one that has been told goodbye does.
  func makeRoom() -> Bool {
    guard state == .closing else { return false }
    channel.close(promise: nil)
    return true
  }
}
