import Playback
import Testing

@testable import Gateway

@Suite struct UserRosterTests {
  @Test func theVersionGoesOnWhenAUserComesBack() {
    let roster = UserRoster()
    #expect(roster.change(user: "anna", device: "phone") == nil)
    #expect(roster.join(user: "anna"))
    #expect(roster.change(user: "anna", device: "phone") == 1)
    roster.leave(user: "anna")
    #expect(roster.change(user: "anna", device: "phone") == nil)
    #expect(roster.join(user: "anna"))
    #expect(roster.change(user: "anna", device: "phone") == 2)
  }

  @Test func stateIsSharedByABoundedNumberOfDevices() {
    let roster = UserRoster()
    for _ in 0..<PlaybackLimits.devicesPerUser { #expect(roster.join(user: "anna")) }
    #expect(!roster.join(user: "anna"))
    #expect(roster.join(user: "ben"))
    roster.leave(user: "anna")
    #expect(roster.join(user: "anna"))
  }
}
