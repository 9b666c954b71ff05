import Testing

@testable import Playback

@Suite struct SharedStateTests {
  @Test func theVersionGrowsByOneWithEveryChange() {
    var state = SharedState()
    #expect(state.change(by: "phone") == 1)
    #expect(state.change(by: "laptop") == 2)
    #expect(state.version == 2)
    #expect(state.deviceId == "laptop")
  }
}
