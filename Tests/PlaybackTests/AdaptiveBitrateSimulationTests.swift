import Foundation
import Playback
import Testing

@testable import abr_simulator

@Suite struct AdaptiveBitrateSimulationTests {
  private static let full = [48, 128, 192, 320, 900].map { Double($0) * 1_000 }

  private func play(_ trace: NetworkTrace, _ setting: SimulatedSession.Setting) throws -> SimulatedSession.Outcome {
    var policy = try DubplatePolicy(setting)
    return SimulatedSession.run(&policy, over: trace, setting)
  }

  /// Independent of the engine: bits over bandwidth, and waiting for room.
  @Test func theEngineReckonsAConstantLinkExactly() throws {
    let trace = try NetworkTrace.constant(bitsPerSecond: 100_000, latencySeconds: 0.1)
    let setting = SimulatedSession.Setting(ladder: [200_000], bufferSeconds: 25, segmentSeconds: 2, sessionSeconds: 20)
    var policy = FixedPolicy(rung: 0)
    let outcome = SimulatedSession.run(&policy, over: trace, setting)
    // Ten segments of 400 kbit take 4.1 s each; each but the first comes 2.1 s late.
    #expect(abs(outcome.startupSeconds - 4.1) < 1e-9)
    #expect(outcome.stalls == 9 && abs(outcome.stalledSeconds - 9 * 2.1) < 1e-6)
    #expect(outcome.playedSeconds == 20 && outcome.switches == 0 && outcome.heardBits == 4_000_000)
  }

  @Test func aTraceThatNothingPassesIsRefused() {
    #expect(throws: NetworkTrace.Unusable.self) { try NetworkTrace.constant(bitsPerSecond: 0) }
    #expect(throws: NetworkTrace.Unusable.self) { try NetworkTrace.constant(bitsPerSecond: .nan) }
    #expect(throws: NetworkTrace.Unusable.self) { try NetworkTrace(name: "empty", periods: []) }
  }

  @Test func syntheticTracesDependOnNothingButTheSeed() throws {
    let one = try SyntheticTraces.make(count: 2, seed: 7)
    #expect(try SyntheticTraces.make(count: 2, seed: 7) == one)
    #expect(try SyntheticTraces.make(count: 2, seed: 8) != one)
  }

  @Test(arguments: [3.0, 10, 25, 60, 120], [70, 150, 250, 450, 1_500, 30_000])
  func settlesOnTheHighestRungThatASteadyLinkCarries(buffer: Double, kbps: Int) throws {
    let trace = try NetworkTrace.constant(bitsPerSecond: Double(kbps) * 1_000, latencySeconds: 0.02)
    let setting = SimulatedSession.Setting(ladder: Self.full, bufferSeconds: buffer)
    let outcome = try play(trace, setting)
    let sustained = try #require(Self.full.lastIndex { $0 <= Double(kbps) * 950 })
    // The smallest buffer leaves 0.9 s for a segment to come.
    let inTime = Self.full.lastIndex { $0 <= Double(kbps) * 1_000 * 0.2 } ?? 0
    let expected = buffer < 10 ? inTime...sustained : sustained...sustained
    let settled = Set(outcome.rungs.suffix(outcome.rungs.count / 2))
    #expect(settled.count == 1 && settled.allSatisfy(expected.contains), "\(settled) of \(expected)")
    #expect(outcome.switches <= 12, "\(outcome.switches)")
    #expect(outcome.stalls == 0 || buffer < 10)
  }

  @Test(arguments: [3.0, 25, 120])
  func fallsToTheRescueRungInAnOutageAndComesBack(buffer: Double) throws {
    let trace = try NetworkTrace(
      name: "tunnel",
      periods: [
        .init(seconds: 300, bitsPerSecond: 4_000_000, latencySeconds: 0.05),
        .init(seconds: 60, bitsPerSecond: 20_000, latencySeconds: 0.05),
        .init(seconds: 840, bitsPerSecond: 4_000_000, latencySeconds: 0.05),
      ])
    let setting = SimulatedSession.Setting(ladder: Self.full, bufferSeconds: buffer)
    let outcome = try play(trace, setting)
    #expect(outcome.rungs.contains(0) && outcome.rungs.last == 4)
    #expect(outcome.leastBuffer >= 0)
    if buffer == 120 { #expect(outcome.stalls == 0) }
  }

  @Test(arguments: [[48, 128, 192], [48], [128, 900], [48, 128, 192, 320, 900]])
  func staysWithinAnyLadderOnRoughLinks(kbps: [Int]) throws {
    let ladder = kbps.map { Double($0) * 1_000 }
    for trace in try SyntheticTraces.make(count: 6, seed: 3) {
      for buffer in [3.0, 25, 120] {
        let setting = SimulatedSession.Setting(ladder: ladder, bufferSeconds: buffer, sessionSeconds: 600)
        let outcome = try play(trace, setting)
        #expect(outcome.rungs.allSatisfy(ladder.indices.contains))
        #expect(outcome.leastBuffer >= 0)
        #expect(Double(outcome.switches) <= 10 * (outcome.playedSeconds + outcome.stalledSeconds) / 60)
      }
    }
  }

  @Test(arguments: [25.0, 120])
  func stallsLessThanAFixedRenditionOfTheSameMeanOnSyntheticLinks(buffer: Double) throws {
    let traces = try SyntheticTraces.make(count: 12, seed: 11)
    try expectFewerStallsThanFixed(traces, SimulatedSession.Setting(ladder: Self.full, bufferSeconds: buffer))
  }

  @Test(.enabled(if: recorded("3g") != nil), arguments: [(3.0, 15.0, 150.0), (25, 4.4, 600), (120, 1.8, 680)])
  func reachesItsAimsOnRecorded3GLinks(buffer: Double, stallPercent: Double, meanKbps: Double) throws {
    let traces = try NetworkTrace.all(in: #require(recorded("3g")))
    let setting = SimulatedSession.Setting(ladder: Self.full, bufferSeconds: buffer)
    let score = try PolicyName.dubplate.score(over: traces, setting)
    #expect(score.stallPercent <= stallPercent && score.meanKbps >= meanKbps, "\(score)")
    try expectFewerStallsThanFixed(traces, setting)
    let thumb = try PolicyName.threshold.score(over: traces, setting)
    #expect(score.stallPercent < thumb.stallPercent && score.stallsPerHour < thumb.stallsPerHour, "\(score) \(thumb)")
  }

  private func expectFewerStallsThanFixed(_ traces: [NetworkTrace], _ setting: SimulatedSession.Setting) throws {
    let own = try PolicyName.dubplate.score(over: traces, setting)
    let fixed = try setting.ladder.map { try PolicyName.fixed(kbps: Int($0 / 1_000)).score(over: traces, setting) }
    let same = try #require(Score.fixed(meanKbps: own.meanKbps, among: fixed))
    #expect(own.stallPercent < same.stallPercent && own.stallsPerHour < same.stallsPerHour, "\(own) \(same)")
  }
}

/// A folder of recorded traces, where there is one: `DUBPLATE_TRACES`, or beside the package.
private func recorded(_ set: String) -> URL? {
  let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  let root =
    ProcessInfo.processInfo.environment["DUBPLATE_TRACES"].map { URL(filePath: $0) }
    ?? package.deletingLastPathComponent().appending(path: "shared/traces")
  let folder = root.appending(path: set)
  return FileManager.default.fileExists(atPath: folder.path) ? folder : nil
}
