/// How long something took, as precisely as anybody wants to know.
enum DurationText {
  /// `40ms`, `1.2s`, `3m05s`, `2h07m`.
  static func of(_ duration: Duration) -> String {
    let milliseconds = duration.components.seconds * 1_000 + duration.components.attoseconds / 1_000_000_000_000_000
    if milliseconds < 1_000 { return "\(milliseconds)ms" }
    let tenths = (milliseconds + 50) / 100
    if tenths < 600 { return "\(tenths / 10).\(tenths % 10)s" }
    let seconds = (milliseconds + 500) / 1_000
    if seconds < 3_600 { return "\(seconds / 60)m\(twoDigits(seconds % 60))s" }
    return "\(seconds / 3_600)h\(twoDigits(seconds / 60 % 60))m"
  }

  private static func twoDigits(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
