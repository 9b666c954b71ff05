/// Where the frames of a stream may begin, for containers whose clock is coarser than a sample.
///
/// A clock of milliseconds (Matroska, WebM, ASF) is up to half a tick off: 22 samples at 44.1 kHz. But frames begin
/// only at multiples of what their lengths have in common, so a timestamp means the one of these that it is nearest to,
/// and that is exact as long as two of them are further apart than a tick.
struct FrameGrid: Hashable, Sendable, Codable {
  /// What all frames' lengths are multiples of, in samples.
  var length: Int64
  /// A place where a frame begins, below `length`.
  var phase: Int64

  var isPlausible: Bool { (1...Int64(Bounds.maxFrameSamples)).contains(length) && (0..<length).contains(phase) }

  func nearest(_ sample: Int64) -> Int64 {
    let distance = sample - phase
    let remainder = distance % length
    let below = remainder < 0 ? remainder + length : remainder
    return sample - below + (2 * below >= length ? length : 0)
  }
}

/// Holds the timestamps of a stream's first packets against the samples in front of them.
struct ClockMeasurement {
  /// How far a timestamp may be from the truth, in samples.
  let tick: Int64
  private var position: Int64 = 0
  private var common: Int64 = 0
  private var lengths: ClosedRange<Int64>?
  private var phase: Int64?
  private var lag: ClosedRange<Int64>?
  private var isRegular = true
  /// A packet's length says something only if another follows: the last is often cut.
  private var last: Int64?

  init(tick: Int64) { self.tick = tick }

  /// The next packet that gives sound: how much, and its timestamp in samples.
  mutating func add(samples: Int64, stamp: Int64?) {
    if let last {
      // The first is cut by the encoder's delay.
      if phase == nil {
        phase = last
      } else {
        common = Self.commonDivisor(common, last)
        lengths = lengths.map { min($0.lowerBound, last)...max($0.upperBound, last) } ?? last...last
      }
      position += last
      if let stamp, isRegular {
        let found = stamp - position
        let widened = lag.map { min($0.lowerBound, found)...max($0.upperBound, found) } ?? found...found
        // A gap: what is behind it says nothing of how the clock is rounded.
        isRegular = widened.upperBound - widened.lowerBound <= 2 * tick
        if isRegular { lag = widened }
      }
    }
    last = samples
  }

  /// What the timestamps are ahead of the samples by, in the middle; nil if there weren't two packets with one.
  var offset: Int64? { lag.map { ($0.lowerBound + $0.upperBound) / 2 } }

  var firstLength: Int64 { phase ?? 0 }

  /// The length of all packets but the first and the last; nil if they differ, or there were too few.
  var constantLength: Int64? { lengths.flatMap { $0.lowerBound == $0.upperBound ? $0.lowerBound : nil } }

  /// - Parameter unit: what the codec says of its frames' lengths, which may be shorter than those seen.
  ///
  /// Nil where packets may begin so near to each other that the clock can't tell which is meant.
  func grid(unit: Int64?) -> FrameGrid? {
    let length = unit.map { Self.commonDivisor(common, $0) } ?? common
    // The half ticks of two timestamps, and what the middle is off by.
    guard length >= tick + 8 else { return nil }
    return FrameGrid(length: length, phase: (phase ?? 0) % length)
  }

  private static func commonDivisor(_ one: Int64, _ other: Int64) -> Int64 {
    var (a, b) = (one, other)
    while b != 0 { (a, b) = (b, a % b) }
    return a
  }
}
