/// A position that moves with time while it runs.
///
/// Positions are samples of the track, times are monotonic nanoseconds of the caller's clock; the playhead has no
/// clock of its own. It never passes `end`.
public struct Playhead: Sendable, Equatable {
  /// Samples per second.
  public let sampleRate: Int
  /// The track's length in samples.
  public let end: Int64
  private var anchorSample: Int64
  private var anchorNanoseconds: Int64
  /// Whether it moves.
  public private(set) var isRunning = false

  public init(sampleRate: Int, end: Int64, at sample: Int64, now: Int64) {
    self.sampleRate = sampleRate
    self.end = end
    self.anchorSample = min(max(0, sample), end)
    self.anchorNanoseconds = now
  }

  /// Where it is, in samples.
  public func sample(at now: Int64) -> Int64 {
    guard isRunning, now > anchorNanoseconds else { return anchorSample }
    let (seconds, nanoseconds) = (now - anchorNanoseconds).quotientAndRemainder(dividingBy: 1_000_000_000)
    let moved = seconds.multipliedReportingOverflow(by: Int64(sampleRate))
    guard !moved.overflow else { return end }
    return min(end, anchorSample + moved.partialValue + nanoseconds * Int64(sampleRate) / 1_000_000_000)
  }

  /// Where it is, in seconds.
  public func seconds(at now: Int64) -> Double { Double(sample(at: now)) / Double(sampleRate) }

  /// When it will be at `sample`, if it goes on running, or was, on the same line of time; nil while it stands.
  public func nanoseconds(at sample: Int64) -> Int64? {
    guard isRunning else { return nil }
    let (seconds, samples) = (sample - anchorSample).quotientAndRemainder(dividingBy: Int64(sampleRate))
    return anchorNanoseconds + seconds * 1_000_000_000 + samples * 1_000_000_000 / Int64(sampleRate)
  }

  /// Samples' worth of time until it begins to move, where that lies ahead.
  public func leadIn(at now: Int64) -> Int64 {
    guard isRunning, now < anchorNanoseconds else { return 0 }
    let (seconds, nanoseconds) = (anchorNanoseconds - now).quotientAndRemainder(dividingBy: 1_000_000_000)
    return seconds * Int64(sampleRate) + nanoseconds * Int64(sampleRate) / 1_000_000_000
  }

  public mutating func run(now: Int64) {
    anchor(now: now)
    isRunning = true
  }

  /// Is at `sample` at a moment that may lie ahead, and runs from there.
  public mutating func run(from sample: Int64, at nanoseconds: Int64) {
    move(to: sample, now: nanoseconds)
    isRunning = true
  }

  public mutating func stand(now: Int64) {
    anchor(now: now)
    isRunning = false
  }

  public mutating func move(to sample: Int64, now: Int64) {
    anchorSample = min(max(0, sample), end)
    anchorNanoseconds = now
  }

  private mutating func anchor(now: Int64) {
    anchorSample = sample(at: now)
    anchorNanoseconds = now
  }
}
