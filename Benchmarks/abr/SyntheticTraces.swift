import Foundation

/// Traces made from a seed, for those who have no recorded ones: a link that walks among levels of bandwidth and now and
/// then goes through a tunnel.
///
/// Bandwidth is 300 … 4,000 kbit/s with steps by factors of up to 1.6 a second; once in three minutes on average the
/// link all but stops for 20 seconds on average (both exponentially distributed). The same seed makes the same traces.
enum SyntheticTraces {
  static func make(count: Int, seed: UInt64, seconds: Int = 900) throws -> [NetworkTrace] {
    try (0..<count).map { number in
      var random = SplitMix64(state: seed &+ UInt64(number) &* 0x1234_5678_9ABC)
      let mean = exp(random.uniform(log(600_000), log(2_500_000)))
      var level = mean
      var outage = 0.0
      let periods = (0..<seconds).map { _ in
        // Back towards the link's own mean, with a random step.
        level *= exp(0.1 * log(mean / level) + random.uniform(-0.47, 0.47))
        level = min(max(level, 300_000), 4_000_000)
        outage -= 1
        if outage < 0, random.uniform(0, 1) < 1.0 / 180 { outage = -20 * log(random.uniform(1e-6, 1)) }
        return NetworkTrace.Period(
          seconds: 1, bitsPerSecond: outage > 0 ? random.uniform(0, 30_000) : level, latencySeconds: 0.1)
      }
      return try NetworkTrace(name: "synthetic-\(seed)-\(number)", periods: periods)
    }
  }
}

/// Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators (OOPSLA 2014).
struct SplitMix64: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  mutating func uniform(_ low: Double, _ high: Double) -> Double {
    Double.random(in: low...high, using: &self)
  }
}
