import Foundation

/// Numbers as people read them, the same in every locale.
enum Text {
  static func milliseconds(_ value: Double?) -> String {
    guard let value else { return "–" }
    return value < 10 ? String(format: "%.2f ms", value) : String(format: "%.1f ms", value)
  }

  /// With a comma between thousands.
  static func count(_ value: Int) -> String {
    let digits = String(value.magnitude)
    var text = ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0 { text += "," }
      text.append(digit)
    }
    return value < 0 ? "-" + text : text
  }

  static func bytes(_ value: Double) -> String {
    switch value {
    case ..<1_000: String(format: "%.0f B", value)
    case ..<1e6: String(format: "%.1f kB", value / 1e3)
    case ..<1e9: String(format: "%.1f MB", value / 1e6)
    default: String(format: "%.2f GB", value / 1e9)
    }
  }

  /// Minutes and seconds.
  static func clock(_ seconds: Double) -> String {
    let whole = Int(max(seconds, 0))
    return String(format: "%02d:%02d", whole / 60, whole % 60)
  }

  static func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }

  static func right(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
  }
}

extension Report {
  /// The report for people.
  var table: String {
    var lines = [
      "",
      "\(Text.count(listeners)) listeners, \(Text.count(tracks)) tracks, \(quality), \(format),"
        + " \(Text.clock(seconds))\(interrupted ? " (interrupted)" : "")  \(url)",
      "",
      Text.padded("latency", 16) + ["count", "p50", "p95", "p99", "max"].map { Text.right($0, 12) }.joined(),
    ]
    lines += [latencyRow("first chunk", firstChunkMs)]
    if seekMs.count > 0 || seeks > 0 { lines += [latencyRow("seek → chunk", seekMs)] }
    lines += [latencyRow("ack", ackMs), latencyRow("connect", connectMs), ""]
    func row(_ name: String, _ value: String, _ note: String = "") {
      lines.append(Text.padded(name, 16) + Text.right(value, 12) + (note.isEmpty ? "" : "  \(note)"))
    }
    row("gaps", Text.count(gaps), gaps > 0 ? String(format: "%.2f s of silence", gapSeconds) : "")
    row(
      "chunks", Text.count(chunks),
      "\(seqHoles) missing, \(Text.count(staleChunks)) stale, \(String(format: "%.2f h of sound", soundHours))")
    row("tracks ended", Text.count(tracksFinished))
    if seeksWithoutColdPosition > 0 { row("seeks left out", Text.count(seeksWithoutColdPosition), "nothing cold left") }
    row("disconnects", Text.count(disconnects))
    let codes = errorCodes.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    row("errors", Text.count(errors), codes.map { "\($0.key) × \(Text.count($0.value))" }.joined(separator: ", "))
    if let steady {
      row(
        "throughput", Text.bytes(steady.bytesPerSecond) + "/s",
        "\(Text.count(Int(steady.chunksPerSecond.rounded()))) chunks/s over \(Text.clock(steady.seconds))"
          + " with \(Text.count(steady.listeners)) listeners")
    }
    if let server { processRow("server", server, row) }
    if let generator { processRow("generator", generator, row) }
    return lines.joined(separator: "\n") + "\n"
  }

  private func latencyRow(_ name: String, _ latency: Latency) -> String {
    Text.padded(name, 16) + Text.right(Text.count(latency.count), 12)
      + [latency.p50, latency.p95, latency.p99, latency.max].map { Text.right(Text.milliseconds($0), 12) }.joined()
  }

  private func processRow(_ name: String, _ process: Process, _ row: (String, String, String) -> Void) {
    row(
      name, String(format: "%.3f cores", process.cores),
      "\(Text.bytes(Double(process.residentBytes))) resident, \(Text.bytes(Double(process.baselineBytes))) before,"
        + " \(Text.bytes(Double(process.bytesPerListener))) a listener")
  }
}
