import Testing

@testable import Access

@Suite struct EntitlementTests {
  @Test func theFreePlanHearsEverythingUpTo192() {
    let free = Entitlement(.free)
    #expect(free.allows(bitrate: 48_000, lossless: false))
    #expect(free.allows(bitrate: 192_000, lossless: false))
    #expect(!free.allows(bitrate: 192_001, lossless: false))
    #expect(!free.allows(bitrate: 320_000, lossless: false))
  }

  @Test func theFreePlanHearsNothingLossless() {
    #expect(!Entitlement(.free).allows(bitrate: 0, lossless: true))
  }

  @Test func thePremiumPlanHearsAll() {
    let premium = Entitlement(.premium)
    #expect(premium.allows(bitrate: 320_000, lossless: false))
    #expect(premium.allows(bitrate: .max, lossless: false))
    #expect(premium.allows(bitrate: 900_000, lossless: true))
  }

  @Test func plansKeepTheirStoredNames() {
    #expect(Plan.allCases.map(\.rawValue) == ["free", "premium"])
  }
}
