/// Chooses the rendition of each segment that is sent to one device.
///
/// The rule: a rung is sent if its segment, at the throughput that is reckoned with, takes no larger share of the
/// buffered sound than its length is of the horizon; in other words, if the link could collapse to `1 / horizon` of a
/// segment per second and the device would still not run dry. Little in the buffer or a weak link lead to the lowest
/// rung, whose seconds of sound cost the fewest bits, and so fill the buffer soonest; a deep buffer lets a high one
/// go out even when the link is briefly below it. The horizon is long while the buffer fills and short once it is
/// full, since nothing can be saved then. Going down happens at once; going up needs a margin and a dwell, and on a
/// steady link never goes beyond what the link carries.
///
/// Pure and small: no clock (monotonic nanoseconds come in), no I/O, constant work for a decision, at most 256 bytes
/// beside the ladder, which is shared. It follows buffer-based adaptation (Huang et al., SIGCOMM 2014), BOLA (Spiteri
/// et al., INFOCOM 2016) and dash.js' insufficient-buffer rule; Docs/decisions/0008-adaptive-bitrate.md has the
/// reasoning.
public struct AdaptiveBitrate: Sendable {
  /// Why a rung was chosen; the raw values are those of the event `quality_change`.
  public enum Reason: String, Sendable, CaseIterable {
    /// The first segment, before anything was measured.
    case startup
    /// What the link carries.
    case bandwidth
    /// What the buffer holds: too little for more, or deep enough for more than the link carries.
    case buffer
    /// Only the rescue rung is left.
    case rescue
    /// The listener saves data.
    case dataSaver = "data_saver"
  }

  /// The rung for the next segment.
  public struct Decision: Sendable, Equatable {
    public let rung: BitrateLadder.Rung
    public let reason: Reason
    /// Whether it is another one than before; the first counts as one.
    public let isSwitch: Bool
  }

  /// What may be sent: what plan, device and track allow.
  public private(set) var ladder: BitrateLadder
  /// Whether the listener saves data: nothing above ``PlaybackLimits/dataSaverBitsPerSecond``.
  public var savesData = false
  let tuning: Tuning
  var estimate = ThroughputEstimate()
  /// What to believe before anything was measured, bit/s.
  private let assumed: Double
  private var current: Int?
  private var switchedAt = Int64.min
  /// How much less the device says it holds than the server thinks.
  private var shortfall = 0.0
  private var shortfallUntil = Int64.min

  /// - Parameters:
  ///   - ladder: what plan and device allow.
  ///   - lastKnownBitsPerSecond: the link's throughput when this device was last seen; nil if it never was.
  public init(ladder: BitrateLadder, lastKnownBitsPerSecond: Double? = nil) {
    self.init(ladder: ladder, lastKnownBitsPerSecond: lastKnownBitsPerSecond, tuning: Tuning())
  }

  init(ladder: BitrateLadder, lastKnownBitsPerSecond: Double?, tuning: Tuning) {
    self.ladder = ladder
    self.tuning = tuning
    let known = lastKnownBitsPerSecond.flatMap { $0.isFinite && $0 > 0 ? $0 : nil }
    assumed = min(known ?? PlaybackLimits.assumedThroughput, PlaybackLimits.mostThroughput)
  }

  /// Goes on with another track's ladder, on the rung that is the present one's; what is known of the link stays.
  public mutating func change(to ladder: BitrateLadder) {
    let bitrate = current.map { self.ladder.rungs[$0].bitsPerSecond }
    self.ladder = ladder
    current = bitrate.map(ladder.highest(within:))
  }

  /// What the server measured of this link, bit/s; nil before the first sample. To be kept for the device's next visit.
  public var measuredBitsPerSecond: Double? { estimate.measured }

  /// Bytes have left for the device.
  ///
  /// Only bytes that the network has taken: what a kernel's buffer swallowed whole says nothing about the link. Only
  /// the time during which there was something to send: pauses of the pacer are no part of it.
  /// - Parameters:
  ///   - bytes: sent and drained; a sample below ``PlaybackLimits/leastSampleBytes`` is left out.
  ///   - nanoseconds: from the first byte's leaving until the last was drained; 0 for less than can be measured.
  ///   - wasIdle: the connection was idle when they began to leave, so that their speed may be that of a buffer on
  ///     the way, and raises the estimate only so far.
  public mutating func delivered(bytes: Int, over nanoseconds: Int64, wasIdle: Bool = false) {
    guard bytes >= PlaybackLimits.leastSampleBytes, nanoseconds >= 0 else { return }
    estimate.add(
      bits: Double(bytes) * 8, seconds: Double(max(nanoseconds, PlaybackLimits.leastBusyNanoseconds)) / 1e9,
      wasIdle: wasIdle,
      most: (ladder.rungs.last?.bitsPerSecond ?? 0) * PlaybackLimits.mostRungs, tuning: tuning)
  }

