import Testing

@testable import Playback

@Suite struct AdaptiveBitrateTests {
  static let kbps = [48, 128, 192, 320, 900]
  static let second: Int64 = 1_000_000_000

  static func ladder(_ kbps: [Int] = kbps) throws -> BitrateLadder {
    try #require(BitrateLadder(kbps.map { .init(id: $0, bitsPerSecond: Double($0) * 1_000) }))
  }

  /// A policy whose link has carried that much for 20 seconds, and the time after them.
  private func measured(_ bitsPerSecond: Double, ladder: BitrateLadder? = nil) throws -> AdaptiveBitrate {
    var policy = AdaptiveBitrate(ladder: try ladder ?? Self.ladder())
    for _ in 0..<20 { policy.delivered(bytes: Int(bitsPerSecond / 8), over: Self.second) }
    return policy
  }

  @Test func aLadderIsSortedAndRefusesNonsense() throws {
    #expect(try Self.ladder([900, 48, 320]).rungs.map(\.id) == [48, 320, 900])
    #expect(BitrateLadder([]) == nil)
    #expect(BitrateLadder([.init(id: 1, bitsPerSecond: 0)]) == nil)
    #expect(BitrateLadder([.init(id: 1, bitsPerSecond: .nan)]) == nil)
    #expect(BitrateLadder([.init(id: 1, bitsPerSecond: 1), .init(id: 1, bitsPerSecond: 2)]) == nil)
    #expect(BitrateLadder((0...32).map { .init(id: $0, bitsPerSecond: 1) }) == nil)
  }

  @Test func startsModestlyOnAnUnknownLinkAndHighOnAKnownGoodOne() throws {
    var unknown = AdaptiveBitrate(ladder: try Self.ladder())
    let first = unknown.next(bufferSeconds: 0, fullSeconds: 3, now: 0)
    #expect((128...192).contains(first.rung.id) && first.reason == .startup && first.isSwitch)
    var good = AdaptiveBitrate(ladder: try Self.ladder(), lastKnownBitsPerSecond: 20e6)
    #expect(good.next(bufferSeconds: 0, fullSeconds: 3, now: 0).rung.id == 900)
    var bad = AdaptiveBitrate(ladder: try Self.ladder(), lastKnownBitsPerSecond: 60_000)
    #expect(bad.next(bufferSeconds: 0, fullSeconds: 3, now: 0).rung.id == 48)
  }

  @Test func fallsAtOnceWhenTheLinkCollapsesAndToTheRescueRungWithinTwoSegments() throws {
    var policy = try measured(5e6)
    _ = policy.next(bufferSeconds: 25, fullSeconds: 25, now: 0)
    #expect(policy.next(bufferSeconds: 25, fullSeconds: 25, now: 30 * Self.second).rung.id == 900)
    policy.delivered(bytes: 20_000, over: 8 * Self.second)
    let first = policy.next(bufferSeconds: 17, fullSeconds: 25, now: 38 * Self.second)
    #expect(first.rung.id < 320 && first.isSwitch)
    policy.delivered(bytes: 20_000, over: 8 * Self.second)
    let second = policy.next(bufferSeconds: 9, fullSeconds: 25, now: 46 * Self.second)
    #expect(second.rung.id == 48 && second.reason == .rescue && second.isSwitch)
  }

  @Test func savingDataCapsTheLadder() throws {
    var policy = try measured(50e6)
    policy.savesData = true
    let capped = (0..<20).map { policy.next(bufferSeconds: 25, fullSeconds: 25, now: Int64($0 * 5) * Self.second) }
    #expect(capped.allSatisfy { $0.rung.id <= 128 })
    #expect(capped.last?.reason == .dataSaver)
    policy.savesData = false
    #expect(policy.next(bufferSeconds: 25, fullSeconds: 25, now: 200 * Self.second).rung.id == 900)
  }

