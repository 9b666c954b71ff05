import Access
import Foundation
import Gateway
import HTTPTypes
import Hummingbird

/// Lets in who carries a good token, in `Authorization: Bearer` or in the cookie.
struct TokenMiddleware: RouterMiddleware {
  let tokens: AccessTokens

  func handle(
    _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
  ) async throws -> Response {
    var context = context
    do throws(AccessError) {
      context.claims = try tokens.verify(Self.token(of: request), now: Date())
    } catch {
      throw DubplateError(error)
    }
    return try await next(request, context)
  }

  private static func token(of request: Request) -> String? {
    if let header = request.headers[.authorization] {
      let parts = header.split(separator: " ", maxSplits: 1)
      if parts.count == 2, parts[0].lowercased() == "bearer" { return String(parts[1]) }
    }
    return request.cookies[StreamGateway.tokenCookie]?.value
  }
}

extension APIContext {
  /// Who asks.
  /// - Throws: `unauthorized` on a route that isn't behind ``TokenMiddleware``.
  func requireClaims() throws(DubplateError) -> AccessClaims {
    guard let claims else { throw DubplateError(.unauthorized, "a token is needed") }
    return claims
  }
}
