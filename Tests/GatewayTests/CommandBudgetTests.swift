import Testing

@testable import Gateway

@Suite struct CommandBudgetTests {
  @Test func aBurstIsFreeAndThenTheRateHolds() throws {
    var budget = CommandBudget(now: 0)
    for _ in 0..<Int(GatewayLimits.commandBurst) { try budget.spend(now: 0) }
    let error = #expect(throws: DubplateError.self) { try budget.spend(now: 0) }
    #expect(error?.code == .rateLimited)
    let wait = Int64(try #require(error?.retryAfterMilliseconds)) * 1_000_000
    try budget.spend(now: wait)
    #expect(throws: DubplateError.self) { try budget.spend(now: wait) }
  }

  @Test func aClockThatRunsBackwardsGivesNothing() throws {
    var budget = CommandBudget(now: 1_000_000_000_000)
    for _ in 0..<Int(GatewayLimits.commandBurst) { try budget.spend(now: 1_000_000_000_000) }
    #expect(throws: DubplateError.self) { try budget.spend(now: 0) }
  }
}
