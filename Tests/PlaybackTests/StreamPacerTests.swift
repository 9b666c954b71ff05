import Testing

@testable import Playback

@Suite struct StreamPacerTests {
  private let second: Int64 = 1_000_000_000
  private let rate = 48_000

  private func pacer(start: Int64 = 0, count: Int64 = 4_800_000, buffer: Double = 3, now: Int64 = 0) -> StreamPacer {
    StreamPacer(sampleRate: rate, sampleCount: count, startSample: start, bufferSeconds: buffer, now: now)
  }

  /// Sends as long as the pacer wants to, a second at a time at most; returns what was sent.
  private func fill(_ pacer: inout StreamPacer, now: Int64) -> [Int] {
    var sent: [Int] = []
    while case .send(let most) = pacer.decide(now: now) {
      let samples = min(most, rate, Int(pacer.playhead.end - pacer.nextSample))
      pacer.sent(samples: samples, now: now)
      sent.append(samples)
    }
    return sent
  }

  @Test func theFirstChunksAreShort() {
    var pacer = pacer()
    let sent = fill(&pacer, now: 0)
    #expect(sent == [12_000, 12_000, rate, rate, rate])
  }

  @Test func keepsTheBufferAheadOfThePlayheadForTheWholeTrack() {
    var pacer = pacer(now: 5)
    var now: Int64 = 5
    _ = fill(&pacer, now: now)
    for _ in 0..<200 {
      guard case .wait(let until) = pacer.decide(now: now) else { break }
      #expect(until > now)
      now = until
      _ = fill(&pacer, now: now)
      let ahead = pacer.nextSample - pacer.playhead.sample(at: now)
      #expect(pacer.isComplete || (ahead >= 3 * Int64(rate) && ahead <= 4 * Int64(rate)))
    }
    #expect(pacer.isComplete)
    #expect(pacer.nextSample == 4_800_000)
    #expect(pacer.decide(now: now) == .rest)
  }

  @Test func thePlayheadWaitsForTheFirstChunk() {
    var pacer = pacer(now: 0)
    #expect(pacer.playhead.sample(at: 10 * second) == 0)
    pacer.sent(samples: 12_000, now: 10 * second)
    #expect(pacer.playhead.sample(at: 11 * second) == Int64(rate))
  }

  @Test(arguments: [false, true]) func aJumpWithinWhatWasSentMovesThePlayheadAlone(isPaused: Bool) {
    var pacer = pacer(buffer: 30)
    _ = fill(&pacer, now: 0)
    let sent = pacer.nextSample
    if isPaused { pacer.pause(at: nil, now: 5 * second) }
    #expect(pacer.jump(to: 20 * Int64(rate), now: 10 * second) && pacer.nextSample == sent)
    #expect(pacer.playhead.sample(at: 12 * second) == (isPaused ? 20 : 22) * Int64(rate))
    #expect(pacer.isPlaying == !isPaused)
    let before = pacer
    #expect(pacer.jump(to: sent + 1, now: 12 * second) == false)
    #expect(pacer.playhead.sample(at: 13 * second) == before.playhead.sample(at: 13 * second))
    // Back, and the end of what was sent is further ahead again.
    #expect(pacer.jump(to: 0, now: 12 * second) && pacer.secured(now: 12 * second) == sent)
  }

  @Test func whilePausedItFillsTheBufferAndRests() {
    var pacer = pacer()
    _ = fill(&pacer, now: 0)
    pacer.pause(at: nil, now: 2 * second)
    #expect(pacer.playhead.sample(at: 60 * second) == 2 * Int64(rate))
    _ = fill(&pacer, now: 60 * second)
    #expect(pacer.decide(now: 60 * second) == .rest)
    pacer.resume(now: 70 * second)
    #expect(pacer.playhead.sample(at: 71 * second) == 3 * Int64(rate))
    guard case .wait = pacer.decide(now: 70 * second) else {
      Issue.record("it should wait for the playhead")
      return
    }
  }

  @Test func aPauseTakesTheDevicesWordForWhereItIsButNotPastWhatWasSent() {
    var pacer = pacer()
    _ = fill(&pacer, now: 0)
    pacer.pause(at: 30_000, now: second)
    #expect(pacer.playhead.sample(at: second) == 30_000)
    pacer.pause(at: 4_000_000, now: second)
    #expect(pacer.playhead.sample(at: second) == pacer.nextSample)
  }

  @Test func aSeekStartsOverWithShortChunks() {
    var pacer = pacer()
    _ = fill(&pacer, now: 0)
    pacer.seek(to: 2_000_000, now: second)
    #expect(pacer.nextSample == 2_000_000)
    #expect(pacer.decide(now: second) == .send(maxSamples: 12_000))
    #expect(pacer.playhead.sample(at: 9 * second) == 2_000_000)
    pacer.sent(samples: 12_000, now: 9 * second)
    #expect(pacer.playhead.sample(at: 10 * second) == 2_048_000)
  }

  @Test func aSeekWhilePausedStaysPaused() {
    var pacer = pacer()
    _ = fill(&pacer, now: 0)
    pacer.pause(at: nil, now: second)
    pacer.seek(to: 480_000, now: second)
    _ = fill(&pacer, now: second)
    #expect(pacer.playhead.sample(at: 30 * second) == 480_000)
    #expect(!pacer.isPlaying)
  }

  @Test(arguments: [(0.0, 1.0), (-3, 1), (500, 120), (3, 3)])
  func theBufferStaysWithinItsBounds(asked: Double, kept: Double) {
    var pacer = pacer(count: 48_000 * 600, buffer: asked)
    let sent = fill(&pacer, now: 0).reduce(0, +)
    #expect(sent >= Int(kept * Double(rate)) && sent < Int((kept + 1) * Double(rate)) + 1)
  }

  @Test func saysWhenTheDeviceRunsDry() {
    var pacer = pacer()
    #expect(pacer.dryNanoseconds(now: 77) == 77)
    pacer.sent(samples: rate, now: second)
    #expect(pacer.dryNanoseconds(now: second) == 2 * second)
  }
}
