import AudioCodec

/// Loudness as clients see it; what isn't known, silence's among it, is absent.
struct LoudnessAnswer: Encodable, Equatable {
  /// LUFS.
  var integrated: Double?
  /// LU.
  var range: Double?
  /// dBTP.
  var truePeak: Double?

  /// Nil when there is nothing to say.
  init?(_ loudness: Loudness?) {
    guard let loudness = loudness?.rounded, loudness.integrated != nil || loudness.truePeak != nil else { return nil }
    integrated = loudness.integrated
    range = loudness.range
    truePeak = loudness.truePeak
  }
}
