import ArgumentParser
import DubplateServer

/// `dubplate analyse`.
struct AnalyseCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "analyse",
    abstract: "Measure the whole library at once: loudness, waveforms, sizes of lossless files.",
    discussion: """
      The server does the same in the background, a track at a time. Each track
      is decoded once. What was measured already isn't measured again: a run
      that was broken off (Ctrl-C, a power cut) goes on where it was. It may run
      beside the server, which sees what is there.

        dubplate analyse --jobs 2

      Exit status: 0 all measured, 1 some tracks failed (they are listed).
      """)

  @Option(help: "Tracks at a time (default: one a core).")
  var jobs: Int?
  @OptionGroup var places: PlaceOptions

  func validate() throws {
    if let jobs, !(1...64).contains(jobs) { throw ValidationError("--jobs must be 1 to 64") }
  }

  func run() async throws {
    let meter = ProgressMeter()
    let result: LibraryAnalysis.Progress
    do {
      result = try await LibraryAnalysis(try places.read(), jobs: jobs).run { meter.show($0) }
    } catch {
      throw CommandFailure(error)
    }
    meter.end()
    print("\(result.tracksDone - result.failures.count) tracks analysed, \(meter.elapsedText)")
    for path in result.damaged.sorted() { print("damaged, silent in places: \(LineText.escaped(path))") }
    for failure in result.failures.sorted(by: { $0.path < $1.path }) {
      print("failed: \(LineText.escaped(failure.path)): \(failure.reason)")
    }
    if !result.failures.isEmpty { throw ExitCode(1) }
  }
}
