import Access
import Catalog
import Segments

/// A track of the catalogue together with what the segment library needs to know of it.
public struct PlayableTrack: Sendable {
  /// What a file is whose sound was coded with losses.
  struct LossySource {
    /// Bits per second.
    let bitrate: Int
    /// Its own frames, if they can be sent as they are.
    let original: Rendition?

    /// What a file was encoded at: its mean is a little above it, by the encoder's padding and what lies around the
    /// frames. That of the best MP3 where the file says nothing.
    static func nominal(mean: Int) -> Int {
      guard mean > 0 else { return Rendition.mp3x320.bitrate }
      let named = [64, 96, 112, 128, 160, 192, 224, 256, 320].map { $0 * 1_000 }
      return named.last { $0 <= mean && mean - $0 <= $0 / 32 } ?? mean
    }
  }

  public let track: Track
  public let segments: SegmentTrack
  /// Nil until the track has been analysed.
  public let loudness: TrackLoudness?
  /// Nil for a file that has lost nothing.
  let lossySource: LossySource?

  public init(track: Track, libraryRoot: String, loudness: TrackLoudness? = nil) {
    self.track = track
    self.loudness = loudness
    segments = SegmentTrack(
      fingerprint: track.fingerprint, path: track.filePath(in: libraryRoot), gridRate: track.gridRate,
      sampleCount: track.gridSampleCount,
      losslessBitDepth: track.flacBitDepth, facts: track.audioFacts)
    let bitrate = LossySource.nominal(mean: track.bitrate)
    lossySource =
      track.bitsPerSample == nil ? LossySource(bitrate: bitrate, original: segments.original(bitrate: bitrate)) : nil
  }

  public var id: String { track.id }

  /// Whether a plan includes the track's own file.
  public func allowsOriginal(_ plan: Plan) -> Bool {
    Entitlement(plan).allows(bitrate: lossySource?.bitrate ?? 0, lossless: lossySource == nil)
  }

  /// Samples of the grid in a second.
  public var sampleRate: Int { segments.gridRate }

  /// Seconds, exact to the sample.
  public var duration: Double { Double(segments.sampleCount) / Double(segments.gridRate) }

  /// The sample at a position in seconds.
  /// - Throws: `position_out_of_range` before the beginning and past the end, `bad_request` for what is no number.
  func sample(at position: Double) throws(DubplateError) -> Int64 {
    let position = try Command.finite(position, "position")
    guard position >= 0, position <= duration else {
      throw DubplateError(.positionOutOfRange, "the position is outside of the track")
    }
    return nearestSample(to: position)
  }

  /// The sample at a position in seconds, or of the track's nearest end: what a session says before it knows how long
  /// the track is.
  func nearestSample(to position: Double) -> Int64 {
    min(Int64((min(max(position, 0), duration) * Double(sampleRate)).rounded()), segments.sampleCount)
  }
}
