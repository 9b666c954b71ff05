import ArgumentParser
import Foundation

/// Scores policies of adaptive bitrate over traces of networks.
@main
struct Simulator: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "abr-simulator",
    abstract: "Plays sessions over traces of networks and scores what chooses the bitrates.")

  @Option(help: "A folder of traces in Sabre's JSON; without it, synthetic ones.")
  var traces: String?

  @Option(help: "Buffers to try, in seconds.")
  var buffer = "3,25,120"

  @Option(help: "The bitrate ladder, in kbit/s.")
  var ladder = "48,128,192,320,900"

  @Option(help: "Policies: dubplate, threshold, throughput, bola, fixed:N (N kbit/s).")
  var policy = "dubplate,threshold,throughput,bola"

  @Option(help: "Seconds of sound in a session.")
  var session = 1_200.0

  @Option(help: "How many synthetic traces, when there are no recorded ones.")
  var count = 40

  @Option(help: "Their seed.")
  var seed: UInt64 = 1

  @Flag(help: "JSON instead of a table.")
  var json = false

  func run() throws {
    let scores = try score()
    guard json else {
      print(Score.table(scores))
      return
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    print(String(decoding: try encoder.encode(scores), as: UTF8.self))
  }

  private func score() throws -> [Score] {
    guard session.isFinite, (1...86_400).contains(session) else {
      throw ValidationError("a session lasts from a second to a day")
    }
    guard (1...10_000).contains(count) else { throw ValidationError("1 to 10,000 synthetic traces") }
    let rungs = try numbers(ladder).map { $0 * 1_000 }.sorted()
    let policies = try policy.split(separator: ",").map { try PolicyName($0) }
    let networks =
      if let traces {
        try NetworkTrace.all(in: URL(filePath: traces, directoryHint: .isDirectory))
      } else {
        try SyntheticTraces.make(count: count, seed: seed)
      }
    guard !networks.isEmpty else { throw ValidationError("no .json file in that folder") }

    return try numbers(buffer).flatMap { seconds in
      let setting = SimulatedSession.Setting(ladder: rungs, bufferSeconds: seconds, sessionSeconds: session)
      guard seconds > setting.segmentSeconds else {
        throw ValidationError("a buffer holds more than a segment of \(setting.segmentSeconds) s")
      }
      var scores = try policies.map { try $0.score(over: networks, setting) }
      guard let own = scores.first(where: { $0.policy == "\(PolicyName.dubplate)" }) else { return scores }
      let fixed = try rungs.map { try PolicyName.fixed(kbps: Int($0 / 1_000)).score(over: networks, setting) }
      if let same = Score.fixed(meanKbps: own.meanKbps, among: fixed) { scores.append(same) }
      return scores
    }
  }

  private func numbers(_ text: String) throws -> [Double] {
    let numbers = text.split(separator: ",").map { Double($0) ?? .nan }
    guard !numbers.isEmpty, numbers.allSatisfy({ $0.isFinite && $0 > 0 && $0 <= 1e6 }) else {
      throw ValidationError("\(text) is no list of positive numbers")
    }
    return numbers
  }
}
