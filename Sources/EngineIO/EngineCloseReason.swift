/// Why a session ended. `description` is the official server's string where it has one.
public enum EngineCloseReason: Sendable, Equatable, CustomStringConvertible {
  /// The client closed the connection, or sent CLOSE.
  case transportClose
  /// The connection broke, or a request came in a wrong state.
  case transportError
  /// No pong within `pingTimeout`.
  case pingTimeout
  /// Bytes that are no packet.
  case parseError
  /// A message beyond `maxPayload`.
  case messageTooLarge
  /// More unsent bytes than a connection may have: the client reads too slowly.
  case writeBufferExceeded
  /// This server closed the session.
  case forcedClose
  /// This server is going down.
  case serverShuttingDown
  /// Others needed the place: too many sessions that had joined nothing, or too many bytes of messages that were not
  /// whole yet.
  case overloaded

  public var description: String {
    switch self {
    case .transportClose: "transport close"
    case .transportError: "transport error"
    case .pingTimeout: "ping timeout"
    case .parseError: "parse error"
    case .messageTooLarge: "message too large"
    case .writeBufferExceeded: "write buffer limit exceeded"
    case .forcedClose: "forced close"
    case .serverShuttingDown: "server shutting down"
    case .overloaded: "server overloaded"
    }
  }

  /// The WebSocket close code that says the same (RFC 6455 section 7.4.1; 1013 from the IANA registry).
  public var webSocketCode: UInt16 {
    switch self {
    case .transportClose, .forcedClose: 1000
    case .serverShuttingDown: 1001
    case .transportError: 1002
    case .parseError: 1007
    case .messageTooLarge: 1009
    case .pingTimeout: 1008
    case .writeBufferExceeded, .overloaded: 1013
    }
  }
}
