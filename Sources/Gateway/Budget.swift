/// A token bucket: so much at a stroke, so much per second after that.
///
/// What is refused costs too, a part of what it would have: whoever goes on and on, over however many connections,
/// waits longer, up to a bound.
struct Budget: Sendable, Equatable {
  private let burst: Double
  private let perSecond: Double
  private var tokens: Double
  private var updatedNanoseconds: Int64

  init(burst: Double, perSecond: Double, now: Int64) {
    self.burst = burst
    self.perSecond = perSecond
    tokens = burst
    updatedNanoseconds = now
  }

  private mutating func refill(now: Int64) {
    let elapsed = Double(max(0, now - updatedNanoseconds)) / 1e9
    tokens = min(burst, tokens + elapsed * perSecond)
    updatedNanoseconds = max(now, updatedNanoseconds)
  }

  /// Takes `cost`, or as much as there can be at a stroke if that is less.
  /// - Returns: nil, or the nanoseconds until there is so much; nothing but a part has been taken then.
  mutating func spend(_ cost: Double = 1, now: Int64) -> Int64? {
    refill(now: now)
    let cost = min(max(cost, 0), burst)
    if tokens >= cost {
      tokens -= cost
      return nil
    }
    tokens = max(tokens - cost * GatewayLimits.refusalShare, -perSecond * GatewayLimits.longestPenalty)
    return Int64((cost - tokens) / perSecond * 1e9) + 1
  }

  /// Takes what has been spent already, also beyond what there is, as far as the longest penalty goes.
  mutating func charge(_ cost: Double, now: Int64) {
    refill(now: now)
    tokens = max(tokens - cost, min(tokens, -perSecond * GatewayLimits.longestPenalty))
  }

  /// Nanoseconds until nothing is owed; nil if nothing is.
  func debt(now: Int64) -> Int64? {
    var later = self
    later.refill(now: now)
    return later.tokens < 0 ? Int64(-later.tokens / perSecond * 1e9) + 1 : nil
  }

  /// Nanoseconds until there will be one; nothing is taken.
  func wait(now: Int64) -> Int64 {
    var later = self
    later.refill(now: now)
    return later.tokens >= 1 ? 0 : Int64((1 - later.tokens) / perSecond * 1e9) + 1
  }
}
