import AudioCodec

/// What this module needs to know of a track: which file it is, and how long its sound lasts on the grid.
public struct SegmentTrack: Hashable, Sendable {
  /// Names exactly this content; a replaced file has another one, so that old sound is never served for it. Hex digits.
  public let fingerprint: String
  /// The file.
  public let path: String
  /// Samples per second of the grid: 44,100 or 48,000.
  public let gridRate: Int
  /// Samples of the whole track at `gridRate`, encoder delay and padding of the source taken off.
  public let sampleCount: Int64
  /// Bits per sample of a lossless rendition: 16 or 24.
  public let losslessBitDepth: Int
  /// What makes opening the file quick; nil has it probed first.
  public let facts: SourceFacts?

  public init(
    fingerprint: String, path: String, gridRate: Int, sampleCount: Int64, losslessBitDepth: Int,
    facts: SourceFacts? = nil
  ) {
    self.fingerprint = fingerprint
    self.path = path
    self.gridRate = gridRate
    self.sampleCount = sampleCount
    self.losslessBitDepth = losslessBitDepth
    self.facts = facts
  }

  /// The rendition that is the file's own frames; nil where they can't be had.
  /// - Parameter bitrate: the file's, bit/s.
  public func original(bitrate: Int) -> Rendition? {
    facts?.originalFrames.map { .original($0, bitrate: bitrate) }
  }

  /// The track as a rendition counts it.
  public func timeline(_ rendition: Rendition) -> Timeline { Timeline(self, rendition) }
}

/// Names one segment of one rendition of one track.
public struct SegmentKey: Hashable, Sendable, CustomStringConvertible {
  public let fingerprint: String
  public let rendition: Rendition
  public let index: Int

  public init(fingerprint: String, rendition: Rendition, index: Int) {
    self.fingerprint = fingerprint
    self.rendition = rendition
    self.index = index
  }

  public var description: String { "\(fingerprint)/\(rendition)/\(index)" }
}
