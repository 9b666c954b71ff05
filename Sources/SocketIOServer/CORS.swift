public import HTTPTypes
import SocketIO

/// Which origins' pages may use the server (Fetch standard, "HTTP extensions").
public enum CORSPolicy: Sendable, Equatable {
  /// No CORS headers: pages of other origins can't read what they poll. Nothing else is checked, as in the official
  /// server: a WebSocket opens for every page, with the cookies that its browser has.
  case none
  /// These origins, and the server's own. Sessions of any other page are refused, over WebSocket and over polling:
  /// browsers send cookies with a WebSocket's handshake and check nothing.
  case origins(Set<String>, credentials: Bool = false)
  /// Every origin; without `credentials`, cookies of pages of other origins are passed over.
  case any(credentials: Bool = false)

  /// Pages of the server's own origin, and no other.
  public static let sameOrigin = CORSPolicy.origins([])
}

extension CORSPolicy {
  /// What a policy says about a request.
  public enum Verdict: Sendable, Equatable {
    /// It may, and is who its cookies say.
    case allowed
    /// It may, but its cookies are not to be believed.
    case allowedWithoutCookies
    case refused

    /// Whether a header field of the request counts.
    func believes(_ name: String) -> Bool { self == .allowed || name.lowercased() != "cookie" }
  }

  /// - Parameters:
  ///   - origin: the value of `Origin`; programs that are no browsers send none, nor do a page's own plain requests.
  ///   - served: where the client reached the server.
  public func verdict(origin: String?, served: ServedOrigin) -> Verdict {
    guard let origin, !served.isOrigin(of: origin) else { return .allowed }
    switch self {
    case .none: return .allowed
    case .any(let credentials): return credentials ? .allowed : .allowedWithoutCookies
    case .origins(let listed, let credentials):
      guard Self.isListed(origin, in: listed) else { return .refused }
      return credentials ? .allowed : .allowedWithoutCookies
    }
  }

  /// The headers for a response to a request of `origin`. Which there are depends on nothing else, and where they depend
  /// on the origin `Vary` says so, also in the answer to a request without one.
  public func headers(origin: String?) -> HTTPFields {
    var fields = HTTPFields()
    switch self {
    case .none: return fields
    case .any(let credentials):
      guard credentials else {
        fields[.accessControlAllowOrigin] = "*"
        return fields
      }
      fields[.vary] = "Origin"
      guard let origin else { return fields }
      fields[.accessControlAllowOrigin] = origin
      fields[.accessControlAllowCredentials] = "true"
    case .origins(let listed, let credentials):
      guard !listed.isEmpty else { return fields }
      fields[.vary] = "Origin"
      guard let origin, Self.isListed(origin, in: listed) else { return fields }
      fields[.accessControlAllowOrigin] = origin
      if credentials { fields[.accessControlAllowCredentials] = "true" }
    }
    return fields
  }

  /// The headers that answer a preflight, on top of the common ones.
  public func preflightHeaders(requested: String?) -> HTTPFields {
    var fields = HTTPFields()
    guard self != .none else { return fields }
    fields[.accessControlAllowMethods] = "GET,HEAD,PUT,PATCH,POST,DELETE"
    if let requested { fields[.accessControlAllowHeaders] = requested }
    return fields
  }

  private static func isListed(_ origin: String, in listed: Set<String>) -> Bool {
    listed.containsBytewise(origin) || WebOrigin(origin).map { listed.contains($0.description) } ?? false
  }
}
