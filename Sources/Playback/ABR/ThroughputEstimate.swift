/// What a device's link carries, from how long the server's own sends took and from what the device says.
///
/// Two averages of the samples run beside each other: one that forgets within a second or two and one that remembers
/// half a minute; what counts is the lower, so that a collapse is believed at once and a recovery when it has lasted
/// (dash.js and Sabre do the same). A sample weighs as long as it took, and at least a segment's length, so that one
/// long outage doesn't outweigh the quick sends after it for ever. The mean deviation is kept as TCP keeps that of
/// its round trips (Jacobson, 1988).
///
/// What is sent over an idle connection may look faster than the link by any factor: TCP's first window leaves without
/// waiting (RFC 6928), and a proxy or a modem may take a whole segment of a low rung into its own memory. Such a sample
/// counts as ``PlaybackLimits/mostIdleGain`` times the estimate at most, or as what a window in the time of a poor
/// link's round trip comes to (after a collapse the way up would be long otherwise). If the link is indeed that much
/// faster, the next ones say so too, or the next rung, whose segments are longer and fit into no buffer.
///
/// What a proxy or a modem takes into its memory the kernel takes for delivered; what has arrived only the device knows.
/// A device's report is hearsay, though: it lowers the estimate while it is fresh, and never raises it.
struct ThroughputEstimate: Sendable, Equatable {
  private var fast = 0.0
  private var slow = 0.0
  /// How much of an average's full weight has come in, 0…1.
  private var fastWeight = 0.0
  private var slowWeight = 0.0
  private var deviation = 0.0
  private var reported = 0.0
  private var reportedAt = Int64.min
  /// The report is of what arrived over the time in which something was on its way.
  private var isReportOfArrivals = false
  private(set) var roundTripSeconds = 0.0

  /// Whether the server has measured anything.
  var isMeasured: Bool { fastWeight > 0 }

  /// The server's own measurement, bit/s: the lower of the averages; nil before the first sample.
  var measured: Double? { isMeasured ? min(fast / fastWeight, slow / slowWeight) : nil }

  /// Mean deviation of the samples from their average, as a share of it; 0 on a link that doesn't change.
  var variability: Double { isMeasured ? deviation / slow : 0 }

  /// Takes a sample: that many bits in that many seconds of sending without a pause.
  /// - Parameters:
  ///   - wasIdle: nothing was on its way before them.
  ///   - most: the most that a sample may count as, bit/s.
  mutating func add(bits: Double, seconds: Double, wasIdle: Bool, most: Double, tuning: AdaptiveBitrate.Tuning) {
    var most = min(most, PlaybackLimits.mostThroughput)
    if wasIdle, let measured {
      let window = min(bits, Double(PlaybackLimits.firstWindowBytes) * 8) / PlaybackLimits.windowSeconds
      most = min(most, max(measured * PlaybackLimits.mostIdleGain, window))
    }
    let sample = max(min(bits / seconds, most), PlaybackLimits.leastThroughput)
    let weight = max(seconds, tuning.segmentSeconds)
    let fastShare = weight / (weight + tuning.fastSeconds)
    let slowShare = weight / (weight + tuning.slowSeconds)
    fast += fastShare * (sample - fast)
    fastWeight += fastShare * (1 - fastWeight)
    slow += slowShare * (sample - slow)
    slowWeight += slowShare * (1 - slowWeight)
    deviation += slowShare * (abs(sample - slow / slowWeight) - deviation)
  }

  /// Takes a device's own measurement; what can't be true is left out or cut to what can.
  mutating func report(bitsPerSecond: Double?, isOfArrivals: Bool, roundTripSeconds: Double?, now: Int64) {
    if let bitsPerSecond, bitsPerSecond.isFinite, bitsPerSecond > 0 {
      isReportOfArrivals = isOfArrivals
      reported = min(max(bitsPerSecond, PlaybackLimits.leastThroughput), PlaybackLimits.mostThroughput)
      reportedAt = now
    }
    if let roundTripSeconds, roundTripSeconds.isFinite, roundTripSeconds >= 0 {
      self.roundTripSeconds = min(roundTripSeconds, PlaybackLimits.mostRoundTripSeconds)
    }
  }

  /// Sound begins anew. Nothing was sent since, or little: what the device measured last still holds.
  mutating func recallReport(now: Int64) {
    if isReportOfArrivals { reportedAt = now }
  }

  /// The device's report in bit/s, while it is fresh.
  func hearsay(now: Int64) -> Double? {
    let (age, overflows) = now.subtractingReportingOverflow(reportedAt)
    guard !overflows, (0..<PlaybackLimits.reportNanoseconds).contains(age) else { return nil }
    return reported
  }

  /// Whether server and device have measured the link, each at its end.
  func isConfirmed(now: Int64) -> Bool { isMeasured && isReportOfArrivals && hearsay(now: now) != nil }

  /// What to reckon with, bit/s.
  /// - Parameters:
  ///   - assumed: what to believe before anything was measured.
  ///   - isFull: the buffer is full: the server has delivered all that it wanted to, so a low report may only say that
  ///     there was nothing to receive; unless it is of what was on its way.
  func bitsPerSecond(assumed: Double, isFull: Bool, now: Int64) -> Double {
    let heard = hearsay(now: now)
    guard let measured else { return min(heard ?? assumed, assumed) }
    guard let heard, isReportOfArrivals || !(isFull && heard < measured) else { return measured }
    return min(heard, measured)
  }
}