  @Test func aReportCannotRaiseBeyondWhatWasMeasured() throws {
    var honest = try measured(250_000)
    var lying = honest
    for step in 0..<100 {
      let now = Int64(step * 2) * Self.second
      for claim in [1e12, .infinity, .nan, -5, 0, 900e6] {
        lying.report(bitsPerSecond: claim, bufferSeconds: 1e9, expectedSeconds: 20, roundTripSeconds: 0, now: now)
      }
      let one = honest.next(bufferSeconds: 20, fullSeconds: 25, now: now)
      let other = lying.next(bufferSeconds: 20, fullSeconds: 25, now: now)
      #expect(other.rung.id <= one.rung.id)
      // Now and then a router's queue takes a burst at once.
      let bytes = step % 7 == 3 ? 400_000 : 31_250
      honest.delivered(bytes: bytes, over: Self.second)
      lying.delivered(bytes: bytes, over: Self.second)
    }
    var unmeasured = AdaptiveBitrate(ladder: try Self.ladder())
    unmeasured.report(bitsPerSecond: 1e9, now: 0)
    #expect(unmeasured.next(bufferSeconds: 0, fullSeconds: 25, now: 1).rung.id <= 192)
  }

  @Test func aBufferOnTheWayThatTakesASegmentAtOnceIsNotTheLink() throws {
    var policy = try measured(250_000)
    _ = policy.next(bufferSeconds: 3, fullSeconds: 3, now: 0)
    for step in 1...2 {
      policy.delivered(bytes: 12_000, over: 4_000_000, wasIdle: true)
      #expect(policy.next(bufferSeconds: 3, fullSeconds: 3, now: Int64(step * 2) * Self.second).rung.id <= 192)
    }
    // The same from a connection that was busy can be nothing else than the link.
    var busy = try measured(250_000)
    busy.delivered(bytes: 12_000, over: 4_000_000)
    #expect(try #require(busy.measuredBitsPerSecond) > 1e6)
  }

  @Test func aLinkThatGotFasterIsFoundOutFromIdleConnectionsToo() throws {
    var policy = try measured(40_000)
    let rungs = (1...20).map { step in
      let rung = policy.next(bufferSeconds: 3, fullSeconds: 3, now: Int64(step * 2) * Self.second).rung
      let bytes = rung.bitsPerSecond * 2.09 / 8
      policy.delivered(bytes: Int(bytes), over: Int64(bytes * 8 / 5e6 * 1e9), wasIdle: true)
      return rung.id
    }
    #expect(rungs.first == 48 && rungs.last == 900, "\(rungs)")
  }

  @Test func whereNothingIsMeasuredAReportLowersWhatIsAssumedAndNeverRaisesIt() throws {
    var policy = AdaptiveBitrate(ladder: try Self.ladder())
    let first = policy.next(bufferSeconds: 0, fullSeconds: 10, now: 0).rung.id
    policy.report(bitsPerSecond: 80_000, bufferSeconds: 0, expectedSeconds: 2, now: Self.second)
    #expect(policy.next(bufferSeconds: 2, fullSeconds: 10, now: 2 * Self.second).rung.id == 48)
    for step in 3...40 as ClosedRange<Int64> {
      policy.report(bitsPerSecond: 1e9, bufferSeconds: 10, expectedSeconds: 10, now: step * Self.second)
      #expect(policy.next(bufferSeconds: 10, fullSeconds: 10, now: step * Self.second).rung.id <= 320)
    }
    #expect(policy.next(bufferSeconds: 10, fullSeconds: 10, now: 41 * Self.second).rung.id >= first)
  }

  @Test func aFreshReportLowersAndAnOldOneIsForgotten() throws {
    var policy = try measured(5e6)
    _ = policy.next(bufferSeconds: 20, fullSeconds: 25, now: 0)
    policy.report(bitsPerSecond: 60_000, now: 10 * Self.second)
    #expect(policy.next(bufferSeconds: 15, fullSeconds: 25, now: 11 * Self.second).rung.id == 48)
    #expect(policy.next(bufferSeconds: 24, fullSeconds: 25, now: 40 * Self.second).rung.id == 900)
  }

