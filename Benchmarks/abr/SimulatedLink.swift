/// A network link that plays a trace: its clock moves with what is transferred and waited.
struct SimulatedLink {
  /// Seconds since the session began.
  private(set) var now = 0.0
  private let periods: [NetworkTrace.Period]
  private var index = 0
  private var left: Double

  init(_ trace: NetworkTrace) {
    periods = trace.periods
    left = periods[0].seconds
  }

  /// Lets that many seconds pass.
  mutating func wait(_ seconds: Double) {
    var rest = seconds
    while rest > left {
      rest -= left
      advance()
    }
    left -= rest
    now += max(0, rest)
  }

  /// Waits for a transfer's first bit, at each period's own latency; returns the seconds it took.
  mutating func awaitFirstBit() -> Double {
    let start = now
    var share = 1.0
    while share > 0 {
      let latency = periods[index].latencySeconds
      let needed = share * latency
      guard needed > left else {
        wait(needed)
        break
      }
      share -= left / latency
      advance()
    }
    return now - start
  }

  /// Transfers that many bits at each period's bandwidth; returns the seconds it took.
  mutating func transfer(bits: Double) -> Double {
    let start = now
    var rest = bits
    while rest > 0 {
      let bandwidth = periods[index].bitsPerSecond
      guard rest > left * bandwidth else {
        wait(rest / bandwidth)
        break
      }
      rest -= left * bandwidth
      advance()
    }
    return now - start
  }

  private mutating func advance() {
    now += left
    index = index + 1 == periods.count ? 0 : index + 1
    left = periods[index].seconds
  }
}
