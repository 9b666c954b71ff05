import Access
import Foundation
import Gateway
import HTTPTypes
import Hummingbird
import SocketIOServer

/// `POST /api/v1/stream/start` and `GET /api/v1/stream/status/{id}`.
struct StreamController: Sendable {
  private struct Start: Decodable {
    var trackId: String
    var quality: String?
    var codec: String?
    var position: Double?
    /// The token of the URLs comes as a cookie, and not in them.
    var cookies: Bool?
  }

  struct StartAnswer: ResponseEncodable {
    var streamId: String
    var websocketUrl: String
    var authToken: String
    var urls: [String: String]
    /// Unix seconds, of the `authToken`.
    var expiresAt: Int
    /// Unix seconds.
    var urlsExpireAt: Int
  }

  let gateway: StreamGateway
  let tokens: AccessTokens
  let socketPath: String
  let links: AudioLinks
  let tracks: TrackDirectory

  func addRoutes(to group: RouterGroup<APIContext>) {
    group.post("stream/start", use: start)
    group.get("stream/status/:id") { _, context in
      let claims = try context.requireClaims()
      return StatusAnswer(
        try await gateway.streams.status(of: try context.parameters.require("id"), userId: claims.userID))
    }
  }

  private func start(_ request: Request, _ context: APIContext) async throws -> Response {
    let claims = try context.requireClaims()
    try gateway.spendRequest(userId: claims.userID, cost: GatewayLimits.streamStartCost)
    let wanted = try await request.decode(as: Start.self, context: context)
    let id = try await gateway.prepareStream(
      userId: claims.userID, plan: claims.plan, trackId: wanted.trackId, quality: wanted.quality, codec: wanted.codec,
      position: wanted.position ?? 0)
    let lifetime = Duration.nanoseconds(GatewayLimits.preparedLifetime.nanoseconds)
    let issued = try await tokens.issue(
      .stream(id: id), userID: claims.userID, name: claims.name, plan: claims.plan, now: Date(), lifetime: lifetime)
    let served = ServedOrigin(request)
    let host = served.authority.isEmpty ? "localhost" : served.authority
    let track = try await tracks.track(wanted.trackId)
    let (audioToken, audioExpires) = links.token(
      track: track, plan: claims.plan, stream: id, userID: claims.userID, now: Date())
    let usesCookie = wanted.cookies == true
    let answer = StartAnswer(
      streamId: id, websocketUrl: "\(served.isSecure ? "wss" : "ws")://\(host)\(socketPath)", authToken: issued.token,
      urls: links.urls(track: track, plan: claims.plan, token: usesCookie ? nil : audioToken),
      expiresAt: Int(issued.expiresAt.timeIntervalSince1970), urlsExpireAt: Int(audioExpires))
    var response = try context.responseEncoder.encode(answer, from: request, context: context)
    response.headers[.cacheControl] = "no-store"
    if usesCookie {
      response.setCookie(
        Cookie(
          name: AudioLinks.cookie, value: audioToken, maxAge: Int(audioExpires) - Int(Date().timeIntervalSince1970),
          path: "/audio/\(track.id)/", secure: served.isSecure, httpOnly: true, sameSite: .lax))
    }
    return response
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
