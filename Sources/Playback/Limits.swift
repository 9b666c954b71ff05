/// Every bound of this module, and why it is what it is.
public enum PlaybackLimits {
  /// How far ahead of the playhead a device is kept unless it asks for something else, in seconds: the source
  /// contract's buffer.
  public static let defaultBufferSeconds = 3.0
  /// Below a second, one lost packet on a mobile network is heard.
  public static let leastBufferSeconds = 1.0
  /// Two minutes ride out most tunnels (the recorded 3G traces say so); beyond it skipped tracks waste more than
  /// stalls cost.
  public static let mostBufferSeconds = 120.0
  /// Sound in each of a stream's first chunks, in seconds: short, so that the first is on its way early.
  public static let firstChunkSeconds = 0.25
  /// How many chunks are short.
  public static let shortChunks = 2
  /// Devices of one user at once, of which state is kept.
  public static let devicesPerUser = 64

  /// Renditions that one device can choose among; there are nine.
  static let rungs = 32
  /// Bounds of what a throughput can be, bit/s: beyond them a clock was wrong, or a report is a lie.
  static let leastThroughput = 1_000.0
  static let mostThroughput = 1e9
  /// Throughput of a link that was never seen, bit/s: all but one of 43 recorded 3G links carry more on average.
  static let assumedThroughput = 450_000.0
  /// In what time a stream's first segment is to be there, in seconds: the first sound comes long before its end.
  static let startupSeconds = 1.0
  /// A smaller send fits into any kernel's buffer and measures nothing, in bytes.
  static let leastSampleBytes = 2_048
  /// A satellite's round trip is 0.6 s; what is beyond this comes from a full queue or a wrong clock.
  static let mostRoundTripSeconds = 2.0
  /// How long a device's report counts: three of its intervals.
  static let reportNanoseconds: Int64 = 15_000_000_000
  /// What saving data allows, bit/s: the low tier, and room for its container.
  static let dataSaverBitsPerSecond = 140_000.0
  /// Up to this bitrate, the lowest rung is a rescue, bit/s.
  static let rescueBitsPerSecond = 72_000.0
}
