/// What a run measured; the JSON file has these names.
struct Report: Codable, Sendable, Equatable {
  /// Milliseconds; without samples there are no quantiles.
  struct Latency: Codable, Sendable, Equatable {
    var count: Int
    var p50: Double?
    var p95: Double?
    var p99: Double?
    var max: Double?
    var mean: Double?
    /// How many samples up to which latency: what puts several runs together.
    var buckets: [LatencyHistogram.Bucket]

    init(_ histogram: LatencyHistogram) {
      count = Int(histogram.count)
      p50 = histogram.milliseconds(quantile: 0.5)
      p95 = histogram.milliseconds(quantile: 0.95)
      p99 = histogram.milliseconds(quantile: 0.99)
      max = histogram.maxMilliseconds
      mean = histogram.meanMilliseconds
      buckets = histogram.filled
    }
  }

  /// A process over the steady phase.
  struct Process: Codable, Sendable, Equatable {
    var cores: Double
    var residentBytes: Int
    /// Before the first connection.
    var baselineBytes: Int
    var bytesPerListener: Int
  }

  /// The stretch of constant load, in seconds since the start.
  struct Steady: Codable, Sendable, Equatable {
    var from: Double
    var seconds: Double
    var listeners: Int
    var chunksPerSecond: Double
    var bytesPerSecond: Double
  }

  var url: String
  var listeners: Int
  var tracks: Int
  var quality: String
  var format: String
  var seconds: Double
  var interrupted: Bool
  var firstChunkMs: Latency
  var seekMs: Latency
  var connectMs: Latency
  var ackMs: Latency
  var connects: Int
  var plays: Int
  var seeks: Int
  var seeksWithoutColdPosition: Int
  var tracksFinished: Int
  var gaps: Int
  var gapSeconds: Double
  var chunks: Int
  var staleChunks: Int
  var seqHoles: Int
  var bytes: Int
  /// Sound received, in hours of listening.
  var soundHours: Double
  var disconnects: Int
  var errors: Int
  var errorCodes: [String: Int]
  var steady: Steady?
  var server: Process?
  var generator: Process?

  init(plan: LoadPlan, tally: Tally, url: String, seconds: Double, interrupted: Bool) {
    self.url = url
    self.seconds = seconds
    self.interrupted = interrupted
    listeners = plan.schedule.peak
    tracks = plan.tracks.count
    quality = plan.quality
    format = plan.format.rawValue
    firstChunkMs = Latency(tally.firstChunkLatency)
    seekMs = Latency(tally.seekLatency)
    connectMs = Latency(tally.connectLatency)
    ackMs = Latency(tally.ackLatency)
    connects = tally.connects
    plays = tally.plays
    seeks = tally.seeks
    seeksWithoutColdPosition = tally.seeksWithoutColdPosition
    tracksFinished = tally.tracksFinished
    gaps = tally.gaps
    gapSeconds = Double(tally.gapNanoseconds) / 1e9
    chunks = tally.chunks
    staleChunks = tally.staleChunks
    seqHoles = tally.seqHoles
    bytes = tally.bytes
    soundHours = Double(tally.soundNanoseconds) / 3.6e12
    disconnects = tally.disconnects
    errors = tally.errorCount
    errorCodes = tally.errors
  }
}

/// The bounds of `--max-…`; nil: not asked for.
struct Thresholds: Sendable, Equatable {
  var firstChunkP99Milliseconds: Double?
  var seekP99Milliseconds: Double?
  var gaps: Int?
  /// Errors and unwanted disconnects.
  var errors: Int?

  /// A sentence for every bound that the report crosses. A latency that could not be measured crosses its bound:
  /// silence is not fast.
  func crossings(of report: Report) -> [String] {
    var sentences: [String] = []
    func check(_ name: String, _ latency: Report.Latency, _ bound: Double?) {
      guard let bound else { return }
      if let p99 = latency.p99 {
        if p99 > bound { sentences.append("\(name): p99 is \(Text.milliseconds(p99)), more than \(bound) ms") }
      } else {
        sentences.append("\(name): nothing was heard, so there is no p99 to hold against \(bound) ms")
      }
    }
    check("first chunk", report.firstChunkMs, firstChunkP99Milliseconds)
    check("seek", report.seekMs, seekP99Milliseconds)
    if let gaps, report.gaps > gaps { sentences.append("gaps: \(report.gaps), more than \(gaps)") }
    let failures = report.errors + report.disconnects + report.seqHoles
    if let errors, failures > errors {
      sentences.append("errors, disconnects and missing chunks: \(failures), more than \(errors)")
    }
    return sentences
  }
}
