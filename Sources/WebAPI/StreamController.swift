import Access
import Foundation
import Gateway
import HTTPTypes
import Hummingbird

/// `POST /api/v1/stream/start` and `GET /api/v1/stream/status/{id}`.
struct StreamController: Sendable {
  private struct Start: Decodable {
    var trackId: String
    var quality: String?
    var codec: String?
    var position: Double?
  }

  struct StartAnswer: ResponseEncodable {
    var streamId: String
    var websocketUrl: String
    var authToken: String
    var urls: [String: String]
    /// Unix seconds.
    var expiresAt: Int
  }

  let gateway: StreamGateway
  let tokens: AccessTokens
  let socketPath: String

  func addRoutes(to group: RouterGroup<APIContext>) {
    group.post("stream/start", use: start)
    group.get("stream/status/:id") { _, context in
      let claims = try context.requireClaims()
      return StatusAnswer(
        try await gateway.streams.status(of: try context.parameters.require("id"), userId: claims.userID))
    }
  }

  private func start(_ request: Request, _ context: APIContext) async throws -> StartAnswer {
    let claims = try context.requireClaims()
    let wanted = try await request.decode(as: Start.self, context: context)
    let id = try await gateway.prepareStream(
      userId: claims.userID, plan: claims.plan, trackId: wanted.trackId, quality: wanted.quality, codec: wanted.codec,
      position: wanted.position ?? 0)
    let lifetime = Duration.nanoseconds(GatewayLimits.preparedLifetime.nanoseconds)
    let issued = try await tokens.issue(
      .stream(id: id), userID: claims.userID, name: claims.name, plan: claims.plan, now: Date(), lifetime: lifetime)
    let host = request.head.authority ?? "localhost"
    return StartAnswer(
      streamId: id, websocketUrl: "\(request.isSecure ? "wss" : "ws")://\(host)\(socketPath)", authToken: issued.token,
      urls: [:],
      expiresAt: Int(issued.expiresAt.timeIntervalSince1970))
  }
}

/// A stream's status as JSON.
struct StatusAnswer: ResponseEncodable {
  private let status: StreamDirectory.Status

  init(_ status: StreamDirectory.Status) {
    self.status = status
  }

  func encode(to encoder: any Encoder) throws {
    try status.encode(to: encoder)
  }
}
