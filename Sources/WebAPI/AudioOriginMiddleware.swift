import HTTPTypes
import Hummingbird

/// Lets pages of the allowed origins read the sound (Fetch standard, CORS protocol): players such as hls.js fetch it by
/// script.
struct AudioOriginMiddleware: RouterMiddleware {
  /// Origins, or `*`.
  let allowed: Set<String>

  func handle(
    _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
  ) async throws -> Response {
    var response = try await next(request, context)
    guard let origin = request.headers[.origin], request.uri.path.hasPrefix("/audio/"),
      allowed.contains("*") || allowed.contains(origin)
    else { return response }
    response.headers[.accessControlAllowOrigin] = allowed.contains("*") ? "*" : origin
    response.headers[.accessControlExposeHeaders] = "Accept-Ranges, Content-Length, Content-Range, ETag"
    response.headers[.vary] = "Origin"
    return response
  }
}
