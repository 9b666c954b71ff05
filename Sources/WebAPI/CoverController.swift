import Catalog
import Foundation
import Gateway
import HTTPTypes
import Hummingbird
import NIOCore
import NIOPosix

/// `GET /api/v1/tracks/{id}/cover`, as it is embedded or scaled down.
struct CoverController: Sendable {
  let tracks: any TrackRepository
  let covers: CoverStore
  let scaler: CoverScaler

  func addRoutes(to group: RouterGroup<APIContext>) {
    group.get("tracks/:id/cover", use: cover)
  }

  private func cover(_ request: Request, _ context: APIContext) async throws -> Response {
    let size = try Self.size(in: request)
    guard let track = try await tracks.track(id: try context.parameters.require("id")) else {
      throw DubplateError(.unknownTrack, "there is no such track")
    }
    guard let key = track.coverKey else { throw DubplateError(.noCover, "the track has no cover") }
    let tag = EntityTag(size.map { "\(key)-\($0)" } ?? key, isStrong: true)
    var headers: HTTPFields = [.eTag: tag.text, .cacheControl: "private, max-age=86400"]
    if let known = request.headers[.ifNoneMatch], tag.matches(anyOf: known) {
      return Response(status: .notModified, headers: headers)
    }
    let found =
      if let size {
        try await scaler.cover(key: key, size: size)
      } else {
        try await NIOThreadPool.singleton.runIfActive { try covers.cover(key: key) }
      }
    guard let found else { throw DubplateError(.noCover, "the track has no cover") }
    headers[.contentType] = found.mime
    // They come out of strangers' files.
    headers[.xContentTypeOptions] = "nosniff"
    return Response(status: .ok, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: found.data)))
  }

  /// The size that is kept for the one that is wanted; nil where none is.
  private static func size(in request: Request) throws(DubplateError) -> Int? {
    guard let text = request.uri.queryParameters["size"] else { return nil }
    guard let number = Int(text), let size = CoverStore.sizes.first(where: { $0 >= number }),
      number >= CoverStore.sizes[0]
    else {
      throw DubplateError(
        .badRequest, "size: must be a number from \(CoverStore.sizes[0]) to \(CoverStore.sizes.last ?? 0)")
    }
    return size
  }
}

/// Scales covers on a thread of its own, a bounded number of them waiting.
public final class CoverScaler: Sendable {
  private let covers: CoverStore
  private let pool = NIOThreadPool(numberOfThreads: 1)
  private let waiting = WaitingCount(limit: WebLimits.waitingCovers)

  public init(covers: CoverStore) {
    self.covers = covers
    pool.start()
  }

  /// A cover that fits a square, one of ``CoverStore/sizes``; nil for an unknown key.
  /// - Parameter isConverted: whether it's made a JPEG whatever its size.
  /// - Throws: `busy` when too many wait.
  func cover(key: String, size: Int, isConverted: Bool = false) async throws -> Cover? {
    if let made = try await NIOThreadPool.singleton.runIfActive({ [covers] in
      try covers.keptScaled(key: key, size: size, isConverted: isConverted)
    }) {
      return made
    }
    guard waiting.enter() else {
      throw DubplateError(.busy, "too many covers are being scaled", retryAfterMilliseconds: 1_000)
    }
    defer { waiting.leave() }
    return try await pool.runIfActive { [covers] in
      try covers.scaled(key: key, size: size, isConverted: isConverted)
    }
  }

  public func close() async throws {
    try await pool.shutdownGracefully()
  }
}
