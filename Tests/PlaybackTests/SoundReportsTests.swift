import Testing

@testable import Playback

@Suite struct SoundReportsTests {
  private static let second: Int64 = 1_000_000_000

  private func report(
    _ buffer: Double, of stream: String? = nil, at position: Double? = nil, heard nanoseconds: Int64? = nil
  ) -> SoundReports.Report {
    SoundReports.Report(streamId: stream, position: position, nanoseconds: nanoseconds, bufferSeconds: buffer)
  }

  @Test func anEmptyBufferSaysNothingBeforeTheFirstChunkWasHeard() {
    var sound = SoundReports()
    #expect(sound.lack(report(0), expectedSeconds: 3, now: 0) == nil)
    sound.begin(streamId: "a", position: 0, now: 0)
    for step in 0...60 as ClosedRange<Int64> {
      let now = step * Self.second
      #expect(sound.lack(report(0), expectedSeconds: 3, now: now) == nil)
      #expect(sound.lack(report(0, of: "a"), expectedSeconds: 3, now: now) == nil)
      #expect(sound.lack(report(0, of: "b", at: 1, heard: now), expectedSeconds: 3, now: now) == nil)
    }
  }

  @Test func whatTwoReportsInARowMissIsMissing() {
    var sound = SoundReports()
    sound.begin(streamId: "a", position: 10, now: 0)
    let now = 2 * Self.second
    #expect(sound.lack(report(0.2, of: "a", at: 11, heard: now), expectedSeconds: 10, now: now) == 0)
    let lack = sound.lack(report(0, of: "a"), expectedSeconds: 10, now: 2 * now)
    #expect(lack.map { abs($0 - 8.75) < 0.01 } == true, "less what a chunk on its way comes to")
    #expect(sound.lack(report(9.8, of: "a"), expectedSeconds: 10, now: 3 * now) == 0)
  }

  @Test func aSeekMakesItAnotherSound() {
    var sound = SoundReports()
    sound.begin(streamId: "a", position: 0, now: 0)
    #expect(sound.lack(report(3, of: "a", at: 1, heard: Self.second), expectedSeconds: 3, now: Self.second) == 0)
    sound.begin(streamId: "a", position: 60, now: 2 * Self.second)
    let now = 3 * Self.second
    for (position, heard) in [(1.9, now), (60.5, Self.second), (70, now)] as [(Double, Int64)] {
      #expect(sound.lack(report(0, of: "a", at: position, heard: heard), expectedSeconds: 3, now: now) == nil)
    }
    #expect(sound.lack(report(0, of: "a", at: 60.4, heard: now), expectedSeconds: 3, now: now) == 0)
  }

  @Test func whatGoesOnWithoutAGapIsTheSameSound() {
    var sound = SoundReports()
    sound.begin(streamId: "a", position: 0, now: 0)
    #expect(sound.lack(report(0, of: "a", at: 1, heard: Self.second), expectedSeconds: 3, now: Self.second) == 0)
    sound.goOn(to: "b", now: 2 * Self.second)
    #expect(sound.lack(report(0, of: "a"), expectedSeconds: 3, now: 3 * Self.second) == nil)
    #expect(sound.lack(report(0, of: "b"), expectedSeconds: 3, now: 3 * Self.second).map { $0 > 1.9 } == true)
  }

  @Test func aReportThatNamesNothingCountsOnceItHasTalkedOfSound() {
    var sound = SoundReports()
    sound.begin(streamId: "a", position: 0, now: 0)
    #expect(sound.lack(report(0.5), expectedSeconds: 3, now: Self.second) == nil, "it may be what was before")
    #expect(sound.lack(report(2.5), expectedSeconds: 3, now: 6 * Self.second) == 0)
    _ = sound.lack(report(0), expectedSeconds: 3, now: 11 * Self.second)
    #expect(sound.lack(report(0), expectedSeconds: 3, now: 16 * Self.second).map { $0 > 1.9 } == true)
  }

  @Test func nonsenseIsNoReasonToMissAnything() {
    let wild: [Double] = [.nan, .infinity, -.infinity, -1, 0, 1e300, 3]
    let times: [Int64] = [.min, -1, 0, 1, .max]
    var random = SystemRandomNumberGenerator()
    for _ in 0..<2_000 {
      var sound = SoundReports()
      sound.begin(
        streamId: "a", position: wild.randomElement(using: &random) ?? 0, now: times.randomElement(using: &random) ?? 0)
      for _ in 0..<5 {
        let report = report(
          wild.randomElement(using: &random) ?? 0, of: ["a", "b", nil].randomElement(using: &random) ?? nil,
          at: wild.randomElement(using: &random), heard: times.randomElement(using: &random))
        let lack = sound.lack(
          report, expectedSeconds: wild.randomElement(using: &random) ?? 0,
          now: times.randomElement(using: &random) ?? 0)
        #expect(lack.map { $0 >= 0 && $0.isFinite } ?? true)
      }
    }
  }