  @Test func aLowReportOverAFullBufferOnlyMeansThatNothingWasSent() throws {
    var policy = try measured(20e6)
    _ = policy.next(bufferSeconds: 25, fullSeconds: 25, now: 0)
    policy.report(bitsPerSecond: 40_000, now: 10 * Self.second)
    #expect(policy.next(bufferSeconds: 25, fullSeconds: 25, now: 11 * Self.second).rung.id == 900)
  }

  @Test func aDeviceThatHoldsLessThanThoughtIsBelieved() throws {
    var policy = try measured(400_000)
    _ = policy.next(bufferSeconds: 25, fullSeconds: 25, now: 0)
    #expect(policy.next(bufferSeconds: 25, fullSeconds: 25, now: 30 * Self.second).rung.id > 48)
    policy.report(bufferSeconds: 1, expectedSeconds: 25, now: 31 * Self.second)
    #expect(policy.next(bufferSeconds: 25, fullSeconds: 25, now: 32 * Self.second).rung.id == 48)
  }

  /// The kernel takes for delivered what a proxy or a modem has in its memory: seen from here the link is fast.
  private func measuredBehindALargeMemory() throws -> AdaptiveBitrate {
    var policy = try measured(50e6)
    _ = policy.first(fullSeconds: 3, now: 0)
    policy.report(bitsPerSecond: 100_000, isOfArrivals: true, roundTripSeconds: 0.4, now: 0)
    return policy
  }

  @Test func whatArrivedCountsAlsoWhereTheServerTakesTheBufferForFull() throws {
    var policy = try measuredBehindALargeMemory()
    for step in 1...5 as ClosedRange<Int64> {
      policy.delivered(bytes: 13_000, over: 2_000_000, wasIdle: true)
      let decision = policy.next(bufferSeconds: 3, fullSeconds: 3, now: step * 2 * Self.second)
      #expect(decision.rung.id == 48 && decision.reason == .rescue)
    }
    policy.report(bitsPerSecond: 8e6, isOfArrivals: true, roundTripSeconds: 0.05, now: 12 * Self.second)
    #expect(policy.next(bufferSeconds: 3, fullSeconds: 3, now: 13 * Self.second).rung.id == 900)
  }

  @Test func aLinkThatWasSlowWhenLastHeardOfStartsSlowHoweverLongAgo() throws {
    var policy = try measuredBehindALargeMemory()
    let later = 3_600 * Self.second
    #expect(policy.first(fullSeconds: 10, now: later).rung.id == 48)
    // Until the device has had the time to say something else.
    #expect(policy.next(bufferSeconds: 10, fullSeconds: 10, now: later + 5 * Self.second).rung.id == 48)
    #expect(policy.next(bufferSeconds: 10, fullSeconds: 10, now: later + 20 * Self.second).rung.id == 900)
    var paced = try measured(50e6)
    paced.report(bitsPerSecond: 100_000, now: 0)
    #expect(paced.first(fullSeconds: 10, now: later).rung.id == 900, "what pauses let through says nothing later")
  }

  @Test(arguments: [(60_000.0, 48), (100_000, 48), (250_000, 48), (400_000, 128), (1_600_000, 320), (20e6, 900)])
  func theFirstSegmentIsThereWithinASecond(bitsPerSecond: Double, rung: Int) throws {
    var policy = try measured(bitsPerSecond)
    #expect(policy.first(fullSeconds: 10, now: 0).rung.id == rung)
    var told = AdaptiveBitrate(ladder: try Self.ladder())
    told.report(bitsPerSecond: bitsPerSecond, isOfArrivals: true, now: 0)
    #expect(told.first(fullSeconds: 10, now: Self.second).rung.id == min(rung, 192), "hearsay raises nothing")
  }

