import Gateway
import HTTPTypes
import Hummingbird

/// Answers a request whose path has routes, and none for its method: 405 with the methods that there are (RFC 9110
/// section 15.5.6). Which they are is the router's to say, and so is which route a path is of.
///
/// Added to a router behind its routes, so that it sees what none of them takes.
struct MethodMiddleware: RouterMiddleware {
  /// Finds a path's route whatever the method, and answers for it.
  private let paths: RouterResponder<APIContext>

  init(routes: [Router<APIContext>.RouteDescription]) {
    let paths = Router(context: APIContext.self)
    for (_, routes) in Dictionary(grouping: routes, by: \.path.description) {
      var methods = Set(routes.map(\.method))
      // The router makes a HEAD of each GET, and preflights are answered for every path.
      if methods.contains(.get) { methods.insert(.head) }
      methods.insert(.options)
      let allowed = methods.map(\.rawValue).sorted().joined(separator: ", ")
      paths.on(routes[0].path, method: .get) { _, _ in
        var answer = try ErrorMiddleware.response(
          to: DubplateError(.methodNotAllowed, "this can be asked for by \(allowed) alone"))
        answer.headers[.allow] = allowed
        return answer
      }
    }
    self.paths = paths.buildResponder()
  }

  func handle(
    _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
  ) async throws -> Response {
    var head = request.head
    head.method = .get
    let answer = try await paths.respond(to: Request(head: head, body: request.body), context: context)
    return answer.status == .methodNotAllowed ? answer : try await next(request, context)
  }
}
