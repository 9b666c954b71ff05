import HTTPTypes

/// Which origins' pages may use the server (Fetch standard, "HTTP extensions").
public enum CORSPolicy: Sendable, Equatable {
  /// No CORS headers: only pages of the server's own origin can poll. WebSockets aren't checked, as in the official
  /// server.
  case none
  /// These origins, and the server's own. Handshakes over WebSocket from any other page's origin are refused, too,
  /// because browsers send cookies with those and check nothing.
  case origins(Set<String>, credentials: Bool = false)
  /// Every origin.
  case any(credentials: Bool = false)
}

extension CORSPolicy {
  /// The headers for a response to a request of `origin`.
  func headers(origin: String?) -> HTTPFields {
    var fields = HTTPFields()
    switch self {
    case .none: return fields
    case .any(let credentials):
      guard let origin, credentials else {
        fields[.accessControlAllowOrigin] = "*"
        return fields
      }
      fields[.accessControlAllowOrigin] = origin
      fields[.accessControlAllowCredentials] = "true"
      fields[.vary] = "Origin"
    case .origins(let allowed, let credentials):
      fields[.vary] = "Origin"
      guard let origin, allowed.contains(origin) else { return fields }
      fields[.accessControlAllowOrigin] = origin
      if credentials { fields[.accessControlAllowCredentials] = "true" }
    }
    return fields
  }

  /// The headers that answer a preflight, on top of the common ones.
  func preflightHeaders(requested: String?) -> HTTPFields {
    var fields = HTTPFields()
    guard self != .none else { return fields }
    fields[.accessControlAllowMethods] = "GET,HEAD,PUT,PATCH,POST,DELETE"
    if let requested { fields[.accessControlAllowHeaders] = requested }
    return fields
  }

  /// Whether a WebSocket handshake with this Origin may go on; programs that are no browsers send none.
  func allowsWebSocket(origin: String?, host: String?) -> Bool {
    guard case .origins(let allowed, _) = self, let origin else { return true }
    if allowed.contains(origin) { return true }
    guard let host, let colon = origin.firstIndex(of: ":") else { return false }
    return origin[colon...].lowercased() == "://" + host.lowercased()
  }
}
