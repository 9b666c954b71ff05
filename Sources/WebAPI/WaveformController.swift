import AudioCodec
import Catalog
import Foundation
import Gateway
import HTTPTypes
import Hummingbird
import Segments

/// `GET /api/v1/tracks/{id}/waveform`.
struct WaveformController: Sendable {
  struct Answer: ResponseEncodable {
    /// Of the way it is measured.
    var version: Int
    /// Seconds.
    var duration: Double
    var points: Int
    /// 0…255, of full scale.
    var peaks: [UInt8]
    var rms: [UInt8]
  }

  let tracks: any TrackRepository
  let analyses: any AnalysisRepository
  let analyst: any TrackAnalysing

  func addRoutes(to group: RouterGroup<APIContext>) {
    group.get("tracks/:id/waveform", use: waveform)
  }

  private func waveform(_ request: Request, _ context: APIContext) async throws -> Response {
    guard let track = try await tracks.track(id: try context.parameters.require("id")) else {
      throw DubplateError(.unknownTrack, "there is no such track")
    }
    let tag = EntityTag("\(track.fingerprint.prefix(24))-waveform-\(TrackAnalysis.version)", isStrong: true)
    let headers: HTTPFields = [.eTag: tag.text, .cacheControl: "private, max-age=300"]
    if let known = request.headers[.ifNoneMatch], tag.matches(anyOf: known) {
      return Response(status: .notModified, headers: headers)
    }
    let found = try await found(of: track)
    let answer = Answer(
      version: TrackAnalysis.version, duration: Double(track.gridSampleCount) / Double(track.gridRate),
      points: found.peaks.count, peaks: found.peaks, rms: found.rms)
    var response = try context.responseEncoder.encode(answer, from: request, context: context)
    for field in headers { response.headers[field.name] = field.value }
    return response
  }

  /// What is stored; where nothing is, after the track was analysed.
  private func found(of track: Track) async throws -> Waveform {
    var outcome = try await analyses.outcome(of: track.fingerprint, version: TrackAnalysis.storedVersion)
    if outcome == nil {
      guard track.missingSince == nil else { throw DubplateError(.trackUnavailable, "the track's file has gone") }
      try await analyst.analyse(track, within: WebLimits.analysisPatience)
      outcome = try await analyses.outcome(of: track.fingerprint, version: TrackAnalysis.storedVersion)
    }
    switch outcome {
    case .waveform(let waveform): return waveform
    case .failed(let failure) where failure.isPassing:
      throw DubplateError(.trackUnavailable, "the track's file can't be read")
    case .failed: throw DubplateError(.undecodable, "the track's sound can't be decoded")
    case nil: throw DubplateError(.busy, "the track is being analysed", retryAfterMilliseconds: 2_000)
    }
  }
}
