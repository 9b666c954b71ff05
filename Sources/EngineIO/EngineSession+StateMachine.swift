public import NIOCore

extension EngineSession {
  /// What to do about a GET.
  public enum PollAction: Equatable, Sendable {
    /// Answer with what is queued, or wait for something.
    case hold
    /// This session doesn't poll (any more): 400.
    case refuse
    /// Two polls at once: answer the first with CLOSE, this one with 400, and end the session.
    case closeConcurrent
  }

  /// A GET of this session arrived.
  public mutating func pollArrived() -> PollAction {
    guard !isClosed, transport == .polling else { return .refuse }
    guard !isPollOpen else { return .closeConcurrent }
    isPollOpen = true
    return .hold
  }

  /// The open GET was answered.
  public mutating func pollAnswered() {
    isPollOpen = false
  }

  /// A POST of this session arrived: read its packets if it is held; a second one at once ends the session.
  public mutating func postArrived() -> PollAction {
    guard !isClosed, transport == .polling else { return .refuse }
    guard !isPostOpen else { return .closeConcurrent }
    isPostOpen = true
    return .hold
  }

  /// The POST's packets have been read.
  public mutating func postFinished() {
    isPostOpen = false
  }

  /// What to do about a packet.
  public enum PacketAction: Equatable, Sendable {
    /// Give the message on.
    case deliver
    /// Nothing; the heartbeat's deadline may have moved.
    case none
    /// End the session.
    case close(EngineCloseReason)
    /// Answer `pong` with payload `probe` on the probing WebSocket, and end the open poll with a NOOP.
    case answerProbe
    /// The probing WebSocket is the transport now: move what is queued to it.
    case completeUpgrade
    /// Close the probing WebSocket; the session goes on by polling.
    case abandonProbe
  }

  /// A packet came over the session's transport.
  public mutating func packetArrived(_ packet: EnginePacket, now: NIODeadline) -> PacketAction {
    guard !isClosed else { return .none }
    switch packet.kind {
    case .message: return .deliver
    case .pong:
      heartbeat = .pingDue(now + timing.pingInterval)
      return .none
    case .close: return .close(.transportClose)
    case .noop: return .none
    // Version 4 turned the heartbeat round: only the server pings. OPEN and UPGRADE have no place here either.
    case .ping, .open, .upgrade: return .close(.parseError)
    }
  }

  /// A WebSocket with this session's id was accepted. False: it has no business here; refuse it.
  public mutating func probeArrived() -> Bool {
    guard !isClosed, transport == .polling, upgrade == .none else { return false }
    upgrade = .opened
    return true
  }

  /// A packet came over the probing WebSocket.
  public mutating func probePacketArrived(_ packet: EnginePacket) -> PacketAction {
    guard !isClosed, upgrade != .none else { return .abandonProbe }
    switch packet.kind {
    case .ping where packet.payload.readableBytesView.elementsEqual("probe".utf8):
      upgrade = .probed
      return .answerProbe
    case .upgrade where upgrade == .probed:
      upgrade = .none
      transport = .webSocket
      return .completeUpgrade
    default:
      upgrade = .none
      return .abandonProbe
    }
  }

  /// The probing WebSocket closed, failed, or took longer than `upgradeTimeout`. True: it must be closed.
  public mutating func probeEnded() -> Bool {
    guard upgrade != .none else { return false }
    upgrade = .none
    return true
  }

  /// Whether an open poll should be ended with a NOOP, because the client waits for it before it upgrades.
  public var wantsPollEnded: Bool { upgrade == .probed && isPollOpen }

  /// What to do when a heartbeat's deadline may have passed.
  public enum HeartbeatAction: Equatable, Sendable {
    /// Too early: come back at the deadline.
    case wait(NIODeadline)
    /// Send a ping, come back at the deadline.
    case ping(next: NIODeadline)
    /// The client is gone.
    case close(EngineCloseReason)
    /// The session has ended.
    case stop
  }

  /// Looks at the clock. Deadlines follow from deadlines, not from when this was called, so that a late call adds no
  /// delay.
  public mutating func heartbeatDue(now: NIODeadline) -> HeartbeatAction {
    guard !isClosed else { return .stop }
    switch heartbeat {
    case .pingDue(let deadline) where now >= deadline:
      let next = deadline + timing.pingTimeout
      if now - deadline > .nanoseconds(timing.pingTimeout.nanoseconds / 2) {
        // The whole process stood still (a suspended machine): the client could not have answered in what is left.
        heartbeat = .pongDue(now + timing.pingTimeout)
        return .ping(next: now + timing.pingTimeout)
      }
      heartbeat = .pongDue(next)
      return .ping(next: next)
    case .pongDue(let deadline) where now >= deadline:
      return .close(.pingTimeout)
    case .pingDue(let deadline), .pongDue(let deadline):
      return .wait(deadline)
    }
  }

  /// Ends the session. False: it had ended before.
  public mutating func close() -> Bool {
    guard !isClosed else { return false }
    isClosed = true
    upgrade = .none
    return true
  }
}
