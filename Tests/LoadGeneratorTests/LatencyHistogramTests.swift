import Testing

@testable import dubplate_load

@Suite struct LatencyHistogramTests {
  @Test func `quantiles are by nearest rank and at most 1.6 percent too high`() throws {
    var histogram = LatencyHistogram()
    for value in 1...10_000 { histogram.record(nanoseconds: Int64(value) * 10_000) }
    for (quantile, exact) in [(0.5, 50.0), (0.95, 95.0), (0.99, 99.0)] {
      let found = try #require(histogram.milliseconds(quantile: quantile))
      #expect(found >= exact && found <= exact * 1.016)
    }
    #expect(histogram.milliseconds(quantile: 1) == 100)
    #expect(histogram.maxMilliseconds == 100)
  }

  @Test func `with forty samples the 99th percentile is the slowest`() {
    var histogram = LatencyHistogram()
    for _ in 0..<39 { histogram.record(nanoseconds: 1_000_000) }
    histogram.record(nanoseconds: 123_456_789)
    #expect(histogram.milliseconds(quantile: 0.99) == 123.456789)
  }

  @Test(arguments: [0, 1, 127, 128, 129, 255, 256, 1_000_000, 68_719_476_735] as [Int64])
  func `every magnitude lands in a bucket that holds it`(microseconds: Int64) throws {
    var histogram = LatencyHistogram()
    histogram.record(nanoseconds: microseconds * 1_000)
    histogram.record(nanoseconds: .max)
    let found = try #require(histogram.milliseconds(quantile: 0.5)) * 1_000
    #expect(found >= Double(microseconds) && found <= Double(microseconds) * 1.016 + 0.001)
  }

  @Test func `no samples have no quantiles and negative ones are zero`() {
    var histogram = LatencyHistogram()
    #expect(histogram.milliseconds(quantile: 0.99) == nil)
    histogram.record(nanoseconds: -5)
    #expect(histogram.milliseconds(quantile: 0.99) == 0)
  }

  @Test func `merging is the same as recording into one`() {
    var whole = LatencyHistogram()
    var parts = [LatencyHistogram(), LatencyHistogram(), LatencyHistogram()]
    for value in 0..<900 {
      whole.record(nanoseconds: Int64(value * value) * 1_000)
      parts[value % 2].record(nanoseconds: Int64(value * value) * 1_000)
    }
    parts[2].merge(parts[0])
    parts[2].merge(parts[1])
    #expect(parts[2] == whole)
  }
}
