import EngineIO
import NIOCore

/// What comes in: frames are taken by turns, and go to the session. On the channel's event loop, but where said.
extension WebSocketHandler {
  /// What a session of another event loop knows of the packets that are on their way to it.
  struct Crossing {
    /// Packets have come, and not all of them have been handled.
    var isUnderWay = false
    /// What ended the connection behind them.
    var end: (reason: EngineCloseReason, detail: String?)?
  }

  private var crosses: Bool { socket.eventLoop !== channelLoop }

  /// Whether nothing is taken off the connection now.
  var isHeld: Bool { heldUntil != nil || bytesUnderWay != nil }

  /// Whether that is for others' sake only.
  private var waitsForTurn: Bool { isHeld && (heldUntil ?? .now()) <= .now() }

  func takeMessages(_ context: ChannelHandlerContext) {
    isReading = true
    var room = socket.isGuest ? ServerLimits.guestPacketsPerTurn : ServerLimits.packetsPerTurn
    do throws(WebSocketMessageParser.Failure) {
      var isMore = true
      while isMore, state == .open, !isHeld {
        if crosses || parser.bufferedBytes == 0 {
          isMore = try takeFrame(context, &room)
        } else {
          let pause = try socket.measured { () throws(WebSocketMessageParser.Failure) in
            isMore = try takeFrame(context, &room)
          }
          // To find that a frame isn't whole is no reason to wait.
          if isMore, let pause { socket.hold(for: pause) }
        }
      }
      handOver()
    } catch {
      fail(error)
    }
    guard state == .open else { return }
    share.hold(parser.bufferedBytes + (bytesUnderWay ?? 0), of: socket.holder) {
      { [weak self, eventLoop = socket.eventLoop] in
        // Later: it may be this very share that is being changed.
        eventLoop.execute { [weak self] in self.map { $0.socket.webSocketEnded($0, reason: .overloaded, detail: nil) } }
      }
    }
    closeIfAllIsTaken(context)
  }

  /// - Parameter room: frames that may still be taken in this turn; the last one ends it.
  /// - Returns: false if no frame is whole.
  private func takeFrame(
    _ context: ChannelHandlerContext, _ room: inout Int
  ) throws(WebSocketMessageParser.Failure) -> Bool {
    parser.maxMessageBytes = socket.maxMessageBytes
    guard let message = try parser.next() else { return false }
    room -= 1
    if room == 0 { hold(for: .zero) }
    guestFrames = socket.isGuest ? guestFrames + 1 : 0
    guard guestFrames <= ServerLimits.guestFrames else {
      end(.overloaded, nil)
      return true
    }
    switch message {
    // What isn't whole now has only begun: a share is as old as its message.
    case .text, .binary, .compressed: share.release()
    case .fragment, .ping, .pong, .close: break
    }
    received(try inflated(message), context)
    return true
  }

  /// Gives a session of another event loop what has come, together. Nothing more is taken until it has handled all of it:
  /// one loop may bring faster than another works off.
  private func handOver() {
    guard !collected.isEmpty else { return }
    let packets = collected
    collected = []
    bytesUnderWay = packets.reduce(0) { $0 + $1.payload.readableBytes }
    onSessionLoop { $0.arrived(packets, over: self) }
  }

  /// The session has handled what it was given. Any thread.
  func handled() {
    guard channelLoop.inEventLoop else { return channelLoop.execute { self.handled() } }
    bytesUnderWay = nil
    if heldUntil == nil { goOn() }
  }

  /// Takes nothing off the connection for so long; what came with it already waits here. Any thread.
  func hold(for time: TimeAmount) {
    guard channelLoop.inEventLoop else { return channelLoop.execute { self.hold(for: time) } }
    guard state == .open else { return }
    let until = max(heldUntil ?? .now(), .now() + time)
    if heldUntil == nil { socket.server.loop(channelLoop).turns.enter(from: until) { self.release() } }
    heldUntil = until
  }

  private func release() {
    if let heldUntil, heldUntil > .now(), state == .open {
      // It has been held on meanwhile.
      return socket.server.loop(channelLoop).turns.enter(from: heldUntil) { self.release() }
    }
    heldUntil = nil
    if bytesUnderWay == nil { goOn() }
  }

  private func goOn() {
    guard let context else { return }
    if state == .open { takeMessages(context) }
    isReading = false
    flushWhatWaits()
    // Also when it is closing: the peer's own end is still to come.
    guard !isHeld, wantsRead else { return }
    wantsRead = false
    context.read()
  }

  /// The peer has finished sending, and so is gone: WebSocket has no half-closed state. What it said before is heard,
  /// unless that is made to wait for its sender's sake.
  func inputEnded(_ context: ChannelHandlerContext) {
    hasInputEnded = waitsForTurn && state == .open
    guard !hasInputEnded else { return }
    state = .closed
    context.close(promise: nil)
  }

  private func closeIfAllIsTaken(_ context: ChannelHandlerContext) {
    guard hasInputEnded, !waitsForTurn else { return }
    state = .closed
    context.close(promise: nil)
  }

  private func inflated(
    _ message: WebSocketMessageParser.Message
  ) throws(WebSocketMessageParser.Failure) -> WebSocketMessageParser.Message {
    guard case .compressed(let isText, let bytes) = message else { return message }
    guard let deflate else { throw .invalidCompression }
    let whole = try deflate.loop.compression.inflate(bytes, limit: socket.maxMessageBytes)
    guard isText else { return .binary(whole) }
    guard whole.isValidUTF8 else { throw .invalidUTF8 }
    return .text(whole)
  }

  private func received(_ message: WebSocketMessageParser.Message, _ context: ChannelHandlerContext) {
    switch message {
    case .text(let text):
      do throws(EnginePacketError) {
        deliver(try EnginePacket(text: text))
      } catch {
        end(.parseError, nil)
      }
    case .binary(let bytes), .compressed(_, let bytes): deliver(EnginePacket(binary: bytes))
    case .ping(let payload):
      var frame = ByteBuffer()
      frame.writeWebSocketHeader(.pong, length: payload.readableBytes)
      frame.writeImmutableBuffer(payload)
      write(frame, flush: true)
    case .pong, .fragment: break
    case .close(let code, _):
      closeOnLoop(code: code == 1005 ? 1000 : code, reason: "", isAbrupt: false)
      end(.transportClose, nil)
    }
  }

  private func deliver(_ packet: EnginePacket) {
    if crosses { collected.append(packet) } else { socket.received(packet, over: self) }
  }

  private func fail(_ failure: WebSocketMessageParser.Failure) {
    let (reason, detail): (EngineCloseReason, String) =
      switch failure {
      case .protocolError(let rule): (.transportError, rule)
      case .messageTooLarge:
        (.messageTooLarge, "message too large: limit \(socket.maxMessageBytes) bytes")
      case .invalidUTF8: (.parseError, "text is not UTF-8")
      case .invalidCompression: (.parseError, "the message can't be inflated")
      }
    end(reason, detail)
    closeOnLoop(code: failure.closeCode, reason: detail, isAbrupt: false)
  }

  /// The session hears of it behind what was said before.
  func end(_ reason: EngineCloseReason, _ detail: String?) {
    handOver()
    onSessionLoop { $0.webSocketEnded(self, reason: reason, detail: detail) }
  }
}
