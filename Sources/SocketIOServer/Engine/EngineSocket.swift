public import EngineIO
import Logging
public import NIOCore
import Synchronization

/// One Engine.IO session on the server.
///
/// It lives on the event loop of the connection that opened it. Polls that come over connections of other loops hop to
/// it. If a polling session upgrades over a connection of another loop, every write and every message hops once; a
/// client that begins with WebSocket, and a server of one loop, never do.
///
/// Invariant of `@unchecked Sendable`: all mutable state is touched on `eventLoop` only.
public final class EngineSocket: @unchecked Sendable {
  public let id: String
  /// The request that opened it.
  public let handshake: Handshake
  let server: EngineServer
  let loop: EngineLoop

  var session: EngineSession
  var heartbeat = HeartbeatLink()
  var webSocket: WebSocketHandler?
  var probe: WebSocketHandler?
  var polling: PollingTransport?
  /// Attempts to upgrade, so that the timer of one doesn't end another.
  var upgrades: UInt32 = 0
  /// Its number in the list of guests, if it was one.
  let guest: UInt64?
  /// Whether nobody knows yet who it is. Written on the event loop, read anywhere.
  private let stillGuest: Atomic<Bool>

  /// Until when nothing more is taken of what the client sends.
  var heldUntil = NIODeadline.uptimeNanoseconds(0)

  /// Who takes the messages; kept until the session ends. Event loop only.
  public var receiver: (any EngineReceiver)?

  init(id: String, handshake: Handshake, server: EngineServer, loop: EngineLoop, guest: UInt64? = nil) {
    self.id = id
    self.handshake = handshake
    self.server = server
    self.loop = loop
    self.guest = guest
    stillGuest = Atomic(guest != nil)
    session = EngineSession(transport: handshake.transport, timing: server.configuration.timing, now: .now())
    if handshake.transport == .polling { polling = PollingTransport() }
  }

  /// Where the session lives.
  public var eventLoop: any EventLoop { loop.eventLoop }
  /// The transport that messages take now. Event loop only.
  public var transport: EngineTransport { session.transport }
  /// Whether it has ended. Event loop only.
  public var isClosed: Bool { session.isClosed }

  /// Whether it has joined nothing, and has less of everything. Any thread.
  var isGuest: Bool { stillGuest.load(ordering: .relaxed) }

  /// Somebody has let the client in.
  func becomeMember() {
    guard let guest, stillGuest.exchange(false, ordering: .relaxed) else { return }
    server.strikeOff(guest: guest)
  }

  /// Bytes of a message that the session may send now. Any thread.
  var maxMessageBytes: Int {
    let all = server.configuration.maxPayload
    return isGuest ? min(all, ServerLimits.guestMessageBytes) : all
  }

  /// Unsent bytes that it may have now. Any thread.
  var maxWriteBufferBytes: Int {
    let all = server.configuration.maxWriteBufferBytes
    return isGuest ? min(all, ServerLimits.guestWriteBufferBytes) : all
  }

  /// Sends OPEN over the transport and starts the heartbeat; then the session is announced.
  func start(over webSocket: WebSocketHandler?) {
    self.webSocket = webSocket
    let open = server.configuration.handshake(sid: id, transport: session.transport).packet
    if let webSocket {
      webSocket.write(open, flush: true)
    } else {
      polling?.append(open)
    }
    loop.watch(self)
    server.announce(self)
  }

  /// Takes nothing of what the client sends for so long: it stays on the connection, and its sender waits. Event loop
  /// only.
  public func hold(for time: TimeAmount) {
    heldUntil = max(heldUntil, .now() + time)
    webSocket?.hold(for: time)
  }

  /// Ends the session. Any thread.
  public func close(_ reason: EngineCloseReason = .forcedClose) {
    guard eventLoop.inEventLoop else {
      eventLoop.execute { self.close(reason) }
      return
    }
    close(reason, detail: nil)
  }

  /// - Parameter detail: more than the reason says, for the peer's eyes.
  func close(_ reason: EngineCloseReason, detail: String?) {
    guard session.close() else { return }
    server.logger.debug("session closed", metadata: ["sid": "\(id)", "reason": "\(reason)"])
    loop.unwatch(self)
    // The books first, the wire last: whoever sees the connection end finds the session gone.
    let receiver = receiver
    self.receiver = nil
    receiver?.closed(reason)
    closePolling(reason)
    probe?.close(code: 1000, reason: "")
    probe = nil
    let webSocket = webSocket
    self.webSocket = nil
    webSocket?.close(
      code: reason.webSocketCode, reason: detail ?? reason.description, isAbrupt: reason == .writeBufferExceeded)
  }

  /// The heartbeat's deadline has come.
  func heartbeatDue(now: NIODeadline) {
    switch session.heartbeatDue(now: now) {
    case .stop: break
    case .wait: loop.watch(self)
    case .close(let reason): close(reason)
    case .ping:
      loop.watch(self)
      send(EnginePacket(.ping), flush: true)
    }
  }

  /// A packet came over the transport that the session uses.
  func received(_ packet: EnginePacket) {
    switch session.packetArrived(packet, now: .now()) {
    case .deliver:
      loop.countIn(bytes: packet.payload.readableBytes)
      if packet.isBinary {
        receiver?.received(binary: packet.payload)
      } else {
        receiver?.received(text: packet.payload)
      }
    case .none:
      if packet.kind == .pong { loop.watch(self) }
    case .close(let reason): close(reason)
    case .answerProbe, .completeUpgrade, .abandonProbe: break
    }
  }
}