  @Test func whatIsThereBeforeItCanBeMeasuredIsAFastLink() throws {
    var policy = AdaptiveBitrate(ladder: try Self.ladder())
    policy.report(bitsPerSecond: 20e6, isOfArrivals: true, now: 0)
    var rungs = [policy.first(fullSeconds: 120, now: 0).rung.id]
    for step in 1...10 {
      // A segment of the rung that was chosen, acknowledged within a tick of the kernel's clock.
      policy.delivered(bytes: rungs[step - 1] * 250, over: 0, wasIdle: true)
      let now = Int64(step) * Self.second / 10
      rungs.append(policy.next(bufferSeconds: 2.09 * Double(step), fullSeconds: 120, now: now).rung.id)
    }
    #expect(rungs.allSatisfy { $0 >= 192 } && rungs.last == 900, "\(rungs)")
  }

  @Test(arguments: [(1_500_000.0, 192), (800_000, 128), (300_000, 48)])
  func whatBothEndsSayAmplyCarriesARungNeedsNoSavingUp(link: Double, rung: Int) throws {
    var policy = AdaptiveBitrate(ladder: try Self.ladder())
    policy.report(bitsPerSecond: link, isOfArrivals: true, now: 0)
    _ = policy.first(fullSeconds: 120, now: 0)
    policy.delivered(bytes: Int(link / 8), over: Self.second)
    var unconfirmed = try measured(link)
    _ = unconfirmed.first(fullSeconds: 120, now: 0)
    #expect(policy.next(bufferSeconds: 2, fullSeconds: 120, now: Self.second).rung.id == rung)
    #expect(unconfirmed.next(bufferSeconds: 2, fullSeconds: 120, now: Self.second).rung.id == 48)
    // A collapse is believed at once.
    policy.delivered(bytes: 10_000, over: 4 * Self.second)
    #expect(policy.next(bufferSeconds: 2, fullSeconds: 120, now: 5 * Self.second).rung.id == 48)
  }

  @Test func soundThatBeginsAnewHasNothingToMissYet() throws {
    var policy = try measured(2e6)
    _ = policy.first(fullSeconds: 10, now: 0)
    policy.report(bufferSeconds: 0, expectedSeconds: 10, now: 0)
    #expect(policy.next(bufferSeconds: 10, fullSeconds: 10, now: 1).rung.id == 48)
    #expect(policy.first(fullSeconds: 10, now: 2).rung.id == 900)
    #expect(policy.next(bufferSeconds: 10, fullSeconds: 10, now: Self.second).rung.id == 900)
  }

  @Test func aFallFromAVeryFastLinkIsSeenWithTheFirstSlowSegments() throws {
    var policy = try measured(1e9)
    policy.delivered(bytes: 26_000, over: 2 * Self.second)
    policy.delivered(bytes: 26_000, over: 2 * Self.second)
    #expect(try #require(policy.measuredBitsPerSecond) < 1_000_000)
  }

  @Test func nonsenseNeverLeavesTheLadder() throws {
    var random = SystemRandomNumberGenerator()
    let wild: [Double] = [.nan, .infinity, -.infinity, -1, 0, 1e-300, 1e300, 3, 25, 120]
    let times: [Int64] = [.min, -1, 0, 1, Self.second, .max]
    for _ in 0..<2_000 {
      var policy = AdaptiveBitrate(
        ladder: try Self.ladder(), lastKnownBitsPerSecond: wild.randomElement(using: &random))
      for _ in 0..<10 {
        policy.delivered(
          bytes: [Int.min, -1, 0, 1, 5_000, .max].randomElement(using: &random) ?? 0,
          over: times.randomElement(using: &random) ?? 0)
        policy.report(
          bitsPerSecond: wild.randomElement(using: &random), bufferSeconds: wild.randomElement(using: &random),
          expectedSeconds: wild.randomElement(using: &random), roundTripSeconds: wild.randomElement(using: &random),
          now: times.randomElement(using: &random) ?? 0)
        let decision = policy.next(
          bufferSeconds: wild.randomElement(using: &random) ?? 0, fullSeconds: wild.randomElement(using: &random) ?? 0,
          now: times.randomElement(using: &random) ?? 0)
        #expect(Self.kbps.contains(decision.rung.id))
        #expect(policy.estimate.variability.isFinite)
      }
    }
  }

  @Test func isSmall() {
    #expect(MemoryLayout<AdaptiveBitrate>.size <= 256)
  }
}
