public import EngineIO
import Logging
public import NIOCore
import SocketIO
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
  /// Whether open polls are being ended for an upgrade.
  var isEndingPolls = false
  /// Packets over the WebSocket that is to take over.
  var probePackets: UInt8 = 0
  /// Packets that one may still send who has joined nothing.
  private var guestPacketsLeft = ServerLimits.guestPackets
  /// Its number in the list of guests while it stands there. Touched under the server's lock only.
  var guest: UInt64?
  /// Written on the event loop, read anywhere.
  private let standing: Atomic<Standing>
  /// Who stands behind the address that it was opened from; nil where that can't be told.
  let address: AddressBlock?
  /// Packets in the answer to one poll.
  let packetsPerPoll: Int
  /// Whose it is, by the program's word. Written on the event loop, read anywhere.
  private let account = Mutex<String?>(nil)
  /// What the handling of its packets is measured by. Event loop only.
  private var meter: ConnectionOwner.Meter?

  /// Until when nothing more is taken of what the client sends.
  var heldUntil = NIODeadline.uptimeNanoseconds(0)

  /// Who takes the messages; kept until the session ends. Event loop only.
  public var receiver: (any EngineReceiver)?

  init(
    id: String, handshake: Handshake, server: EngineServer, loop: EngineLoop, address: AddressBlock? = nil,
    packetsPerPoll: Int = ServerLimits.packetsPerPoll, guest: UInt64? = nil
  ) {
    self.id = id
    self.handshake = handshake
    self.server = server
    self.loop = loop
    self.address = address
    self.packetsPerPoll = packetsPerPoll
    self.guest = guest
    standing = Atomic(guest != nil ? .newcomer : .member)
    session = EngineSession(transport: handshake.transport, timing: server.configuration.timing, now: .now())
    if handshake.transport == .polling { polling = PollingTransport() }
  }

  /// Where the session lives.
  public var eventLoop: any EventLoop { loop.eventLoop }
  /// The transport that messages take now. Event loop only.
  public var transport: EngineTransport { session.transport }
  /// Whether it has ended. Event loop only.
  public var isClosed: Bool { session.isClosed }

  /// What a session is to those who share the server with it.
  private enum Standing: UInt8, AtomicRepresentable {
    /// Nobody knows yet who it is.
    case newcomer
    /// Somebody has let the client in.
    case member
    /// The client has left all that it had joined. What it sent before it knew may still be on its way.
    case leaver
  }

  /// Whether it has joined nothing, or nothing any more: it makes room for others. Any thread.
  var isGuest: Bool { standing.load(ordering: .relaxed) != .member }

  private var isNewcomer: Bool { standing.load(ordering: .relaxed) == .newcomer }

  /// Somebody has let the client in.
  func becomeMember() {
    guard isGuest else { return }
    standing.store(.member, ordering: .relaxed)
    server.strikeOff(self)
  }

  /// The client has left all that it had joined.
  func becomeGuest() {
    guard !isGuest, !session.isClosed else { return }
    standing.store(.leaver, ordering: .relaxed)
    guestPacketsLeft = ServerLimits.guestPackets + SocketIOLimits.maxLatePackets
    server.putDown(self)
  }

  /// Says whose it is. Event loop only.
  func setOwner(_ owner: ConnectionOwner) {
    guard !session.isClosed else { return }
    account.withLock { $0 = owner.id }
    meter = owner.meter
  }

  /// Who answers for what it holds. Any thread.
  var holder: AssemblyBudget.Owner {
    let account = account.withLock { $0 }
    return .init(isGuest: isGuest, name: account.map { .account($0) } ?? .address(address))
  }

  /// Does a part of what its packets ask for, and holds it for as long as its owner's meter says. Event loop only.
  func metered<Failure: Error>(_ body: () throws(Failure) -> Void) throws(Failure) {
    if let pause = try measured(body) { hold(for: pause) }
  }

  /// The same, but for the hold, whose time is returned.
  func measured<Failure: Error>(_ body: () throws(Failure) -> Void) throws(Failure) -> TimeAmount? {
    guard let meter else {
      try body()
      return nil
    }
    var failure: Failure?
    let pause = meter {
      do throws(Failure) {
        try body()
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return pause
  }

  /// Bytes of a message that the session may send now. Any thread.
  var maxMessageBytes: Int {
    let all = server.configuration.maxPayload
    return isNewcomer ? min(all, ServerLimits.guestMessageBytes) : all
  }

  /// Unsent bytes that it may have now. Any thread.
  var maxWriteBufferBytes: Int {
    let all = server.configuration.maxWriteBufferBytes
    return isNewcomer ? min(all, ServerLimits.guestWriteBufferBytes) : all
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
    // A write may find that the connection has ended.
    guard !session.isClosed else { return }
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

  /// - Parameters:
  ///   - detail: more than the reason says, for the peer's eyes.
  ///   - isFinal: a client that polls is not told at its next poll: it has been, or wouldn't hear of it.
  func close(_ reason: EngineCloseReason, detail: String?, isFinal: Bool = false) {
    guard session.close() else {
      // Others need the place of one that has ended and was to be told.
      if reason == .overloaded { polling?.forgetFarewell() }
      return
    }
    server.logger.debug("session closed", metadata: ["sid": "\(id)", "reason": "\(reason)"])
    loop.unwatch(self)
    // The books first, the wire last: whoever sees the connection end finds the session gone.
    let receiver = receiver
    self.receiver = nil
    meter = nil
    receiver?.closed(reason)
    closePolling(reason, isFinal: isFinal)
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
    if isGuest {
      guestPacketsLeft -= 1
      guard guestPacketsLeft >= 0 else { return close(.overloaded) }
    }
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
    case .close(let reason): close(reason, detail: nil, isFinal: true)
    case .answerProbe, .completeUpgrade, .abandonProbe: break
    }
  }
}
