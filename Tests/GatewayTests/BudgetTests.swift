import TestSupport
import Testing

@testable import Gateway

@Suite struct BudgetTests {
  private static let second: Int64 = 1_000_000_000

  @Test func aBurstIsFreeAndThenTheRateHolds() throws {
    var budget = Budget(burst: 100, perSecond: 50, now: 0)
    for _ in 0..<100 { #expect(budget.spend(now: 0) == nil) }
    let refusal = budget.spend(now: 0)
    let wait = try #require(refusal)
    #expect(budget.spend(now: wait) == nil)
    #expect(budget.spend(now: wait) != nil)
  }

  @Test func aClockThatRunsBackwardsGivesNothing() {
    var budget = Budget(burst: 10, perSecond: 5, now: 1_000 * Self.second)
    for _ in 0..<10 { #expect(budget.spend(now: 1_000 * Self.second) == nil) }
    #expect(budget.spend(now: 0) != nil)
    #expect(budget.spend(now: 1_000 * Self.second) != nil)
  }

  /// Whatever is asked for when: never more is given than the burst and the rate allow, who waits as long as he was
  /// told to is served if nobody else asked meanwhile, and nobody waits longer than the bound.
  @Test(arguments: 0..<20 as Range<UInt64>) func itNeverGivesMoreThanItsRate(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let (burst, rate) = (Double.random(in: 1...500, using: &random), Double.random(in: 1...500, using: &random))
    var budget = Budget(burst: burst, perSecond: rate, now: 0)
    var (now, given) = (Int64(0), 0.0)
    for _ in 0..<2_000 {
      now += Int64.random(in: 0..<Self.second / 50, using: &random)
      let cost = [1, 1, 1, 7.5, burst, 3 * burst][Int.random(in: 0..<6, using: &random)]
      guard let wait = budget.spend(cost, now: now) else {
        given += min(cost, burst)
        #expect(given <= burst + rate * Double(now) / 1e9 + 1e-3)
        continue
      }
      #expect(Double(wait) / 1e9 <= GatewayLimits.longestPenalty + burst / rate + 1e-6)
      var later = budget
      #expect(later.spend(cost, now: now + wait) == nil)
    }
    #expect(given > 0)
  }

  @Test func aDebtIsWorkedOff() throws {
    var budget = Budget(burst: 10, perSecond: 5, now: 0)
    budget.charge(10, now: 0)
    #expect(budget.debt(now: 0) == nil)
    budget.charge(10, now: 0)
    let debt = try #require(budget.debt(now: 0))
    #expect(budget.debt(now: debt - Self.second / 100) != nil && budget.debt(now: debt) == nil)
    #expect((debt - 2 * Self.second).magnitude < 10)
  }

  @Test func aRefusalCostsAndStopsCosting() {
    var budget = Budget(burst: 10, perSecond: 10, now: 0)
    for _ in 0..<10 { #expect(budget.spend(now: 0) == nil) }
    let waits = (0..<10_000).compactMap { _ in budget.spend(now: 0) }
    #expect(waits.count == 10_000 && waits[100] > waits[0])
    #expect(Double(waits[9_999]) / 1e9 <= GatewayLimits.longestPenalty + 0.2)
    #expect(budget.spend(now: Int64((GatewayLimits.longestPenalty + 0.2) * 1e9)) == nil)
  }
}
