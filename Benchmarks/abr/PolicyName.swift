/// A policy as it is named on the command line.
enum PolicyName: Equatable, CustomStringConvertible {
  case dubplate
  case threshold
  case throughput
  case bola
  case fixed(kbps: Int)

  struct Unknown: Error, CustomStringConvertible {
    let description: String
  }

  init(_ text: some StringProtocol) throws {
    switch text {
    case "dubplate": self = .dubplate
    case "threshold", "seed": self = .threshold
    case "throughput": self = .throughput
    case "bola": self = .bola
    default:
      guard text.hasPrefix("fixed:"), let kbps = Int(text.dropFirst("fixed:".count)) else {
        throw Unknown(description: "\(text) is no policy")
      }
      self = .fixed(kbps: kbps)
    }
  }

  var description: String {
    switch self {
    case .dubplate: "dubplate"
    case .threshold: "threshold"
    case .throughput: "throughput"
    case .bola: "bola"
    case .fixed(let kbps): "fixed:\(kbps)"
    }
  }

  /// Plays a session over each trace.
  func score(over traces: [NetworkTrace], _ setting: SimulatedSession.Setting) throws -> Score {
    let outcomes = try traces.map { trace in
      switch self {
      case .dubplate: try Self.play(DubplatePolicy(setting), trace, setting)
      case .threshold: Self.play(ThresholdPolicy(ladder: setting.ladder), trace, setting)
      case .throughput: Self.play(ThroughputPolicy(setting), trace, setting)
      case .bola: Self.play(BolaPolicy(setting), trace, setting)
      case .fixed(let kbps):
        Self.play(FixedPolicy(rung: try rung(kbps: kbps, of: setting.ladder)), trace, setting)
      }
    }
    return Score(policy: description, bufferSeconds: setting.bufferSeconds, outcomes: outcomes)
  }

  private func rung(kbps: Int, of ladder: [Double]) throws -> Int {
    guard let rung = ladder.firstIndex(of: Double(kbps) * 1_000) else {
      throw Unknown(description: "the ladder has no rung of \(kbps) kbit/s")
    }
    return rung
  }

  private static func play(
    _ policy: some BitratePolicy, _ trace: NetworkTrace, _ setting: SimulatedSession.Setting
  ) -> SimulatedSession.Outcome {
    var policy = policy
    return SimulatedSession.run(&policy, over: trace, setting)
  }
}
