import ArgumentParser
import DubplateServer
import Foundation
import Logging
import Synchronization

/// `dubplate transcode`.
struct TranscodeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "transcode",
    abstract: "Make all segments of the library ahead of need.",
    discussion: """
      Each track is decoded once for all renditions. What is there already isn't
      made again: a run that was broken off (Ctrl-C, a power cut) goes on where
      it was. It may run beside the server, which finds what has been made at
      once.

        dubplate transcode --renditions mp3-128,aac-192 --jobs 2

      Exit status: 0 all made, 1 some tracks failed (they are listed), or the
      budget can't hold them all.
      """)

  @Option(help: "Names, separated by commas (default: all).")
  var renditions: String?
  @Option(help: "Tracks at a time (default: one a core).")
  var jobs: Int?
  @OptionGroup var places: PlaceOptions

  func validate() throws {
    if let jobs, !(1...256).contains(jobs) { throw ValidationError("--jobs must be 1 to 256") }
  }

  func run() async throws {
    var logger = Logger(label: "dubplate", factory: { _ in LineLogHandler() })
    logger.logLevel = .warning
    let meter = ProgressMeter()
    let result: LibraryTranscoding.Progress
    let budget: Int
    do {
      let names = renditions?.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
      let configuration = try places.read()
      budget = configuration.segmentBudgetBytes
      let transcoding = try LibraryTranscoding(configuration, renditions: names, jobs: jobs, logger: logger)
      result = try await transcoding.run { meter.show($0) }
    } catch {
      throw CommandFailure(error)
    }
    meter.end()
    print(
      "\(result.tracks) tracks, \(result.segments) segments made, \(ByteText.of(result.bytes)), \(meter.elapsedText)")
    for path in result.damaged.sorted() { print("damaged, silent in places: \(LineText.escaped(path))") }
    for failure in result.failures.sorted(by: { $0.path < $1.path }) {
      print("failed: \(LineText.escaped(failure.path)): \(failure.reason)")
    }
    if result.isOverBudget {
      print(
        "the segment budget of \(ByteText.of(budget)) is too small to keep all of this: ended before the rest was made; "
          + "give more with --segment-budget, or name fewer --renditions")
    }
    if result.isDiskFull { print("the disk takes no more segments: ended before the rest was made") }
    if !result.failures.isEmpty || result.isOverBudget { throw ExitCode(1) }
  }
}

/// One line that is written over on a terminal, and a line every ten seconds elsewhere.
final class ProgressMeter: Sendable {
  private let started = ContinuousClock.now
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private let lastShown = Mutex<ContinuousClock.Instant?>(nil)

  var elapsedText: String { Self.clock(ContinuousClock.now - started) }

  func show(_ progress: LibraryTranscoding.Progress) {
    let now = ContinuousClock.now
    let isDue = lastShown.withLock { last in
      let isLast = progress.tracksDone == progress.tracks
      if let last, !isLast, now - last < (isTerminal ? .milliseconds(200) : .seconds(10)) { return false }
      last = now
      return true
    }
    guard isDue else { return }
    let elapsed = now - started
    let seconds = Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) / 1e18
    let part = progress.seconds > 0 ? progress.secondsDone / progress.seconds : 1
    var line = "\(progress.tracksDone)/\(progress.tracks) tracks  \(Int(part * 100 + 1e-6)) %"
    if seconds > 1, part > 0.001 {
      line += "  \(Int(progress.secondsDone / seconds)) × real time"
      line += "  \(Self.clock(.seconds(seconds / part * (1 - part)))) left"
    }
    if !progress.failures.isEmpty { line += "  \(progress.failures.count) failed" }
    if isTerminal {
      let filled = Int(part * 24)
      let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 24 - filled)
      write("\r\u{1B}[K\(bar) \(line)")
    } else {
      write(line + "\n")
    }
  }

  func end() {
    if isTerminal { write("\r\u{1B}[K") }
  }

  private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }

  private static func clock(_ duration: Duration) -> String {
    duration.formatted(.time(pattern: duration >= .seconds(3_600) ? .hourMinuteSecond : .minuteSecond))
  }
}

/// Bytes for people, in binary units.
enum ByteText {
  static func of(_ bytes: Int) -> String {
    var (value, unit) = (Double(bytes), "B")
    for next in ["KiB", "MiB", "GiB", "TiB"] where value >= 1_024 { (value, unit) = (value / 1_024, next) }
    return unit == "B" ? "\(bytes) B" : "\(value.formatted(.number.precision(.fractionLength(1)))) \(unit)"
  }
}
