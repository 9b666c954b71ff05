import AudioCodec

/// A track as one of its renditions counts it: segments of 92,160 samples at the rendition's rate.
///
/// That rate is the grid's, so that segments of different codecs end at the same sample; but Opus knows 48 kHz only. Its
/// segments of a track on the 44.1 kHz grid are 1.92 s long where the others' are 2.09 s, and a change to or from it
/// goes to the frame that holds the moment, as a seek does.
///
/// A file's own frames begin some samples in front of the grid's (``OriginalFrames/lead``), and so do their segments. A
/// change to or from them goes to the frame that holds the moment, too.
public struct Timeline: Sendable, Hashable {
  /// Samples in a second.
  public let sampleRate: Int
  /// Samples of the track, with those in front of the first.
  public let sampleCount: Int64
  /// Samples in front of the track's first.
  private let lead: Int64
  private let gridRate: Int

  public init(_ track: SegmentTrack, _ rendition: Rendition) {
    self.init(track, rendition.encoderSettings(for: track))
  }

  /// - Parameter settings: those with which it's encoded.
  init(_ track: SegmentTrack, _ settings: EncoderSettings) {
    gridRate = track.gridRate
    sampleRate = settings.sampleRate
    lead = Int64(settings.original?.lead ?? 0)
    let (rate, grid) = (Int64(sampleRate), Int64(track.gridRate))
    sampleCount = lead + (rate == grid ? track.sampleCount : (track.sampleCount * rate + grid - 1) / grid)
  }

  public var segmentCount: Int { SampleGrid.segmentCount(sampleCount: sampleCount) }

  /// Samples of a segment.
  public func samples(inSegment index: Int) -> Int { SampleGrid.samples(inSegment: index, of: sampleCount) }

  /// The sample at the moment of a sample of the grid, and the other way round; to the nearest.
  public func sample(ofGrid sample: Int64) -> Int64 {
    min(Self.scaled(sample, sampleRate, gridRate) + lead, sampleCount)
  }
  public func gridSample(of sample: Int64) -> Int64 { Self.scaled(max(sample - lead, 0), gridRate, sampleRate) }

  private static func scaled(_ sample: Int64, _ to: Int, _ from: Int) -> Int64 {
    to == from ? sample : (sample * Int64(to) * 2 + Int64(from)) / (2 * Int64(from))
  }
}
