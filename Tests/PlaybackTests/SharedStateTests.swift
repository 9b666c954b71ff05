import Testing

@testable import Playback

@Suite struct SharedStateTests {
  @Test func theVersionGrowsByOneWithEveryChange() {
    var state = SharedState()
    let versions = [state.change(by: "phone"), state.change(by: "laptop")]
    #expect(versions == [1, 2])
    #expect(state.version == 2)
    #expect(state.deviceId == "laptop")
  }
}
