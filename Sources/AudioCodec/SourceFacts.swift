/// What has to be known of a file to read it sample-exactly and quickly.
///
/// It comes with `AudioProbe`, can be stored (it is `Codable`) and given to readers and encoders, which then neither
/// recognise the format again nor count samples. It holds only for the very file that it was made from.
public struct SourceFacts: Hashable, Sendable, Codable {
  /// Name of the container: `mp3`, `adts`, or libavformat's name for it.
  public var container: String
  /// Rate of the decoded sound in Hz.
  public var sampleRate: Int
  /// Channels of the decoded sound.
  public var channels: Int
  /// Samples from the end of the encoder's delay to the begin of its padding, at `sampleRate`.
  public var sampleCount: Int64

  /// The decoder's timestamp (in samples) of the first sample that is heard: LAME's delay, Opus' pre-skip.
  var origin: Int64
  var size: Int64
  var modifiedNanoseconds: Int64
  var elementary: ElementaryStream?
  /// The links of a chained file; nil for all others.
  var links: [SourceLink]?
  /// Links that couldn't be read and were left out.
  var damagedLinks: Int?
  /// Where frames begin, for a container whose clock doesn't count samples.
  var grid: FrameGrid?
  /// Whether packets' places are counted, since the container's clock doesn't say them; and the length of them all, if
  /// they have one.
  var isCounted: Bool?
  var packetSamples: Int64?
  /// Samples in front of a place that this file's decoder needs, where that is more than its codec needs in general.
  var preRoll: Int64?
  /// The timestamp of the first packet of a file whose packets are AAC-LC in stereo of 1,024 samples each, and nothing
  /// else: they can be handed out as they are.
  var plainAACStart: Int64?

  /// 44,100 for rates that divide into it, else 48,000: what segments of this file are encoded at.
  public var gridRate: Int { sampleRate % 11_025 == 0 ? 44_100 : 48_000 }

  /// Samples after resampling to `gridRate`: every grid point before the end of the last source sample.
  public var gridSampleCount: Int64 { sampleCount(atRate: gridRate) }

  /// The same for any rate.
  public func sampleCount(atRate rate: Int) -> Int64 {
    (sampleCount * Int64(rate) + Int64(sampleRate) - 1) / Int64(sampleRate)
  }

  /// Whether all numbers are ones that an inspection can have found; facts come back from where they were stored.
  var makeSense: Bool {
    Bounds.sampleRates.contains(sampleRate) && (1...Bounds.maxChannels).contains(channels)
      && (0...Bounds.maxSamples).contains(sampleCount) && MediaTime(origin) != nil
      && elementary?.makesSense ?? true && grid?.isPlausible ?? true
      && (1...Int64(Bounds.maxFrameSamples)).contains(packetSamples ?? 1)
      && (0...Bounds.maxSamples).contains(preRoll ?? 0) && MediaTime(plainAACStart ?? 0) != nil
      && (links.map(areInOrder) ?? true)
      && (0...Bounds.maxLinks).contains(damagedLinks ?? 0)
  }

  private func areInOrder(_ links: [SourceLink]) -> Bool {
    var place: Int64 = 0
    var samples: Int64 = 0
    for link in links {
      guard link.start >= place, link.end > link.start, link.end <= size, MediaTime(link.origin) != nil,
        (0...Bounds.maxSamples).contains(link.sampleCount)
      else { return false }
      place = link.end
      samples += link.sampleCount
    }
    return links.count <= Bounds.maxLinks && samples == sampleCount
  }

  func describes(_ identity: FileSource.Identity) -> Bool {
    size == identity.size && modifiedNanoseconds == identity.modifiedNanoseconds
  }
}
