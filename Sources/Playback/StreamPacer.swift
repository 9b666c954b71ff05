/// Decides when a stream's next chunk is due and how long it may be.
///
/// The device is kept at least `bufferSeconds` ahead of its playhead. The playhead starts with the first chunk that
/// leaves, since that is when the device can begin to play. Chunks are short to begin with and after every seek, then
/// as long as the caller's cut (half a segment) allows. Pure: it is told the time, in monotonic nanoseconds, and what
/// has been sent.
public struct StreamPacer: Sendable {
  /// What to do now.
  public enum Decision: Equatable, Sendable {
    /// Send the next chunk, of at most `maxSamples`.
    case send(maxSamples: Int)
    /// Nothing before that moment.
    case wait(untilNanoseconds: Int64)
    /// Nothing before a resume or a seek.
    case rest
  }

  /// The device's playhead as the server sees it.
  public private(set) var playhead: Playhead
  /// The next sample to be sent.
  public private(set) var nextSample: Int64
  private var bufferSamples: Int64
  private var chunksSinceStart = 0
  private var wantsToRun = true

  /// - Parameter startsAt: when the first sample is to be heard, where that is agreed: behind another stream, or together
  ///   with other devices. Otherwise it is heard when the first chunk has left.
  public init(
    sampleRate: Int, sampleCount: Int64, startSample: Int64, bufferSeconds: Double, now: Int64, startsAt: Int64? = nil
  ) {
    playhead = Playhead(sampleRate: sampleRate, end: sampleCount, at: startSample, now: now)
    nextSample = playhead.sample(at: now)
    bufferSamples = Self.samples(of: bufferSeconds, sampleRate: sampleRate)
    if let startsAt { playhead.run(from: nextSample, at: startsAt) }
  }

  private static func samples(of bufferSeconds: Double, sampleRate: Int) -> Int64 {
    let seconds = min(max(bufferSeconds, PlaybackLimits.leastBufferSeconds), PlaybackLimits.mostBufferSeconds)
    return Int64(seconds * Double(sampleRate))
  }

  /// Keeps the device ahead by another time from now on.
  public mutating func setBuffer(seconds: Double) {
    bufferSamples = Self.samples(of: seconds, sampleRate: playhead.sampleRate)
  }

  /// Whether all of the track has been sent.
  public var isComplete: Bool { nextSample >= playhead.end }

  /// Whether the listener wants sound now (it may still be waiting for its first chunk).
  public var isPlaying: Bool { wantsToRun }

  /// What to do at `now`.
  public func decide(now: Int64) -> Decision {
    guard !isComplete else { return .rest }
    guard secured(now: now) > bufferSamples else {
      guard chunksSinceStart < PlaybackLimits.shortChunks else { return .send(maxSamples: .max) }
      return .send(maxSamples: Int(Double(playhead.sampleRate) * PlaybackLimits.firstChunkSeconds))
    }
    guard let due = playhead.nanoseconds(at: nextSample - bufferSamples) else { return .rest }
    return .wait(untilNanoseconds: max(due, now + 1))
  }

  /// Samples' worth of time for which the device has sound, this stream's and what is heard before it.
  public func secured(now: Int64) -> Int64 { nextSample - playhead.sample(at: now) + playhead.leadIn(at: now) }

  /// When the device runs out of sound; `now` if it has none yet. For the encoder's deadlines.
  public func dryNanoseconds(now: Int64) -> Int64 {
    playhead.nanoseconds(at: nextSample) ?? now
  }

  /// A chunk of that many samples has left.
  public mutating func sent(samples: Int, now: Int64) {
    nextSample += Int64(samples)
    chunksSinceStart += 1
    if wantsToRun, !playhead.isRunning { playhead.run(now: now) }
  }

  /// The listener paused, at `sample` where it said so.
  public mutating func pause(at sample: Int64?, now: Int64) {
    wantsToRun = false
    playhead.stand(now: now)
    if let sample { playhead.move(to: min(sample, nextSample), now: now) }
  }

  /// The device has jumped by itself within what it was sent, and goes on there as it did before.
  /// - Returns: whether that much has been sent; if not, nothing has changed.
  public mutating func jump(to sample: Int64, now: Int64) -> Bool {
    guard sample <= nextSample else { return false }
    let wasWanted = wantsToRun
    pause(at: sample, now: now)
    if wasWanted { resume(now: now) }
    return true
  }

  public mutating func resume(now: Int64) {
    wantsToRun = true
    // Before anything was sent from here the playhead waits for the first chunk.
    if nextSample > playhead.sample(at: now) || isComplete { playhead.run(now: now) }
  }

  /// `sample` is to be heard at that moment, as is agreed with other devices. What has been sent stays.
  public mutating func play(from sample: Int64, at nanoseconds: Int64) {
    wantsToRun = true
    playhead.run(from: min(sample, nextSample), at: nanoseconds)
  }

  /// The listener jumped; a paused one stays paused.
  public mutating func seek(to sample: Int64, now: Int64) {
    playhead.stand(now: now)
    playhead.move(to: sample, now: now)
    nextSample = playhead.sample(at: now)
    chunksSinceStart = 0
  }
}
