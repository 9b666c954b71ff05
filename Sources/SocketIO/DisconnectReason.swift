public import EngineIO

/// Why a socket left its namespace. `description` is the official server's string where it has one.
public enum DisconnectReason: Sendable, Equatable, CustomStringConvertible {
  /// The connection below ended.
  case connection(EngineCloseReason)
  /// The client sent DISCONNECT.
  case clientNamespaceDisconnect
  /// `disconnect()` was called on the server.
  case serverNamespaceDisconnect

  public var description: String {
    switch self {
    case .connection(let reason): reason.description
    case .clientNamespaceDisconnect: "client namespace disconnect"
    case .serverNamespaceDisconnect: "server namespace disconnect"
    }
  }
}
