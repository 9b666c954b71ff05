public import NIOCore

/// The life of one session on the server: transport, upgrade, heartbeat and end, without any I/O
/// (Engine.IO protocol v4, "Protocol", "Upgrade", "Heartbeat").
///
/// Every event is a mutating method that returns what is to be done; times are passed in. The events themselves are in
/// `EngineSession+StateMachine.swift`.
public struct EngineSession: ~Copyable, Sendable {
  /// When pings go out, and how long a pong may take.
  public struct Timing: Sendable, Equatable {
    public var pingInterval: TimeAmount
    public var pingTimeout: TimeAmount

    public init(pingInterval: TimeAmount, pingTimeout: TimeAmount) {
      self.pingInterval = pingInterval
      self.pingTimeout = pingTimeout
    }
  }

  enum Upgrade: Equatable {
    case none
    /// A WebSocket is open beside the polling and has said nothing yet.
    case opened
    /// It has been pinged; the client is finishing its polls.
    case probed
  }

  enum Heartbeat: Equatable {
    case pingDue(NIODeadline)
    case pongDue(NIODeadline)
  }

  let timing: Timing
  var heartbeat: Heartbeat
  var upgrade: Upgrade = .none
  var isPollOpen = false
  var isPostOpen = false

  /// The transport that messages take.
  public internal(set) var transport: EngineTransport
  /// Whether the session has ended.
  public internal(set) var isClosed = false

  /// A session that opens now.
  public init(transport: EngineTransport, timing: Timing, now: NIODeadline) {
    self.timing = timing
    self.transport = transport
    self.heartbeat = .pingDue(now + timing.pingInterval)
  }

  /// When ``heartbeatDue(now:)`` has something to do.
  public var nextDeadline: NIODeadline {
    switch heartbeat {
    case .pingDue(let deadline), .pongDue(let deadline): deadline
    }
  }

  /// Whether a WebSocket is on its way to take over.
  public var isUpgrading: Bool { upgrade != .none }
}

extension EngineSession {
  /// Whether a ping is out and its pong is not in.
  public var isAwaitingPong: Bool {
    if case .pongDue = heartbeat { true } else { false }
  }
}
