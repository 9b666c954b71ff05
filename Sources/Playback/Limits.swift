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

  // The session.

  /// How far ahead the moment lies at which a group begins or goes on: time for the slowest device's first sound to be
  /// there; and for a pause, time for the news to arrive. Nanoseconds.
  public static let groupLead: Int64 = 500_000_000
  public static let groupPauseLead: Int64 = 150_000_000
  /// Tracks in a row that can't be played before a session gives up.
  public static let failuresInRow = 25

  // The queue.

  /// Items of a queue: a listener's whole library of a thousand albums, and yet less than a megabyte.
  public static let queueItems = 10_000
  /// Items that are sent unasked, and the most that may be asked for: 500 are about 30 kB, a moment on a mobile network.
  public static let queueWindow = 100
  public static let mostQueueWindow = 500
  /// The share of a window that lies before the playing item: one in five, for listeners look ahead.
  public static let queueWindowBeforeShare = 5
  /// "Back" goes to the start of a track that has played for more than this, in seconds, and else to the one before.
  public static let restartSeconds = 3.0
  /// The longest crossfade, in seconds; players agree on it.
  public static let crossfadeSeconds = 12.0
  /// UTF-8 bytes of ids, and of the name of what a queue was made from (a playlist's title).
  public static let idBytes = 64
  public static let nameBytes = 256
  /// Versions and item numbers stay below this, so that JavaScript reads them exactly; at a thousand changes a second
  /// it is reached in 285,000 years.
  public static let mostVersion: UInt64 = 1 << 53

  // Devices; ``devicesPerUser`` of one user may be online.

  /// Devices of one user whose settings are kept, online or not. Browsers that clear their storage come as new ones
  /// each time, so those that have been away longest are forgotten.
  public static let knownDevices = 128
  /// Away for less than this, in milliseconds, is the same visit: a tunnel, a reload, a nap of the laptop.
  static let visitMilliseconds: Int64 = 3_600_000
  /// How long after it a device is forgotten that has visited only once and for which nothing was set, in milliseconds:
  /// a day. If it isn't a private window after all, and comes again, it has lost its volume at most.
  static let passingDeviceMilliseconds: Int64 = 24 * 3_600_000
  /// How long any other is remembered that isn't seen: ninety days, longer than a summer away from home.
  static let absentDeviceMilliseconds: Int64 = 90 * 24 * 3_600_000
  /// Characters of a device's id and name, as the gateway bounds them.
  public static let deviceTextCharacters = 64
  /// The longest delay of an output, in milliseconds. Bluetooth needs 100 to 300, some televisions a second.
  public static let outputDelayMs = 2_000.0

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
  /// What was drained in less time, took so long at most, in nanoseconds: kernels count the time in which something is on
  /// its way in ticks of 1 to 10 ms, and on a fast link a whole segment is there within one.
  static let leastBusyNanoseconds: Int64 = 10_000_000
  /// What leaves an idle connection without waiting for anybody, in bytes: ten segments of 1,460 (RFC 6928), rounded up
  /// to the least of the buffers that proxies have. With less than this on its way, a connection counts as idle.
  public static let firstWindowBytes = 16_384
  /// A sample over an idle connection counts as so many times the estimate at most.
  static let mostIdleGain = 3.0
  /// Or as its first window in this time, in seconds: a poor link's round trip. 12 kB, a segment of the rescue rung,
  /// then show 380 kbit/s.
  static let windowSeconds = 0.25
  /// A satellite's round trip is 0.6 s; what is beyond this comes from a full queue or a wrong clock.
  static let mostRoundTripSeconds = 2.0
  /// Samples count as so many times the highest rung at most: more changes no choice, and the way down from there is long.
  static let mostRungs = 10.0
  /// What is on its way whenever a device is asked: half a segment, as a stream's chunks are, in seconds.
  static let chunkSeconds = 1.05
  /// No sound card takes longer to begin, in seconds; and a device's interval of reports.
  static let longestStartSeconds = 5.0
  /// How far a device's idea of the server's clock may be off, in seconds: half the round trip of a poor link, which is
  /// all that an exchange of times leaves open.
  static let clockToleranceSeconds = 0.25
  /// How long a device's report counts: three of its intervals.
  static let reportNanoseconds: Int64 = 15_000_000_000
  /// What saving data allows, bit/s: the low tier, and room for its container.
  static let dataSaverBitsPerSecond = 140_000.0
  /// Up to this bitrate, the lowest rung is a rescue, bit/s.
  static let rescueBitsPerSecond = 72_000.0
}
