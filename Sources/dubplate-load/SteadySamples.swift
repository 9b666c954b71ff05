/// Readings taken about once a second while the load is constant.
struct SteadySamples: Sendable {
  /// The part of the stretch that counts: its first tenth, at most two seconds, still has the last connections in it.
  static func window(in steady: ClosedRange<Double>) -> ClosedRange<Double> {
    let length = steady.upperBound - steady.lowerBound
    return (steady.lowerBound + min(length / 10, 2))...steady.upperBound
  }

  struct Sample: Sendable {
    var at: Double
    var listeners: Int
    var chunks: Int
    var bytes: Int
    var server: ServerGauge.Reading?
    var me: ServerGauge.Reading?
  }

  private var first: Sample?
  private var last: Sample?
  private var residentSums = (server: 0.0, me: 0.0, count: 0)

  mutating func add(at seconds: Double, tally: Tally, server: ServerGauge.Reading?, me: ServerGauge.Reading?) {
    let sample = Sample(
      at: seconds, listeners: tally.listeners, chunks: tally.chunks, bytes: tally.bytes, server: server, me: me)
    if first == nil { first = sample }
    last = sample
    residentSums.server += Double(server?.residentBytes ?? 0)
    residentSums.me += Double(me?.residentBytes ?? 0)
    residentSums.count += 1
  }

  /// Rates between the first and the last sample; nil with fewer than two.
  var steady: Report.Steady? {
    guard let first, let last, last.at > first.at else { return nil }
    let seconds = last.at - first.at
    return Report.Steady(
      from: first.at, seconds: seconds, listeners: last.listeners,
      chunksPerSecond: Double(last.chunks - first.chunks) / seconds,
      bytesPerSecond: Double(last.bytes - first.bytes) / seconds)
  }

  /// Cores between the first and the last sample, and the mean of the memory.
  func process(_ path: KeyPath<Sample, ServerGauge.Reading?>, baseline: ServerGauge.Reading) -> Report.Process? {
    guard let first, let last, last.at > first.at, let begin = first[keyPath: path], let end = last[keyPath: path]
    else { return nil }
    let sum = path == \Sample.server ? residentSums.server : residentSums.me
    let resident = Int(sum / Double(residentSums.count))
    return Report.Process(
      cores: (end.cpuSeconds - begin.cpuSeconds) / (last.at - first.at), residentBytes: resident,
      baselineBytes: baseline.residentBytes,
      bytesPerListener: (resident - baseline.residentBytes) / max(last.listeners, 1))
  }
}

extension Duration {
  var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
