extension AdaptiveBitrate {
  /// The policy's constants. They were found by random search over recorded 3G traces, each begun at several places,
  /// and checked on halves of them that the search hadn't seen: see Docs/decisions/0008-adaptive-bitrate.md.
  struct Tuning: Sendable, Equatable {
    /// Time constants of the two averages of throughput, in seconds.
    var fastSeconds = 0.942
    var slowSeconds = 12.834
    /// The part of the horizon that doesn't depend on the buffer's size, in seconds: a segment must
    /// arrive before the device runs dry, however little it holds.
    var leastHorizon = 1.982
    /// Horizon per second of buffer while it isn't full, and at most: outages beyond that are too rare to save
    /// up for.
    var fillingHorizon = 1.636
    var mostFillingHorizon = 45.229
    /// Horizon per second of a full buffer.
    var fullHorizon = 0.580
    /// The share of the buffer from which on it is full: waiting would waste the link.
    var fullShare = 0.960
    /// A higher rung must do with this share of the throughput that the present one may use.
    var climbShare = 0.805
    /// How long a rung stays at least before a higher one, in seconds.
    var dwellSeconds = 0.566
    /// How far above the throughput a rung may be, per unit of variability: on a steady link not at all, on an
    /// unsteady one the buffer evens it out.
    var overdraft = 2.736
    /// A rung may take this share of a steady link.
    var steadyShare = 0.95
    /// What takes no more than this share of what both ends say that the link carries is sent before anything is saved
    /// up, as long as a segment arrives this many times before the device runs dry. If it held for all devices, it would
    /// cost the recorded traces 0.04 percentage points of silence at a buffer of 25 s (0.25 instead: 0.12), and nothing
    /// at 120 s.
    var ampleShare = 0.2
    var ampleArrivals = 3.0
    /// The length of sound in a segment: 92,160 samples at 44.1 kHz.
    var segmentSeconds = 92_160 / 44_100.0
  }
}
