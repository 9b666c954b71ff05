import Foundation

/// What a network gave over time: periods of constant bandwidth and latency, repeated from the start when they end.
///
/// The file format is that of the simulator Sabre (Spiteri et al., MMSys 2018): a JSON list of
/// `{duration_ms, bandwidth_kbps, latency_ms}`.
struct NetworkTrace: Sendable, Equatable {
  /// One stretch of it: seconds, bits per second, and the seconds before a transfer's first bit.
  struct Period: Sendable, Equatable {
    let seconds: Double
    let bitsPerSecond: Double
    let latencySeconds: Double
  }

  /// A trace that no session could be played over.
  struct Unusable: Error, CustomStringConvertible {
    let description: String
  }

  let name: String
  let periods: [Period]

  /// - Throws: ``Unusable`` for no periods, for values that aren't finite or are negative, and when no bit ever passes.
  init(name: String, periods: [Period]) throws {
    guard !periods.isEmpty else { throw Unusable(description: "\(name): no periods") }
    for period in periods {
      let values = [period.seconds, period.bitsPerSecond, period.latencySeconds]
      guard values.allSatisfy({ $0.isFinite && $0 >= 0 && $0 < 1e12 }) else {
        throw Unusable(description: "\(name): a value is negative or too large")
      }
    }
    guard periods.contains(where: { $0.seconds > 0 && $0.bitsPerSecond > 0 }) else {
      throw Unusable(description: "\(name): nothing ever passes")
    }
    self.name = name
    self.periods = periods.filter { $0.seconds > 0 }
  }

  /// Reads one file.
  init(contentsOf file: URL) throws {
    struct Entry: Decodable {
      let duration_ms: Double
      let bandwidth_kbps: Double
      let latency_ms: Double
    }
    let entries = try JSONDecoder().decode([Entry].self, from: Data(contentsOf: file))
    try self.init(
      name: file.deletingPathExtension().lastPathComponent,
      periods: entries.map {
        Period(
          seconds: $0.duration_ms / 1_000, bitsPerSecond: $0.bandwidth_kbps * 1_000,
          latencySeconds: $0.latency_ms / 1_000)
      })
  }

  /// All `.json` files of a folder, by name.
  static func all(in folder: URL) throws -> [NetworkTrace] {
    let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
    return
      try files
      .filter { $0.pathExtension == "json" }
      .sorted { $0.lastPathComponent < $1.lastPathComponent }
      .map(NetworkTrace.init(contentsOf:))
  }

  /// The same bandwidth for ever.
  static func constant(bitsPerSecond: Double, latencySeconds: Double = 0.05) throws -> NetworkTrace {
    try NetworkTrace(
      name: "constant-\(Int(bitsPerSecond / 1_000))",
      periods: [Period(seconds: 1, bitsPerSecond: bitsPerSecond, latencySeconds: latencySeconds)])
  }
}
