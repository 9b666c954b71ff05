/// A token bucket: so many commands at a stroke, so many per second after that.
struct CommandBudget {
  private var tokens = GatewayLimits.commandBurst
  private var updatedNanoseconds: Int64

  init(now: Int64) {
    updatedNanoseconds = now
  }

  /// Takes one token.
  /// - Throws: `rate_limited`, with the time until there is one.
  mutating func spend(now: Int64) throws(DubplateError) {
    let elapsed = Double(max(0, now - updatedNanoseconds)) / 1e9
    tokens = min(GatewayLimits.commandBurst, tokens + elapsed * GatewayLimits.commandsPerSecond)
    updatedNanoseconds = now
    guard tokens >= 1 else {
      let wait = (1 - tokens) / GatewayLimits.commandsPerSecond
      throw DubplateError(.rateLimited, "too many commands", retryAfterMilliseconds: Int(wait * 1_000) + 1)
    }
    tokens -= 1
  }
}
