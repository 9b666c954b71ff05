import AudioCodec
import Foundation

/// What is known of the tracks' sound from decoding them once: loudness, waveforms, sizes of FLAC segments.
///
/// All of it belongs to a file's content (``Track/fingerprint``) and to a version of the analysis, an opaque text that
/// the caller gives: what an older version found out is found out anew.
public protocol AnalysisRepository: Sendable {
  /// Present tracks without an analysis of this version, newest first. A failure counts as one, unless it may have
  /// passed by now.
  /// - Parameters:
  ///   - before: failures that may pass are tried again when they are older than this.
  ///   - limit: held to 1…500.
  func pending(version: String, before: Date, limit: Int) async throws -> [Track]

  /// How many tracks ``pending(version:before:limit:)`` has in all, and seconds of music in them.
  func pendingCount(version: String, before: Date) async throws -> (tracks: Int, seconds: Double)

  /// Writes an analysis, in place of what was known of this content.
  func store(_ analysis: TrackAnalysis, of fingerprint: String, version: String) async throws

  /// Writes that a file can't be analysed, and why.
  func store(_ failure: AnalysisFailure, of fingerprint: String, version: String) async throws

  /// Whether this version has looked at a content, and what came of it; nil when it hasn't.
  func outcome(of fingerprint: String, version: String) async throws -> AnalysisOutcome?

  /// Bytes of each FLAC segment; nil when they aren't known for sure.
  /// - Parameter version: of the analysis: an encoder that has changed makes other sizes.
  func segmentSizes(of fingerprint: String, version: String) async throws -> [Int]?

  /// Forgets sizes that turned out wrong.
  func forgetSegmentSizes(of fingerprint: String) async throws

  /// Loudness of some tracks and their albums, by the tracks' ids; what isn't known is absent.
  ///
  /// An album is what stands together in the library's order: the same album artist (or artist) and album. Its loudness
  /// is known when each of its present tracks has been looked at.
  /// - Parameter ids: at most 500.
  func loudness(of ids: [String]) async throws -> [String: TrackLoudness]

  /// Forgets what no track refers to any more.
  /// - Returns: how many analyses that were.
  func forgetOrphans() async throws -> Int
}

/// Why a file can't be analysed.
public struct AnalysisFailure: Sendable, Equatable {
  /// The stable name: `damaged`, `truncated`, `unreadable`, …
  public let code: String
  /// One sentence for people.
  public let message: String
  /// Whether it may have passed when the server starts again: the system, the clock or a writer stood in the way.
  public let isPassing: Bool

  /// The codec's judgement.
  public init(_ error: AudioCodecError) {
    let inspection = InspectionError(error)
    (code, message, isPassing) = (inspection.code, inspection.message, inspection.isPassing)
  }

  /// The process ended while it analysed the file; tried again by the next one, and never after the second time.
  public static func interrupted(isSecondTry: Bool) -> Self {
    Self(
      code: InspectionError.interruptedCode,
      message: "The server ended \(isSecondTry ? "twice " : "")while it analysed this file", isPassing: !isSecondTry)
  }

  /// Whether that was the end of the process.
  public var wasInterrupted: Bool { code == InspectionError.interruptedCode }

  init(code: String, message: String, isPassing: Bool) {
    (self.code, self.message, self.isPassing) = (code, message, isPassing)
  }
}

/// What came of analysing a track.
public enum AnalysisOutcome: Sendable, Equatable {
  case waveform(Waveform)
  case failed(AnalysisFailure)
}

/// How loud a track and its album are.
public struct TrackLoudness: Sendable, Equatable {
  public var track: Loudness
  /// Without a range; nil for a track of no album, and while some of its tracks haven't been looked at.
  public var album: Loudness?

  public init(track: Loudness, album: Loudness? = nil) {
    self.track = track
    self.album = album
  }
}
