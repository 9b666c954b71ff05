import Foundation

/// Always the same rung.
struct FixedPolicy: BitratePolicy {
  let rung: Int
  mutating func next(_ moment: SimulatedSession.Moment) -> Int { rung }
  mutating func delivered(bits: Double, seconds: Double, latency: Double, now: Double) {}
}

/// The plain rule of thumb: fixed bandwidths from which on a quality is sent (above 300 kbit/s 192, above 500 kbit/s 320,
/// above 2 Mbit/s lossless, else 128), by the last segment's throughput, whatever the buffer holds.
struct ThresholdPolicy: BitratePolicy {
  let ladder: [Double]
  private var bandwidth = 0.0

  init(ladder: [Double]) {
    self.ladder = ladder
  }

  mutating func next(_ moment: SimulatedSession.Moment) -> Int {
    let wanted: Double
    switch bandwidth {
    case 2_000_000...: wanted = .infinity
    case 500_000...: wanted = 320_000
    case 300_000...: wanted = 192_000
    default: wanted = 128_000
    }
    return ladder.lastIndex { $0 <= wanted } ?? 0
  }

  mutating func delivered(bits: Double, seconds: Double, latency: Double, now: Double) {
    bandwidth = bits / max(seconds, 1e-6)
  }
}

/// Throughput and latency as Sabre estimates them: averages with half-lives of 3 and 8 seconds of transfer, the worse of
/// the two.
struct PeerEstimate {
  private var throughputs = [0.0, 0.0]
  private var latencies = [0.0, 0.0]
  private var seconds = 0.0
  private var count = 0.0
  private let segmentSeconds: Double
  private static let halfLives = [8.0, 3.0]

  init(segmentSeconds: Double) {
    self.segmentSeconds = segmentSeconds
  }

  var throughput: Double? { worst(throughputs, weight: seconds, unit: 1).min() }
  var latency: Double { worst(latencies, weight: count, unit: segmentSeconds).max() ?? 0 }

  mutating func add(bits: Double, seconds: Double, latency: Double) {
    let seconds = max(seconds, 1e-6)
    for (index, halfLife) in Self.halfLives.enumerated() {
      let kept = pow(0.5, seconds / halfLife)
      throughputs[index] = kept * throughputs[index] + (1 - kept) * bits / seconds
      let keptLatency = pow(0.5, segmentSeconds / halfLife)
      latencies[index] = keptLatency * latencies[index] + (1 - keptLatency) * latency
    }
    self.seconds += seconds
    count += 1
  }

  private func worst(_ values: [Double], weight: Double, unit: Double) -> [Double] {
    guard weight > 0 else { return [] }
    return zip(values, Self.halfLives).map { $0 / (1 - pow(0.5, weight * unit / $1)) }
  }

  /// The highest rung whose segment arrives within its own length at that throughput.
  func rung(of ladder: [Double], throughput: Double) -> Int {
    ladder.lastIndex { latency + segmentSeconds * $0 / throughput <= segmentSeconds } ?? 0
  }
}

/// The throughput rule of dash.js as Sabre has it: nine tenths of the estimate, and no more than what half of the buffer
/// can carry.
struct ThroughputPolicy: BitratePolicy {
  let setting: SimulatedSession.Setting
  private var estimate: PeerEstimate
  private var safety = 0.9

  init(_ setting: SimulatedSession.Setting) {
    self.setting = setting
    estimate = PeerEstimate(segmentSeconds: setting.segmentSeconds)
  }

  mutating func next(_ moment: SimulatedSession.Moment) -> Int {
    guard let throughput = estimate.throughput else { return 0 }
    let sustained = estimate.rung(of: setting.ladder, throughput: throughput * 0.9)
    let bits = safety * (moment.bufferSeconds - estimate.latency) * throughput
    safety = max(0.5, safety * 0.9)
    let carried = setting.ladder.lastIndex { $0 * setting.segmentSeconds <= bits } ?? 0
    return min(sustained, carried)
  }

  mutating func delivered(bits: Double, seconds: Double, latency: Double, now: Double) {
    estimate.add(bits: bits, seconds: seconds, latency: latency)
  }
}

/// BOLA-U (Spiteri, Urgaonkar, Sitaraman: BOLA, INFOCOM 2016) with logarithmic utility and γp = 5: the rung that earns
/// most for its bits at this buffer level; it climbs no further than one rung above what the throughput sustains.
struct BolaPolicy: BitratePolicy {
  let setting: SimulatedSession.Setting
  private var estimate: PeerEstimate
  private var last = 0
  private let utilities: [Double]
  private static let gamma = 5.0

  init(_ setting: SimulatedSession.Setting) {
    self.setting = setting
    estimate = PeerEstimate(segmentSeconds: setting.segmentSeconds)
    utilities = setting.ladder.map { log($0 / setting.ladder[0]) }
  }

  mutating func next(_ moment: SimulatedSession.Moment) -> Int {
    guard let throughput = estimate.throughput, let best = utilities.last else { return 0 }
    let segment = setting.segmentSeconds
    // At a session's two ends the buffer that is aimed for is a smaller one.
    let reach = max(Double(min(moment.sent, moment.left)) / 2, 3) * segment
    let control = (min(setting.bufferSeconds, reach) - segment) / (best + Self.gamma)
    var choice = 0
    var score = -Double.infinity
    for (rung, bitrate) in setting.ladder.enumerated() {
      let earned = (control * (utilities[rung] + Self.gamma) - moment.bufferSeconds) / bitrate
      if earned > score { (choice, score) = (rung, earned) }
    }
    if choice > last {
      let sustained = estimate.rung(of: setting.ladder, throughput: throughput)
      if choice > sustained { choice = last > sustained ? last : sustained + 1 }
    }
    last = choice
    return choice
  }

  mutating func delivered(bits: Double, seconds: Double, latency: Double, now: Double) {
    estimate.add(bits: bits, seconds: seconds, latency: latency)
  }
}
