import Foundation

/// What a policy reaches over all traces of a set.
struct Score: Sendable, Codable, Equatable {
  var policy = ""
  var bufferSeconds = 0.0
  var sessions = 0
  var meanKbps = 0.0
  /// Stalled of all seconds after the start, in per cent.
  var stallPercent = 0.0
  var stallsPerHour = 0.0
  var sessionsWithoutStall = 0
  var switchesPerHour = 0.0
  var startupSeconds = 0.0

  init(policy: String, bufferSeconds: Double, outcomes: [SimulatedSession.Outcome]) {
    self.policy = policy
    self.bufferSeconds = bufferSeconds
    sessions = outcomes.count
    guard !outcomes.isEmpty else { return }
    let played = outcomes.reduce(0) { $0 + $1.playedSeconds }
    let stalled = outcomes.reduce(0) { $0 + $1.stalledSeconds }
    let hours = (played + stalled) / 3_600
    meanKbps = outcomes.reduce(0) { $0 + $1.heardBits } / played / 1_000
    stallPercent = 100 * stalled / (played + stalled)
    stallsPerHour = Double(outcomes.reduce(0) { $0 + $1.stalls }) / hours
    sessionsWithoutStall = outcomes.count { $0.stalls == 0 }
    switchesPerHour = Double(outcomes.reduce(0) { $0 + $1.switches }) / hours
    startupSeconds = outcomes.reduce(0) { $0 + $1.startupSeconds } / Double(outcomes.count)
  }
}

extension Score {
  /// What a fixed rendition of that mean bitrate would reach: between the two fixed ones next to it, linearly.
  static func fixed(meanKbps: Double, among fixed: [Score]) -> Score? {
    let sorted = fixed.sorted { $0.meanKbps < $1.meanKbps }
    guard let above = sorted.first(where: { $0.meanKbps >= meanKbps }),
      let below = sorted.last(where: { $0.meanKbps <= meanKbps })
    else { return nil }
    let span = above.meanKbps - below.meanKbps
    let share = span > 0 ? (meanKbps - below.meanKbps) / span : 0
    func between(_ value: KeyPath<Score, Double>) -> Double {
      below[keyPath: value] + share * (above[keyPath: value] - below[keyPath: value])
    }
    var score = below
    score.policy = "fixed, same mean"
    score.meanKbps = meanKbps
    score.stallPercent = between(\.stallPercent)
    score.stallsPerHour = between(\.stallsPerHour)
    score.sessionsWithoutStall = Int(
      Double(below.sessionsWithoutStall) + share * Double(above.sessionsWithoutStall - below.sessionsWithoutStall))
    score.startupSeconds = between(\.startupSeconds)
    return score
  }

  /// A Markdown table of scores.
  static func table(_ scores: [Score]) -> String {
    let head = """
      | buffer s | policy | mean kbit/s | stall % | stalls/h | without a stall | switches/h | start-up s |
      | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: |
      """
    let rows = scores.map { score in
      let cells = [
        score.bufferSeconds.digits(0), score.policy, score.meanKbps.digits(0), score.stallPercent.digits(2),
        score.stallsPerHour.digits(1), "\(score.sessionsWithoutStall)/\(score.sessions)",
        score.switchesPerHour.digits(0), score.startupSeconds.digits(2),
      ]
      return "| \(cells.joined(separator: " | ")) |"
    }
    return ([head] + rows).joined(separator: "\n")
  }
}

extension Double {
  fileprivate func digits(_ count: Int) -> String { String(format: "%.\(count)f", self) }
}
