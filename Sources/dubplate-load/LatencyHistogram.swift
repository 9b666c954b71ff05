/// Latencies in buckets that are at most 1/64 (1.6 %) wide, in a fixed 17 kB whatever the number of samples.
///
/// Microseconds below 128 have a bucket each; above, every power of two is cut in 64. Quantiles are by nearest rank and
/// report the upper edge of their bucket, never more than the greatest sample, so they may err to the pessimistic side
/// only. Samples above 2³⁶ µs (19 hours) count as that.
struct LatencyHistogram: Sendable, Equatable {
  struct Bucket: Codable, Sendable, Equatable {
    /// Upper edge in milliseconds.
    var toMs: Double
    var count: UInt64
  }

  private static let exact = 128
  private static let perOctave = 64
  private static let longest: Int64 = (1 << 36) - 1
  private static let bucketCount = exact + perOctave * 29

  private var buckets: [UInt64] = []
  private(set) var count: UInt64 = 0
  private(set) var maxNanoseconds: Int64 = 0
  private var sumNanoseconds: Double = 0

  /// Adds one latency; a negative one counts as zero.
  mutating func record(nanoseconds: Int64) {
    if buckets.isEmpty { buckets = Array(repeating: 0, count: Self.bucketCount) }
    let value = min(max(nanoseconds, 0), Self.longest * 1_000)
    buckets[Self.index(microseconds: (value + 999) / 1_000)] += 1
    count += 1
    sumNanoseconds += Double(value)
    maxNanoseconds = max(maxNanoseconds, value)
  }

  mutating func merge(_ other: LatencyHistogram) {
    guard other.count > 0 else { return }
    if buckets.isEmpty { buckets = Array(repeating: 0, count: Self.bucketCount) }
    for index in buckets.indices { buckets[index] += other.buckets[index] }
    count += other.count
    sumNanoseconds += other.sumNanoseconds
    maxNanoseconds = max(maxNanoseconds, other.maxNanoseconds)
  }

  /// The latency that the share `quantile` (0…1) of the samples does not exceed, in milliseconds; nil without samples.
  func milliseconds(quantile: Double) -> Double? {
    guard count > 0 else { return nil }
    let rank = max(1, UInt64((Double(count) * min(max(quantile, 0), 1)).rounded(.up)))
    var seen: UInt64 = 0
    for index in buckets.indices {
      seen += buckets[index]
      if seen >= rank {
        return min(Double(Self.upperEdge(index)) / 1_000, Double(maxNanoseconds) / 1_000_000)
      }
    }
    return Double(maxNanoseconds) / 1_000_000
  }

  var maxMilliseconds: Double? { count > 0 ? Double(maxNanoseconds) / 1_000_000 : nil }
  var meanMilliseconds: Double? { count > 0 ? sumNanoseconds / Double(count) / 1_000_000 : nil }

  /// The buckets that hold anything, in ascending order.
  var filled: [Bucket] {
    buckets.indices.filter { buckets[$0] > 0 }.map {
      Bucket(toMs: Double(Self.upperEdge($0)) / 1_000, count: buckets[$0])
    }
  }

  private static func index(microseconds value: Int64) -> Int {
    guard value >= Int64(exact) else { return Int(value) }
    let octave = Int64.bitWidth - value.leadingZeroBitCount - 8  // 0 for 128…255
    return exact + octave * perOctave + Int(value >> (octave + 1)) - perOctave
  }

  private static func upperEdge(_ index: Int) -> Int64 {
    guard index >= exact else { return Int64(index) }
    let octave = (index - exact) / perOctave
    let step = Int64((index - exact) % perOctave + perOctave)
    return ((step + 1) << (octave + 1)) - 1
  }
}
