import ArgumentParser

/// A length of time as people write it: `250ms`, `10s`, `2m`, `1h`, `1m30s`; a bare number is seconds.
struct DurationArgument: ExpressibleByArgument, Sendable, Equatable {
  var seconds: Double

  init(seconds: Double) { self.seconds = seconds }

  init?(argument: String) {
    var rest = Substring(argument)
    var total = 0.0
    guard !rest.isEmpty else { return nil }
    if let plain = Self.number(rest) {
      total = plain
      rest = ""
    }
    var lastUnit = Double.infinity
    while !rest.isEmpty {
      let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
      rest = rest.dropFirst(digits.count)
      let letters = rest.prefix { $0.isLetter }
      rest = rest.dropFirst(letters.count)
      guard let value = Self.number(digits), let unit = Self.units[String(letters)], unit < lastUnit else { return nil }
      lastUnit = unit
      total += value * unit
    }
    guard total >= 0, total <= Limits.runSeconds else { return nil }
    seconds = total
  }

  private static let units = ["ms": 0.001, "s": 1.0, "m": 60.0, "h": 3_600.0]

  /// Digits with at most one point; Double's own reading would also take `0x1p3` and `nan`.
  private static func number(_ text: Substring) -> Double? {
    guard !text.isEmpty, text.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") }) else { return nil }
    return Double(text)
  }

  var defaultValueDescription: String {
    seconds < 1 && seconds > 0 ? "\(Int(seconds * 1_000))ms" : "\(Int(seconds))s"
  }
}

/// `--stages`: `DURATION:LISTENERS` separated by commas, as in `2m:100,5m:100,2m:0`.
struct StagesArgument: ExpressibleByArgument, Sendable, Equatable {
  var stages: [LoadSchedule.Stage]

  init?(argument: String) {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
    guard parts.count <= Limits.stages else { return nil }
    var stages: [LoadSchedule.Stage] = []
    for part in parts {
      let fields = part.split(separator: ":", omittingEmptySubsequences: false)
      guard fields.count == 2,
        let duration = DurationArgument(argument: String(fields[0]).trimmed),
        let target = Int(String(fields[1]).trimmed), (0...Limits.listeners).contains(target)
      else { return nil }
      stages.append(LoadSchedule.Stage(duration: duration.seconds, target: target))
    }
    self.stages = stages
  }
}

/// Encoding of `audio_chunk` (protocol, section 1.4).
enum ChunkFormat: String, ExpressibleByArgument, CaseIterable, Sendable {
  case binary, protobuf, base64
}

extension String {
  fileprivate var trimmed: String {
    let head = drop { $0 == " " }
    return String(head.reversed().drop { $0 == " " }.reversed())
  }
}
