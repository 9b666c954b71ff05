/// Every bound of this module, and why it is what it is.
public enum PackagingLimits {
  /// Points of a FLAC file's seek table, 18 bytes each: one for each two seconds of half an hour, and of what is longer
  /// as close together as a player cares to hit.
  static let seekPoints = 1_024
}
