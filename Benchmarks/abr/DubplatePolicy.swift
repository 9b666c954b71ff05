import Playback

/// The server's own policy, told what the server would know.
struct DubplatePolicy: BitratePolicy {
  private(set) var policy: AdaptiveBitrate
  private let fullSeconds: Double
  /// The buffer was full, so that nothing was sent for a while and the segment finds the link idle.
  private var wasIdle = false

  /// - Throws: ``PolicyName/Unknown`` for a ladder that isn't one.
  init(_ setting: SimulatedSession.Setting) throws {
    let rungs = setting.ladder.enumerated().map { BitrateLadder.Rung(id: $0.offset, bitsPerSecond: $0.element) }
    guard let ladder = BitrateLadder(rungs) else { throw PolicyName.Unknown(description: "this is no ladder") }
    policy = AdaptiveBitrate(ladder: ladder)
    fullSeconds = setting.bufferSeconds - setting.segmentSeconds
  }

  mutating func next(_ moment: SimulatedSession.Moment) -> Int {
    wasIdle = moment.bufferSeconds >= fullSeconds
    return policy.next(
      bufferSeconds: moment.bufferSeconds, fullSeconds: fullSeconds, now: Int64(moment.now * 1e9)
    ).rung.id
  }

  mutating func delivered(bits: Double, seconds: Double, latency: Double, now: Double) {
    policy.delivered(bytes: Int(bits / 8), over: Int64(seconds * 1e9), wasIdle: wasIdle)
    policy.report(roundTripSeconds: latency, now: Int64(now * 1e9))
  }
}
