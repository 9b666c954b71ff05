/// Encodes a whole track into several renditions, from one decode.
///
/// Its frames are those of one continuous encode, which segments that were encoded on their own are measured against.
/// Ask for the renditions in turn: they share a window of decoded sound, and one that is far ahead of another has the
/// file decoded twice.
public final class TrackEncoder {
  public let settings: [EncoderSettings]
  private let encoders: [FrameRangeEncoder]

  /// - Parameters:
  ///   - settings: of each rendition, with the samples of the track at its rate.
  ///
  /// Throws what `FrameRangeEncoder` throws.
  public init(
    path: String, facts: SourceFacts? = nil, settings: [(settings: EncoderSettings, totalSamples: Int64)],
    limits: AudioLimits = AudioLimits()
  ) throws(AudioCodecError) {
    let file = try FileSource(path: path)
    file.allow(limits.operationDeadline)
    let (source, facts) = try SourceReader.open(file: file, facts: facts)
    // Two segments of the lower grid rate, in samples of the source.
    let shared = SharedDecode(
      source, samples: 2 * EncoderSettings.segmentSamples * max(1, facts.sampleRate / 44_100 + 1))
    self.settings = settings.map(\.settings)
    var encoders: [FrameRangeEncoder] = []
    for (settings, total) in settings {
      let reader = PCMReader(source: shared.view(), facts: facts, rate: settings.sampleRate, limits: limits)
      encoders.append(
        try FrameRangeEncoder(
          reader: reader, settings: settings, totalSamples: total, frames: 0..<settings.frameCount(totalSamples: total))
      )
    }
    self.encoders = encoders
  }

  /// The next segment's frames of a rendition; nil when all have been made. The first brings the priming frames.
  ///
  /// Throws `timedOut`, `unreadable`, `damaged`, `encoderFailed`.
  public func nextSegment(_ rendition: Int) throws(AudioCodecError) -> EncodedFrames? {
    try encoders[rendition].next(maxFrames: settings[rendition].framesPerSegment)
  }

  /// Packets of the source that could not be decoded so far; they are silence in the output.
  public var damagedPackets: Int { encoders.first?.damagedPackets ?? 0 }
}
