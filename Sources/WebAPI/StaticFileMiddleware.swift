import Hummingbird

/// Answers requests for files before the router sees them.
struct StaticFileMiddleware: RouterMiddleware {
  let files: StaticFiles

  func handle(
    _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
  ) async throws -> Response {
    if let answer = files.response(to: request) { return answer }
    return try await next(request, context)
  }
}
