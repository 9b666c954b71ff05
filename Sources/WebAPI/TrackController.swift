import Catalog
import Foundation
import Gateway
import Hummingbird

/// The library: `/api/v1/tracks`.
struct TrackController: Sendable {
  /// A track as clients see it.
  struct TrackAnswer: ResponseEncodable {
    var id: String
    var title: String
    var artist: String?
    var album: String?
    var albumArtist: String?
    var genre: String?
    var year: Int?
    var trackNumber: Int?
    var discNumber: Int?
    var duration: Double
    var codec: String
    var bitrate: Int?
    var sampleRate: Int
    var channels: Int
    var bitsPerSample: Int?
    var hasCover: Bool
    var loudness: LoudnessAnswer?
    var albumLoudness: LoudnessAnswer?
    /// Only where one track is asked for.
    var lyrics: String?

    init(_ track: Track, _ known: TrackLoudness?) {
      id = track.id
      title = track.title
      artist = track.artist
      album = track.album
      albumArtist = track.albumArtist
      genre = track.genre
      year = track.year
      trackNumber = track.trackNumber
      discNumber = track.discNumber
      duration = Double(track.gridSampleCount) / Double(track.gridRate)
      codec = track.codec
      bitrate = track.bitrate > 0 ? track.bitrate : nil
      sampleRate = track.sampleRate
      channels = track.channels
      bitsPerSample = track.bitsPerSample
      hasCover = track.coverKey != nil
      loudness = LoudnessAnswer(known?.track)
      albumLoudness = LoudnessAnswer(known?.album)
    }
  }

  struct PageAnswer: ResponseEncodable {
    var tracks: [TrackAnswer]
    var total: Int
    var limit: Int
    var offset: Int
  }

  let tracks: any TrackRepository
  let analyses: any AnalysisRepository

  func addRoutes(to group: RouterGroup<APIContext>) {
    group.get("tracks", use: list)
    group.get("tracks/:id") { _, context in
      let track = try await track(context)
      var answer = TrackAnswer(track, try await analyses.loudness(of: [track.id])[track.id])
      answer.lyrics = try await tracks.lyrics(id: track.id)
      return answer
    }
  }

  /// The tracks with those ids, in that order; what is unknown is left out.
  private func list(ids: String) async throws -> PageAnswer {
    let ids = ids.split(separator: ",").map(String.init)
    guard ids.count <= WebLimits.namedTracks else {
      throw DubplateError(.badRequest, "ids: at most \(WebLimits.namedTracks)")
    }
    var found: [String: Track] = [:]
    for track in try await tracks.tracks(ids: ids) { found[track.id] = track }
    let loudness = try await analyses.loudness(of: Array(found.keys))
    let answers = ids.compactMap { id in found[id].map { TrackAnswer($0, loudness[id]) } }
    return PageAnswer(tracks: answers, total: answers.count, limit: WebLimits.namedTracks, offset: 0)
  }

  private func list(_ request: Request, _ context: APIContext) async throws -> PageAnswer {
    if let ids = request.uri.queryParameters["ids"] { return try await list(ids: String(ids)) }
    let query = request.uri.queryParameters["q"].map(String.init) ?? ""
    guard query.count <= WebLimits.queryLength else { throw DubplateError(.badRequest, "q: is too long") }
    let limit = try Self.number("limit", in: request, default: WebLimits.defaultPageSize, range: 1...WebLimits.pageSize)
    let offset = try Self.number("offset", in: request, default: 0, range: 0...Int(Int32.max))
    let page = try await tracks.search(query: query, limit: limit, offset: offset)
    let loudness = try await analyses.loudness(of: page.rows.map(\.id))
    return PageAnswer(
      tracks: page.rows.map { TrackAnswer($0, loudness[$0.id]) }, total: page.total, limit: limit, offset: offset)
  }

  private func track(_ context: APIContext) async throws -> Track {
    let id = try context.parameters.require("id")
    guard let track = try await tracks.track(id: id) else {
      throw DubplateError(.unknownTrack, "there is no such track")
    }
    return track
  }

  private static func number(
    _ name: String, in request: Request, default fallback: Int, range: ClosedRange<Int>
  ) throws(DubplateError) -> Int {
    guard let text = request.uri.queryParameters[name[...]] else { return fallback }
    guard let number = Int(text), range.contains(number) else {
      throw DubplateError(.badRequest, "\(name): must be a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }
}
