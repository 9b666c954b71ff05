import Access
import Gateway
import Hummingbird

/// Has every request of a user paid for, whatever the number of his connections. Behind ``TokenMiddleware``.
struct BudgetMiddleware: RouterMiddleware {
  let gateway: StreamGateway

  func handle(
    _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
  ) async throws -> Response {
    try gateway.spendRequest(userId: try context.requireClaims().userID)
    return try await next(request, context)
  }
}
