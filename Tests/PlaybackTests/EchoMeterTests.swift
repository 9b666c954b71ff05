import Testing

@testable import Playback

@Suite struct EchoMeterTests {
  private let millisecond: Int64 = 1_000_000

  /// Sends chunks of that many bytes at those times over a link with memory without end, and returns the samples.
  private func samples(
    bitsPerSecond: Double, roundTripMs: Double, chunks: [(bytes: Int, atMs: Double)], swallows: Set<Int> = []
  ) -> [Double] {
    var meter = EchoMeter()
    var free = 0.0
    var found: [Double] = []
    let echoes = chunks.map { chunk -> (UInt64?, Double) in
      free = max(free, chunk.atMs) + Double(chunk.bytes) * 8_000 / bitsPerSecond
      return (meter.sent(bytes: chunk.bytes, now: Int64(chunk.atMs) * millisecond), free + roundTripMs)
    }
    for (number, (mark, at)) in echoes.enumerated() where !swallows.contains(number) {
      guard let mark, let sample = meter.echoed(mark, now: Int64(at * 1e6)) else { continue }
      found.append(sample)
    }
    return found
  }

  private let segment = [(1_600, 0.0), (1_600, 0), (3_300, 0), (6_500, 0)]

  @Test(arguments: [64_000.0, 100_000, 400_000, 1_600_000], [0.0, 150, 1_000])
  func aSegmentInOneBurstShowsWhatArrives(bitsPerSecond: Double, roundTripMs: Double) throws {
    let found = samples(bitsPerSecond: bitsPerSecond, roundTripMs: roundTripMs, chunks: segment)
    #expect(try #require(found.first) > bitsPerSecond * 0.9 && found[0] < bitsPerSecond * 1.1, "\(found)")
  }

  @Test func chunksThatFindTheLinkIdleSayNothingUntilItIsSlow() throws {
    let paced = (0..<20).map { (26_000, Double($0) * 1_000) }
    let found = samples(bitsPerSecond: 1_600_000, roundTripMs: 80, chunks: segment + paced.map { ($0.0, $0.1 + 2_000) })
    #expect(found.count == 1, "\(found)")
    let spread = (0..<6).map { (3_000, Double($0) * 100) }
    #expect(try #require(samples(bitsPerSecond: 50e6, roundTripMs: 2, chunks: spread).first) > 20e6)
    let slow = samples(bitsPerSecond: 100_000, roundTripMs: 80, chunks: segment + paced.map { ($0.0, $0.1 + 2_000) })
    #expect(slow.count > 5 && slow.allSatisfy { $0 > 80_000 && $0 < 120_000 }, "\(slow)")
  }

  @Test func bytesOfMarksThatWereNotAnsweredCountWithTheNext() throws {
    let found = samples(bitsPerSecond: 100_000, roundTripMs: 100, chunks: segment + segment, swallows: [2, 4, 5])
    #expect(found.last.map { $0 > 90_000 && $0 < 110_000 } ?? false, "\(found)")
  }

  @Test func aLinkThatTakesAllAtOnceIsAsFastAsLinksAre() {
    var meter = EchoMeter()
    let marks = (0..<8).compactMap { _ in meter.sent(bytes: 3_000, now: 0) }
    let found = marks.compactMap { meter.echoed($0, now: millisecond) }
    #expect(found.first == PlaybackLimits.mostThroughput)
  }

  @Test func whatWasNeverSentOrCameBackAlreadySaysNothing() throws {
    var meter = EchoMeter()
    let sent = meter.sent(bytes: 100_000, now: 0)
    let mark = try #require(sent)
    #expect(meter.echoed(mark + 1, now: 5) == nil)
    _ = meter.echoed(mark, now: 10)
    let before = meter
    #expect(meter.echoed(mark, now: 20) == nil && meter.echoed(.max, now: 20) == nil && meter == before)
  }

  @Test func marksOfADeviceThatAnswersNoneAreBounded() {
    var meter = EchoMeter()
    let marks = (0..<1_000).compactMap { meter.sent(bytes: 10_000, now: Int64($0)) }
    #expect(marks.count == PlaybackLimits.marks)
  }
}
