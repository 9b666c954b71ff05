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
}
