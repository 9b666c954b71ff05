/// Why an HTTP request was refused; the body is `{"code":…,"message":…}` as the official server's.
public enum EngineRequestError: Int, Error, Sendable, CaseIterable {
  case unknownTransport = 0
  case unknownSession = 1
  case badHandshakeMethod = 2
  case badRequest = 3
  case forbidden = 4
  case unsupportedProtocolVersion = 5

  /// The official server's words.
  public var message: String {
    switch self {
    case .unknownTransport: "Transport unknown"
    case .unknownSession: "Session ID unknown"
    case .badHandshakeMethod: "Bad handshake method"
    case .badRequest: "Bad request"
    case .forbidden: "Forbidden"
    case .unsupportedProtocolVersion: "Unsupported protocol version"
    }
  }

  /// 403 for `forbidden`, else 400.
  public var status: Int { self == .forbidden ? 403 : 400 }

  /// The response's body.
  public var json: String { "{\"code\":\(rawValue),\"message\":\"\(message)\"}" }
}
