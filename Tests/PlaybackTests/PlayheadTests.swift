import Testing

@testable import Playback

@Suite struct PlayheadTests {
  private let second: Int64 = 1_000_000_000

  @Test func movesWithTimeOnlyWhileItRuns() {
    var playhead = Playhead(sampleRate: 48_000, end: 480_000, at: 4_800, now: 5 * second)
    #expect(playhead.sample(at: 9 * second) == 4_800)
    playhead.run(now: 10 * second)
    #expect(playhead.sample(at: 12 * second) == 4_800 + 96_000)
    playhead.stand(now: 12 * second)
    #expect(playhead.sample(at: 99 * second) == 4_800 + 96_000)
  }

  @Test func stopsAtTheEnd() {
    var playhead = Playhead(sampleRate: 44_100, end: 44_100, at: 0, now: 0)
    playhead.run(now: 0)
    #expect(playhead.sample(at: 3_600 * second) == 44_100)
    #expect(playhead.sample(at: .max) == 44_100)
  }

  @Test func timeThatRunsBackwardsDoesNotMoveIt() {
    var playhead = Playhead(sampleRate: 44_100, end: 441_000, at: 100, now: 10 * second)
    playhead.run(now: 10 * second)
    #expect(playhead.sample(at: 5 * second) == 100)
  }

  @Test func saysWhenItWillBeSomewhere() throws {
    var playhead = Playhead(sampleRate: 44_100, end: 441_000, at: 0, now: 7 * second)
    #expect(playhead.nanoseconds(at: 44_100) == nil)
    playhead.run(now: 7 * second)
    let when = try #require(playhead.nanoseconds(at: 66_150))
    #expect(when == 8 * second + second / 2)
    #expect(playhead.sample(at: when) == 66_150)
  }

  @Test func aPositionOutsideOfTheTrackIsBroughtInside() {
    var playhead = Playhead(sampleRate: 44_100, end: 1_000, at: -5, now: 0)
    #expect(playhead.sample(at: 0) == 0)
    playhead.move(to: 5_000, now: 0)
    #expect(playhead.sample(at: 0) == 1_000)
  }
}
