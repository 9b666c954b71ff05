import AudioCodec

/// The one grid on which every track is cut, in every rendition: 92,160 samples.
///
/// It is 80 MP3 frames of 1,152, 90 AAC frames of 1,024, 20 FLAC frames of 4,608 and 96 Opus frames of 960, so that a
/// segment's edge is the same sample in every codec and a change of rendition there neither loses nor doubles one. At
/// 44.1 kHz a segment lasts 2.09 s, at 48 kHz 1.92 s.
public enum SampleGrid {
  /// Samples in every segment but a track's last.
  public static let segmentSamples = EncoderSettings.segmentSamples

  /// The number of segments of a track of `sampleCount` samples.
  public static func segmentCount(sampleCount: Int64) -> Int {
    EncoderSettings.segmentCount(totalSamples: sampleCount)
  }

  /// Samples of segment `index`: a whole grid step, or what is left at the track's end; 0 past it.
  public static func samples(inSegment index: Int, of sampleCount: Int64) -> Int {
    let start = Int64(index) * Int64(segmentSamples)
    return Int(max(0, min(Int64(segmentSamples), sampleCount - start)))
  }

  /// The segment that holds `sample`, and the sample's place in it.
  public static func locate(sample: Int64) -> (segment: Int, offset: Int) {
    let (segment, offset) = sample.quotientAndRemainder(dividingBy: Int64(segmentSamples))
    return (Int(segment), Int(offset))
  }
}
