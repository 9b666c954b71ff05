/// One listener's session over a trace: segments of constant length and bitrate, one after the other into a buffer of
/// bounded length that plays as they come.
///
/// The model is Sabre's (Spiteri, Sitaraman, Sparacio: From Theory to Practice, MMSys 2018), so that its figures can be
/// compared: the next transfer begins when the buffer has room for a whole segment; it takes the latency and then the
/// bits at the trace's bandwidth; sound starts with the first segment and, after a stall, with the next one.
struct SimulatedSession {
  /// What is the same for all sessions of a run.
  struct Setting: Sendable {
    var ladder: [Double]
    var bufferSeconds: Double
    var segmentSeconds = 92_160 / 44_100.0
    var sessionSeconds = 1_200.0

    var segments: Int { max(1, Int((sessionSeconds / segmentSeconds).rounded(.up))) }
  }

  /// What a policy sees before it chooses.
  struct Moment {
    let now: Double
    let bufferSeconds: Double
    /// How many segments were sent before, and how many are to come with this one.
    let sent: Int
    let left: Int
  }

  /// What became of it.
  struct Outcome: Equatable {
    var startupSeconds = 0.0
    var playedSeconds = 0.0
    var stalledSeconds = 0.0
    var stalls = 0
    var switches = 0
    /// Sum of bitrate × seconds of what was heard.
    var heardBits = 0.0
    /// The lowest buffer ever and the rungs that were sent, in order.
    var leastBuffer = Double.infinity
    var rungs: [Int] = []
  }

  /// Plays one session with `policy`.
  static func run(_ policy: inout some BitratePolicy, over trace: NetworkTrace, _ setting: Setting) -> Outcome {
    var link = SimulatedLink(trace)
    var outcome = Outcome()
    outcome.rungs.reserveCapacity(setting.segments)
    var buffer = 0.0
    let segment = setting.segmentSeconds

    for number in 0..<setting.segments {
      let excess = buffer + segment - setting.bufferSeconds
      if excess > 0, number > 0 {
        let pause = min(excess, buffer)
        link.wait(pause)
        buffer -= pause
      }
      let moment = Moment(
        now: link.now, bufferSeconds: buffer, sent: number, left: setting.segments - number)
      let rung = min(max(policy.next(moment), 0), setting.ladder.count - 1)
      let bits = setting.ladder[rung] * segment
      let latency = link.awaitFirstBit()
      let transfer = link.transfer(bits: bits)
      let taken = latency + transfer

      if number == 0 {
        outcome.startupSeconds = taken
      } else if taken > buffer {
        outcome.stalls += 1
        outcome.stalledSeconds += taken - buffer
      }
      buffer = max(0, buffer - taken)
      outcome.leastBuffer = min(outcome.leastBuffer, buffer)
      buffer += segment
      if let last = outcome.rungs.last, last != rung { outcome.switches += 1 }
      outcome.rungs.append(rung)
      outcome.heardBits += bits
      outcome.playedSeconds += segment
      policy.delivered(bits: bits, seconds: transfer, latency: latency, now: link.now)
    }
    return outcome
  }
}

/// What chooses the rung of the ladder for each segment.
protocol BitratePolicy {
  /// The index of the next segment's rung, 0 the lowest.
  mutating func next(_ moment: SimulatedSession.Moment) -> Int
  /// A segment has arrived: its bits, the seconds from its first bit on, and those before it.
  mutating func delivered(bits: Double, seconds: Double, latency: Double, now: Double)
}
