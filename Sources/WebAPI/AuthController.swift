import Access
import Catalog
import Foundation
import Gateway
import HTTPTypes
import Hummingbird
import SocketIOServer

/// Login, its renewal and logout: `/api/v1/auth`, and `/api/v1/me`.
struct AuthController: Sendable {
  private struct Credentials: Decodable {
    var username: String
    var password: String
  }

  struct Account: ResponseEncodable {
    var id: String
    var username: String
    var plan: String
  }

  struct LoginAnswer: ResponseEncodable {
    var token: String
    /// Unix seconds.
    var expiresAt: Int
    var user: Account
  }

  private let users: any UserRepository
  private let tokens: AccessTokens
  private let hasher: LoginHasher
  private let trustedProxies: [AddressRange]

  init(users: any UserRepository, tokens: AccessTokens, hasher: LoginHasher, trustedProxies: [AddressRange]) {
    self.trustedProxies = trustedProxies
    self.users = users
    self.tokens = tokens
    self.hasher = hasher
  }

  func addOpenRoutes(to group: RouterGroup<APIContext>) {
    group.post("auth/login", use: login)
    group.post("auth/logout") { _, _ in
      var response = Response(status: .noContent)
      response.setCookie(
        Cookie(name: StreamGateway.tokenCookie, value: "", maxAge: 0, path: "/", httpOnly: true, sameSite: .lax))
      return response
    }
  }

  func addRoutes(to group: RouterGroup<APIContext>) {
    group.get("me") { _, context in
      let claims = try context.requireClaims()
      return Account(id: claims.userID, username: claims.name, plan: claims.plan.rawValue)
    }
    group.post("auth/refresh", use: refresh)
  }

  private func login(_ request: Request, _ context: APIContext) async throws -> Response {
    let credentials = try await request.decode(as: Credentials.self, context: context)
    let user = try await users.user(username: credentials.username)
    let isRight = try await hasher.verify(
      credentials.password, against: user?.passwordHash, for: asker(credentials, request, context))
    guard isRight, let user, !user.disabled else {
      throw DubplateError(.wrongCredentials, "the name or the password is wrong")
    }
    return try await admit(user, authenticatedAt: Date(), request, context)
  }

  /// Who takes turns with others: who can't be told by an address is told by the name that he asks about.
  private func asker(_ credentials: Credentials, _ request: Request, _ context: APIContext) -> LoginHasher.Asker {
    let forwarded = Self.forwardedFor.map { request.headers[values: $0] } ?? []
    return ClientAddress.block(peer: context.peer, forwardedFor: forwarded, trusted: trustedProxies)
      .map { .address($0) } ?? .name(credentials.username.lowercased())
  }

  private static let forwardedFor = HTTPField.Name("X-Forwarded-For")

  /// A new token for one that is still good, with the plan that the account has now.
  private func refresh(_ request: Request, _ context: APIContext) async throws -> Response {
    let claims = try context.requireClaims()
    guard case .access = claims.kind, Date().timeIntervalSince(claims.authenticatedAt) < WebLimits.loginLifetime,
      let user = try await users.user(id: claims.userID), !user.disabled
    else { throw DubplateError(.unauthorized, "log in again") }
    return try await admit(user, authenticatedAt: claims.authenticatedAt, request, context)
  }

  /// The answer with a token, in the body and as the cookie.
  private func admit(
    _ user: User, authenticatedAt: Date, _ request: Request, _ context: APIContext
  ) async throws -> Response {
    let plan = Plan(rawValue: user.plan.rawValue) ?? .free
    let issued = try await tokens.issue(
      .access, userID: user.id, name: user.username, plan: plan, now: Date(), authenticatedAt: authenticatedAt)
    let answer = LoginAnswer(
      token: issued.token, expiresAt: Int(issued.expiresAt.timeIntervalSince1970),
      user: Account(id: user.id, username: user.username, plan: plan.rawValue))
    var response = try context.responseEncoder.encode(answer, from: request, context: context)
    response.headers[.cacheControl] = "no-store"
    response.setCookie(
      Cookie(
        name: StreamGateway.tokenCookie, value: issued.token, maxAge: Int(issued.expiresAt.timeIntervalSinceNow),
        path: "/",
        secure: request.isSecure, httpOnly: true, sameSite: .lax))
    return response
  }
}

extension Request {
  /// Whether the client speaks TLS, to us or to the proxy in front.
  var isSecure: Bool { ServedOrigin(self).isSecure }
}
