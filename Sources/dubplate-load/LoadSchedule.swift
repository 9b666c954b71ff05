/// How many listeners there should be at which moment: straight lines between the ends of stages, from nobody at zero.
struct LoadSchedule: Sendable, Equatable {
  struct Stage: Sendable, Equatable {
    /// Seconds.
    var duration: Double
    /// Listeners at the stage's end.
    var target: Int
  }

  var stages: [Stage]

  init(stages: [Stage]) { self.stages = stages }

  /// `ramp` seconds from nobody to `listeners`, then `duration` seconds of all of them.
  init(listeners: Int, ramp: Double, duration: Double) {
    stages = [Stage(duration: ramp, target: listeners), Stage(duration: duration, target: listeners)]
  }

  var totalSeconds: Double { stages.reduce(0) { $0 + $1.duration } }
  var peak: Int { stages.map(\.target).max() ?? 0 }

  /// The number of listeners wanted `elapsed` seconds after the start; nobody before it, and after the last stage as
  /// many as at its end: who makes the run ends it.
  func target(at elapsed: Double) -> Int {
    guard elapsed >= 0 else { return 0 }
    var begin = 0.0
    var from = 0
    for stage in stages {
      let end = begin + stage.duration
      if elapsed < end {
        let share = (elapsed - begin) / stage.duration
        return from + Int((Double(stage.target - from) * share).rounded())
      }
      begin = end
      from = stage.target
    }
    return from
  }

  /// The longest stage of as many listeners at its end as at its beginning, preferring the greatest number: there the
  /// steady figures (cores, memory, bytes per second) are measured. Seconds since the start; nil if there is none.
  var steady: ClosedRange<Double>? {
    var best: (target: Int, range: ClosedRange<Double>)?
    var begin = 0.0
    var from = 0
    for stage in stages {
      let end = begin + stage.duration
      if stage.target == from, stage.target > 0, stage.duration > 0 {
        let longer = best.map { end - begin > $0.range.upperBound - $0.range.lowerBound } ?? true
        if best.map({ stage.target > $0.target || (stage.target == $0.target && longer) }) ?? true {
          best = (stage.target, begin...end)
        }
      }
      begin = end
      from = stage.target
    }
    return best?.range
  }
}
