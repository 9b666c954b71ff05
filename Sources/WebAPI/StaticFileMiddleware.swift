import Hummingbird

/// Answers requests for files before the router sees them, and with the page those of browsers for what there isn't.
struct StaticFileMiddleware: RouterMiddleware {
  /// What there is to a request: the same for all, or what is in a folder at that moment.
  let files: @Sendable (Request) -> StaticFiles

  func handle(
    _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
  ) async throws -> Response {
    let files = files(request)
    if let answer = files.response(to: request) { return answer }
    let answer = try await next(request, context)
    return answer.status == .notFound ? files.page(for: request) ?? answer : answer
  }
}