  /// The device says how it fares; every value is optional, and none is trusted.
  /// - Parameters:
  ///   - bitsPerSecond: throughput as the device sees it.
  ///   - isOfArrivals: that is the bytes that arrived over the time in which some were on their way; otherwise it may be
  ///     what the server's pauses let through.
  ///   - bufferSeconds: sound that it holds.
  ///   - expectedSeconds: what the server thinks that it holds.
  ///   - roundTripSeconds: as the device measured it.
  public mutating func report(
    bitsPerSecond: Double? = nil, isOfArrivals: Bool = false, bufferSeconds: Double? = nil,
    expectedSeconds: Double? = nil, roundTripSeconds: Double? = nil, now: Int64
  ) {
    estimate.report(
      bitsPerSecond: bitsPerSecond, isOfArrivals: isOfArrivals, roundTripSeconds: roundTripSeconds, now: now)
    guard let bufferSeconds, let expectedSeconds, bufferSeconds.isFinite, expectedSeconds.isFinite else { return }
    shortfall = max(0, expectedSeconds - max(0, bufferSeconds))
    shortfallUntil = now.addingReportingOverflow(PlaybackLimits.reportNanoseconds).partialValue
  }

  /// The rung with which sound begins anew: a new stream's first, or where a seek leads. The device holds nothing, on any
  /// link, so what counts is what the link carries, and that the first segment is there soon.
  public mutating func first(fullSeconds: Double, now: Int64) -> Decision {
    // What was missing was missing of other sound.
    shortfall = 0
    estimate.recallReport(now: now)
    let (index, reason) = firstChoice(fullSeconds: fullSeconds, now: now)
    return decide(index, reason, now: now)
  }

  /// The rung for the next segment.
  /// - Parameters:
  ///   - bufferSeconds: sound that the device holds and that is on its way to it.
  ///   - fullSeconds: how much that is when the pacer stops sending.
  public mutating func next(bufferSeconds: Double, fullSeconds: Double, now: Int64) -> Decision {
    let (index, reason) = choice(bufferSeconds: bufferSeconds, fullSeconds: fullSeconds, now: now)
    return decide(index, reason, now: now)
  }

  private mutating func decide(_ index: Int, _ reason: Reason, now: Int64) -> Decision {
    let isSwitch = index != current
    if isSwitch { switchedAt = now }
    current = index
    return Decision(rung: ladder.rungs[index], reason: reason, isSwitch: isSwitch)
  }

  /// What the listener allows.
  private var top: Int {
    savesData ? ladder.highest(within: PlaybackLimits.dataSaverBitsPerSecond) : ladder.rungs.count - 1
  }

  private func firstChoice(fullSeconds: Double, now: Int64) -> (Int, Reason) {
    let soon = startIndex(now: now)
    guard estimate.isMeasured || estimate.hearsay(now: now) != nil else { return (min(top, soon), .startup) }
    let full = Self.full(fullSeconds)
    let outlook = outlook(bufferSeconds: full, fullSeconds: full, isFull: true, isReplenished: false, now: now)
    let free = min(soon, index(of: outlook, current: ladder.rungs.count - 1, now: now))
    guard free <= top else { return (top, .dataSaver) }
    return (free, outlook.reason(for: free, on: ladder))
  }

  private static func full(_ seconds: Double) -> Double {
    min(max(seconds.isFinite ? seconds : 0, 0.1), PlaybackLimits.mostBufferSeconds)
  }

  /// - Parameter isReplenished: the device has been sent all that it was to have.
  private func outlook(
    bufferSeconds: Double, fullSeconds: Double, isFull: Bool, isReplenished: Bool, now: Int64
  ) -> Outlook {
    Outlook(
      bitsPerSecond: estimate.bitsPerSecond(assumed: assumed, isFull: isReplenished, now: now),
      isConfirmed: estimate.isConfirmed(now: now), variability: estimate.variability,
      roundTripSeconds: estimate.roundTripSeconds, bufferSeconds: bufferSeconds,
      fullSeconds: fullSeconds, isFull: isFull, tuning: tuning)
  }

  private func choice(bufferSeconds: Double, fullSeconds: Double, now: Int64) -> (Int, Reason) {
    // Where nothing can be measured (long polling), a report may still lower what is assumed.
    guard let current, estimate.isMeasured || estimate.hearsay(now: now) != nil else {
      return (min(top, current ?? startIndex(now: now)), .startup)
    }
    let full = Self.full(fullSeconds)
    var buffer = min(max(bufferSeconds.isFinite ? bufferSeconds : 0, 0), full)
    if now < shortfallUntil { buffer = max(0, buffer - shortfall) }
    let isFull = buffer >= tuning.fullShare * full
    let outlook = outlook(bufferSeconds: buffer, fullSeconds: full, isFull: isFull, isReplenished: isFull, now: now)
    let free = index(of: outlook, current: current, now: now)
    guard free <= top else { return (top, .dataSaver) }
    return (free, outlook.reason(for: free, on: ladder))
  }

  /// The highest rung that may be sent; one above the present only with a margin, and after its dwell.
  private func index(of outlook: Outlook, current: Int, now: Int64) -> Int {
    let mayClimb = Double(now) - Double(switchedAt) >= tuning.dwellSeconds * 1e9
    let start = mayClimb ? ladder.rungs.count - 1 : current
    for index in stride(from: start, to: 0, by: -1) {
      let share = index > current ? tuning.climbShare : 1
      if outlook.allows(ladder.rungs[index].bitsPerSecond, share: share) { return index }
    }
    return 0
  }

  /// The first rung: its first segment arrives within a second, at the throughput that is assumed.
  private func startIndex(now: Int64) -> Int {
    let believed = estimate.bitsPerSecond(assumed: assumed, isFull: false, now: now)
    return ladder.highest(within: believed * PlaybackLimits.startupSeconds / tuning.segmentSeconds)
  }
}
