import Gateway
import HTTPTypes
import Hummingbird
import SocketIOServer

/// Says which origins' pages may use the interface and read the sound (Fetch standard, CORS protocol).
///
/// The interface is used by the server's own pages and those that are allowed; of others nothing is done, whatever
/// cookies their browser sends along. The sound goes to whoever has its URL; here it is only said whose scripts may read it.
struct OriginMiddleware: RouterMiddleware {
  let policy: @Sendable () -> CORSPolicy

  func handle(
    _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
  ) async throws -> Response {
    // The edge asks on behalf of a request for sound, with the headers of that. All other paths are judged, however they
    // are spelt: the router passes over empty parts.
    if request.uri.path.hasPrefix("/audio/") || request.uri.path == Self.edgePath {
      return try await sound(request, context, next)
    }
    let policy = policy()
    let origin = request.headers[.origin]
    var request = request
    var response: Response
    switch policy.verdict(origin: origin, served: ServedOrigin(request)) {
    case .refused:
      return try ErrorMiddleware.response(to: DubplateError(.originRefused, "pages of this origin may not do that"))
    case .allowedWithoutCookies:
      var head = request.head
      head.headerFields[.cookie] = nil
      request = Request(head: head, body: request.body)
    case .allowed: break
    }
    if request.method == .options {
      let wanted = Self.requestedHeaders.flatMap { request.headers[$0] }
      response = try await options(request, context, next)
      response.headers.append(contentsOf: policy.preflightHeaders(requested: wanted))
    } else {
      response = try await next(request, context)
    }
    response.headers.append(contentsOf: policy.headers(origin: origin))
    return response
  }

  private func sound(
    _ request: Request, _ context: APIContext, _ next: (Request, APIContext) async throws -> Response
  ) async throws -> Response {
    let policy = policy()
    var response: Response
    if request.method == .options {
      response = try await options(request, context, next)
      response.headers.append(contentsOf: policy.audioPreflightHeaders())
    } else {
      response = try await next(request, context)
    }
    response.headers.append(contentsOf: policy.audioHeaders(origin: request.headers[.origin]))
    return response
  }

  /// What may be asked of a path (RFC 9110 section 9.3.7), as it is said to a method that there is no route for.
  private func options(
    _ request: Request, _ context: APIContext, _ next: (Request, APIContext) async throws -> Response
  ) async throws -> Response {
    var headers = HTTPFields()
    headers[.allow] = try await next(request, context).headers[.allow]
    return Response(status: .noContent, headers: headers)
  }

  private static let edgePath = "/api/v1/audio/authorize"
  private static let requestedHeaders = HTTPField.Name("Access-Control-Request-Headers")
}

extension CORSPolicy {
  /// Whether pages of any other origin may read the sound.
  private var isOpen: Bool {
    switch self {
    case .none: false
    case .any: true
    case .origins(let listed, _): !listed.isEmpty
    }
  }

  /// The headers of every answer below `/audio/`. All but one are the same for everybody; that one has `Vary`.
  func audioHeaders(origin: String?) -> HTTPFields {
    guard isOpen else { return [:] }
    var fields = headers(origin: origin)
    // The token is in the URL; a cookie is for the server's own pages.
    fields[.accessControlAllowCredentials] = nil
    fields[.accessControlExposeHeaders] =
      "Accept-Ranges, Content-Disposition, Content-Length, Content-Range, ETag, Retry-After"
    return fields
  }

  /// What a player's script may send: what a preflight asks for is the same for all of them, and so a cache's entry.
  fileprivate func audioPreflightHeaders() -> HTTPFields {
    guard isOpen else { return [:] }
    return [
      .accessControlAllowMethods: "GET, HEAD, OPTIONS",
      .accessControlAllowHeaders:
        "Authorization, Cache-Control, CMCD-Object, CMCD-Request, CMCD-Session, CMCD-Status, If-Match, If-None-Match, If-Range, Pragma, Range",
      .accessControlMaxAge: String(WebLimits.preflightSeconds),
    ]
  }
}
