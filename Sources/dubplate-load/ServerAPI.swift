import Foundation
import NIOCore
import NIOHTTP1

/// The two requests of the REST interface that a listener needs (protocol, section 2).
struct ServerAPI: Sendable {
  let target: LoadTarget
  let loop: any EventLoop

  /// Says what could not be had from the server, and what it answered.
  struct Refusal: Error, CustomStringConvertible {
    var description: String
  }

  private struct Login: Encodable {
    var username: String
    var password: String
  }

  private struct LoginAnswer: Decodable { var token: String }

  private struct TrackPage: Decodable {
    var tracks: [LoadTrack]
    var total: Int
  }

  private struct ErrorAnswer: Decodable {
    struct Inner: Decodable {
      var code: String
      var message: String
    }
    var error: Inner
  }

  func login(username: String, password: String) async throws -> String {
    let body = ByteBuffer(bytes: try JSONEncoder().encode(Login(username: username, password: password)))
    let request = HTTPRequest(method: .POST, path: "/api/v1/auth/login", body: body)
    return try await answer(to: request, as: LoginAnswer.self, doing: "log in as \(username)").token
  }

  /// The first `limit` tracks of the library.
  func tracks(token: String, limit: Int) async throws -> [LoadTrack] {
    var tracks: [LoadTrack] = []
    while tracks.count < limit {
      let size = min(Limits.tracksPerPage, limit - tracks.count)
      let request = HTTPRequest(path: "/api/v1/tracks?limit=\(size)&offset=\(tracks.count)", bearer: token)
      let page = try await answer(to: request, as: TrackPage.self, doing: "list the tracks")
      tracks += page.tracks.prefix(size)
      if page.tracks.isEmpty || tracks.count >= page.total { break }
    }
    return tracks
  }

  private func answer<Answer: Decodable>(
    to request: HTTPRequest, as type: Answer.Type, doing what: String
  ) async throws -> Answer {
    let response: HTTPRequest.Response
    do {
      response = try await request.send(to: target, on: loop)
    } catch {
      let reason = (error as? IOError).map { String(cString: strerror($0.errnoCode)) } ?? "\(error)"
      throw Refusal(description: "cannot \(what) at \(target.authority): \(reason)")
    }
    let data = Data(response.body.readableBytesView)
    guard response.status == 200 else {
      let reason = (try? JSONDecoder().decode(ErrorAnswer.self, from: data)).map {
        "\($0.error.code), \($0.error.message)"
      }
      throw Refusal(description: "cannot \(what): HTTP \(response.status)\(reason.map { " (\($0))" } ?? "")")
    }
    do {
      return try JSONDecoder().decode(type, from: data)
    } catch {
      throw Refusal(description: "cannot \(what): the answer has another shape than the protocol says")
    }
  }
}
