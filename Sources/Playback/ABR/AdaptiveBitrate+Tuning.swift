extension AdaptiveBitrate {
  /// The policy's constants. They were found by random search over recorded 3G traces, each begun at several places, and
  /// checked on halves of them that the search hadn't seen: see Docs/decisions/0007-adaptive-bitrate.md.
  struct Tuning: Sendable, Equatable {
    /// Time constants of the two averages of throughput, in seconds.
    var fastSeconds = 0.936
    var slowSeconds = 12.759
    /// The part of the horizon that doesn't depend on the buffer's size, in seconds: a segment must
    /// arrive before the device runs dry, however little it holds.
    var leastHorizon = 1.988
    /// Horizon per second of buffer while it isn't full, and at most: outages beyond that are too rare to save
    /// up for.
    var fillingHorizon = 1.634
    var mostFillingHorizon = 45.766
    /// Horizon per second of a full buffer.
    var fullHorizon = 0.577
    /// The share of the buffer from which on it is full: waiting would waste the link.
    var fullShare = 0.962
    /// A higher rung must do with this share of the throughput that the present one may use.
    var climbShare = 0.796
    /// How long a rung stays at least before a higher one, in seconds.
    var dwellSeconds = 0.568
    /// How far above the throughput a rung may be, per unit of variability: on a steady link not at all, on an
    /// unsteady one the buffer evens it out.
    var overdraft = 2.722
    /// A rung may take this share of a steady link.
    var steadyShare = 0.95
    /// The length of sound in a segment: 92,160 samples at 44.1 kHz.
    var segmentSeconds = 92_160 / 44_100.0
  }
}
