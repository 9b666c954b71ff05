import AudioCodec

extension TrackAnalysis {
  /// Under which version an analysis is kept: a change of what is measured makes another one, and a change of how
  /// segments are encoded, since their sizes are part of it.
  public static let storedVersion = "\(version).\(SegmentStore.encodingVersion)"
}