  /// How a device speaks: it names the stream once that is heard, as players do, or never. Before, it holds nothing.
  enum Manner: CaseIterable { case naming, nameless }

  @Test(arguments: Manner.allCases)
  func onAPerfectLinkNoReportEverLowersTheChoice(manner: Manner) throws {
    for seed in 1...200 as ClosedRange<UInt64> {
      var random = QueueRandom(seed: seed)
      var device = PerfectLink(&random, longestStart: manner == .nameless ? 4 : 12)
      let ladder = try AdaptiveBitrateTests.ladder()
      var (policy, untold) = (AdaptiveBitrate(ladder: ladder), AdaptiveBitrate(ladder: ladder))
      var sound = SoundReports()
      var now = 0.0
      while now < 60 {
        now += Double.random(in: 0.05...4, using: &random)
        if Int.random(in: 0..<4, using: &random) == 0 || device.isSilent {
          device.begin(at: now, &random)
          sound.begin(streamId: device.streamId, position: device.start, now: Int64(now * 1e9))
          #expect(
            policy.first(fullSeconds: 10, now: Int64(now * 1e9)).rung
              == untold.first(fullSeconds: 10, now: Int64(now * 1e9)).rung)
        }
        let arrival = now + device.latency
        let nanoseconds = Int64(arrival * 1e9)
        let expected = device.ahead(at: arrival)
        let said = device.report(at: now, manner)
        let lack = sound.lack(said, expectedSeconds: expected, now: nanoseconds)
        policy.report(bufferSeconds: lack.map { expected - $0 }, expectedSeconds: expected, now: nanoseconds)
        for _ in 0..<2 {
          policy.delivered(bytes: 200_000, over: Self.second / 10)
          untold.delivered(bytes: 200_000, over: Self.second / 10)
        }
        let one = policy.next(bufferSeconds: expected, fullSeconds: 10, now: nanoseconds)
        let other = untold.next(bufferSeconds: expected, fullSeconds: 10, now: nanoseconds)
        #expect(one.rung.id >= other.rung.id, "seed \(seed) at \(now): \(said), \(expected)")
      }
    }
  }
}

/// A device on a link that carries everything at once: what it holds and says at any moment, and what the server thinks
/// that it holds.
private struct PerfectLink {
  let latency: Double
  let longestStart: Double
  private(set) var streamId = ""
  private(set) var start = 0.0
  var isSilent: Bool { streamId.isEmpty }
  private var beganAt = 0.0
  private var heardAfter = 0.0
  /// What it heard before, and until when: its own player falls silent at the click, one that a remote moves goes on.
  private var former: (streamId: String, start: Double, heardAt: Double, until: Double)?

  init(_ random: inout QueueRandom, longestStart: Double) {
    latency = Double.random(in: 0.001...0.5, using: &random)
    self.longestStart = longestStart
  }

  mutating func begin(at now: Double, _ random: inout QueueRandom) {
    let isRemote = Bool.random(using: &random)
    former = isSilent || !isRemote ? nil : (streamId, start, beganAt + latency + heardAfter, now + latency)
    if isSilent || Bool.random(using: &random) { streamId = "s\(Int.random(in: 0..<1_000_000, using: &random))" }
    start = Double.random(in: 0...200, using: &random)
    beganAt = now
    heardAfter = Double.random(in: 0...longestStart, using: &random)
  }

  /// What has been handed over by then: whole chunks, until the device is ten seconds ahead.
  private func sent(by moment: Double) -> Double {
    guard moment >= beganAt else { return 0 }
    var seconds = 0.5
    while seconds <= 10 + moment - beganAt { seconds += 1.045 }
    return seconds
  }

  func ahead(at moment: Double) -> Double { max(0, sent(by: moment) - (moment - beganAt)) }

  func report(at now: Double, _ manner: SoundReportsTests.Manner) -> SoundReports.Report {
    if let former, now < former.until, now > former.heardAt {
      let position = former.start + now - former.heardAt
      return said(manner, former.streamId, position, now, holds: max(0.05, former.until - now))
    }
    let heardAt = beganAt + latency + heardAfter
    guard now >= heardAt else {
      return SoundReports.Report(streamId: nil, position: nil, nanoseconds: nil, bufferSeconds: 0)
    }
    return said(manner, streamId, start + now - heardAt, now, holds: sent(by: now - latency) - (now - heardAt))
  }

  private func said(
    _ manner: SoundReportsTests.Manner, _ streamId: String, _ position: Double, _ now: Double, holds: Double
  ) -> SoundReports.Report {
    guard manner != .nameless else {
      return SoundReports.Report(streamId: nil, position: nil, nanoseconds: nil, bufferSeconds: holds)
    }
    return SoundReports.Report(
      streamId: streamId, position: position, nanoseconds: Int64(now * 1e9), bufferSeconds: holds)
  }
}
