import EngineIO
import NIOCore
import SocketIO
import Synchronization

/// Gives clients that lost their connection for a moment what they had and what they missed, in one namespace.
///
/// Events that are sent at the same moment from different threads have no order among themselves: a client whose
/// connection breaks between two such events may miss the one with the lower offset.
final class ConnectionRecovery: Sendable {
  /// What the program attached to a socket.
  struct Attached: Sendable {
    var own: (any Sendable)?
    var data: SocketValue
  }

  typealias Log = RecoveryLog<Attached>

  let skipsMiddlewares: Bool
  private let log: Mutex<Log>

  init(_ configuration: SocketIOServer.Configuration.Recovery) {
    skipsMiddlewares = configuration.skipsMiddlewares
    var random = SystemRandomNumberGenerator()
    log = Mutex(
      Log(
        lifetime: TimeAmount(configuration.maxDisconnectionDuration).nanoseconds, maxBytes: configuration.maxBytes,
        maxSessions: configuration.maxSessions, mark: SessionID.make(using: &random).prefix(4) + "."))
  }

  private var now: Int64 { Int64(NIODeadline.now().uptimeNanoseconds) }

  func note(_ packet: SocketPacket, scope: BroadcastScope) -> (packet: SocketPacket, number: UInt64)? {
    log.withLock { $0.note(packet, scope: scope, now: now) }
  }

  /// What a socket that connects now will have been sent.
  func newTrace() -> RecoveryTrace { log.withLock { RecoveryTrace(start: $0.nextNumber) } }

  /// What a client says of its former connection: `pid`, and `offset` if it saw one, beside its own auth.
  struct Claim: Sendable {
    let privateID: String
    let offset: String?

    init?(auth: SocketValue) {
      guard let privateID = auth["pid"]?.string else { return nil }
      self.privateID = privateID
      offset = auth["offset"]?.string
    }
  }

  typealias Restored = Log.Restored

  /// ``RecoveryTrace`` where it costs other sockets nothing.
  final class Trace {
    var value: RecoveryTrace
    init(_ value: RecoveryTrace) { self.value = value }
  }

  func restore(_ claim: Claim) -> Restored? {
    log.withLock { $0.restore(privateID: claim.privateID, offset: claim.offset, now: now) }
  }

  func keep(_ session: Log.Session, after reason: DisconnectReason) {
    guard reason.isRecoverable else { return }
    log.withLock { $0.keep(session, now: now) }
  }
}

extension DisconnectReason {
  /// The client may want to go on where it was: it left neither by will nor by fault.
  fileprivate var isRecoverable: Bool {
    switch self {
    case .clientNamespaceDisconnect, .serverNamespaceDisconnect: false
    case .connection(.parseError), .connection(.messageTooLarge): false
    case .connection: true
    }
  }
}
