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
        lifetime: TimeAmount(configuration.maxDisconnectionDuration).nanoseconds,
        arrivalTime: TimeAmount(configuration.arrivalTime).nanoseconds, maxBytes: configuration.maxBytes,
        maxSessions: configuration.maxSessions, mark: SessionID.make(using: &random).prefix(4) + "."))
  }

  private var now: Int64 { Int64(NIODeadline.now().uptimeNanoseconds) }

  /// What an event leaves with each socket that is sent it.
  struct Mark: Sendable {
    /// Its number, if it's remembered.
    let number: UInt64?
    /// If it isn't: what clients may take for an offset.
    let misleading: RecoveryTrace.Text?
    let moment: Int64

    func leave(on trace: Trace?) {
      if let number {
        trace?.value.sent(number, now: moment)
      } else if let misleading {
        trace?.value.sentMisleading(misleading, now: moment)
      }
    }
  }

  /// Remembers a packet if it is one that is.
  /// - Returns: it as it is to be sent.
  func note(_ packet: SocketPacket, scope: BroadcastScope) -> (packet: SocketPacket, mark: Mark) {
    let moment = now
    if let noted = log.withLock({ $0.note(packet, scope: scope, now: moment) }) {
      return (noted.packet, Mark(number: noted.number, misleading: nil, moment: moment))
    }
    return (packet, Mark(number: nil, misleading: packet.takenForOffset.map { .init($0) }, moment: moment))
  }

  /// Of an event that is sent as it is; nil if clients take nothing in it for an offset.
  func mark(of event: RawEvent) -> Mark? {
    event.lastString.map { Mark(number: nil, misleading: .init($0), moment: now) }
  }

  /// Bytes that are kept for clients that may come back; nil if none are waited for.
  var bytesForLost: Int? {
    let kept = log.withLock { $0.tidied(now: now) }
    return kept.sessions > 0 ? kept.bytes : nil
  }

  /// What a socket that connects now will have been sent.
  /// - Parameter offset: what its client took for an offset before; it names that again until it sees another.
  func newTrace(after offset: String?) -> RecoveryTrace {
    var trace = RecoveryTrace(start: log.withLock(\.nextNumber))
    if let offset { trace.sentMisleading(.init(offset), now: now) }
    return trace
  }

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
