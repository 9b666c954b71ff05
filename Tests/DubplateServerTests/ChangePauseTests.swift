import Testing

@testable import DubplateServer

@Suite struct ChangePauseTests {
  private let start = ContinuousClock.now

  @Test func whatIsSettledIsLookedAtOnceItIsQuiet() {
    var pause = ChangePause()
    #expect(pause.due == nil)
    pause.noticed(.settled, now: start)
    pause.noticed(.settled, now: start + .seconds(1))
    #expect(pause.due == start + .seconds(1) + ServerLimits.changePause)
    pause.looked()
    #expect(pause.due == nil)
  }

  @Test func whatNeverRestsIsLookedAtAllTheSame() {
    var pause = ChangePause()
    for second in 0..<1_000 { pause.noticed(.settled, now: start + .seconds(second)) }
    #expect(pause.due == start + ServerLimits.longestChangePause)
  }

  @Test func aNameAloneWaitsForItsFileToBeWhole() {
    var pause = ChangePause()
    pause.noticed(.created, now: start)
    #expect(pause.due == start + ServerLimits.longestChangePause)
    pause.noticed(.settled, now: start + .seconds(5))
    #expect(pause.due == start + .seconds(5) + ServerLimits.changePause)
  }
}
