/// Two planes of samples in −1…1, of the same length.
public struct StereoSamples: Hashable, Sendable {
  public var left: [Float]
  public var right: [Float]
  public var count: Int { left.count }

  public init(left: [Float] = [], right: [Float] = []) {
    self.left = left
    self.right = right
  }
}

/// The sound of a file as stereo Float at its grid rate, from any sample on.
///
/// Position 0 is the first sample behind the encoder's delay. What is read at a position does not depend on how one
/// came there. Mono is doubled, more than two channels are mixed. Damaged places are silent and keep their length. Not
/// for two threads at once.
public final class PCMReader {
  public let facts: SourceFacts
  /// The grid's rate, 44,100 or 48,000 Hz, unless another was asked for.
  public let sampleRate: Int
  /// Samples at that rate.
  public let sampleCount: Int64
  public private(set) var position: Int64 = 0

  private let source: any SampleSource
  private let converter: RateConverter
  private let limits: AudioLimits

  /// - Parameters:
  ///   - facts: of an earlier probe; spares finding them out.
  ///   - rate: another rate than the grid's, for a codec that knows one only.
  ///
  /// Throws what `AudioProbe.read` throws, and `changed`.
  public convenience init(
    path: String, facts: SourceFacts? = nil, rate: Int? = nil, limits: AudioLimits = AudioLimits()
  ) throws(AudioCodecError) {
    let file = try FileSource(path: path)
    file.allow(limits.operationDeadline)
    let (source, facts) = try SourceReader.open(file: file, facts: facts)
    self.init(source: source, facts: facts, rate: rate, limits: limits)
  }

  init(source: any SampleSource, facts: SourceFacts, rate: Int?, limits: AudioLimits) {
    self.source = source
    self.facts = facts
    sampleRate = rate ?? facts.gridRate
    sampleCount = facts.sampleCount(atRate: sampleRate)
    converter = RateConverter(source: source, gridRate: sampleRate)
    self.limits = limits
  }

  /// Packets that could not be decoded so far.
  public var damagedPackets: Int { source.damagedPackets }
  /// Samples of silence (at the source's rate) put in place of what could not be decoded.
  public var concealedSamples: Int64 { source.concealedSamples }

  /// Goes to a sample, which is cheap until the next read. Out of range is brought into it.
  public func seek(to sample: Int64) {
    position = min(max(sample, 0), sampleCount)
  }

  /// At most `count` samples from the position on; fewer at the end, none behind it. Throws `timedOut`, `unreadable`,
  /// `damaged`.
  public func read(_ count: Int) throws(AudioCodecError) -> StereoSamples {
    let samples = Int(min(Int64(max(count, 0)), sampleCount - position))
    let buffer = StereoBuffer(capacity: max(samples, 1))
    try fill(StereoTarget(left: buffer.left, right: buffer.right), count: samples, at: position)
    position += Int64(samples)
    return StereoSamples(
      left: Array(UnsafeBufferPointer(start: buffer.left, count: samples)),
      right: Array(UnsafeBufferPointer(start: buffer.right, count: samples)))
  }

  /// Fills `count` samples from any place of the grid on; outside of the track there is silence.
  func fill(_ target: StereoTarget, count: Int, at place: Int64) throws(AudioCodecError) {
    source.file.allow(limits.operationDeadline)
    converter.seek(to: place)
    try converter.read(target, count: count)
    // The resampler rings past the end; the track ends where it ends.
    let end = Int(min(max(sampleCount - place, 0), Int64(count)))
    if end < count { target.advanced(by: end).silence(count - end) }
    if place < 0 { target.silence(Int(min(-place, Int64(count)))) }
  }
}
