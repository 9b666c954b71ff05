import HTTPTypes
import Hummingbird

/// Headers of every page of the player: it loads nothing from elsewhere, and nobody frames it.
struct PageMiddleware: RouterMiddleware {
  func handle(
    _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
  ) async throws -> Response {
    var response = try await next(request, context)
    guard !request.uri.path.hasPrefix("/api/"), !request.uri.path.hasPrefix("/audio/") else { return response }
    response.headers[.contentSecurityPolicy] =
      "default-src 'self'; img-src 'self' data: blob:; connect-src 'self' ws: wss:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
    response.headers[.xContentTypeOptions] = "nosniff"
    if let name = HTTPField.Name("Referrer-Policy") { response.headers[name] = "same-origin" }
    return response
  }
}
