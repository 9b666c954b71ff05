import ArgumentParser
import Foundation
import NIOCore
import NIOPosix

/// The load generator's command line. Exit status: 0 all within bounds, 1 a `--max-…` crossed, 2 unusable arguments,
/// 3 the run could not take place.
@main
struct DubplateLoad: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dubplate-load",
    abstract: "Thousands of real Socket.IO listeners from one process, and a report of what they would have heard.",
    discussion: """
      Every listener is a WebSocket of its own that logs in by token, plays a track, plays the next one when it ends, \
      and keeps count: how long it waited for the first sound, and each moment its buffer ran dry (a gap).

      EXAMPLES
        A thousand listeners within ten seconds, then half a minute of all of them:
          dubplate-load --username demo --password dubplate --listeners 1000 --ramp 10s --duration 30s
        Forty different tracks at the same moment, nobody slower than 100 ms:
          dubplate-load --token $TOKEN --listeners 40 --ramp 0s --distinct-tracks --together --max-p99-ms 100
        Seeks to places that nobody has been at, every two seconds:
          dubplate-load --token $TOKEN --listeners 40 --distinct-tracks --seek-every 2s --seek-cold --max-seek-p99-ms 100
        A day in the life, with the server's cores and memory:
          dubplate-load --token $TOKEN --stages 2m:100,5m:100,2m:200,5m:200,2m:0 --pid $(pidof dubplate) --json day.json

      EXIT STATUS
        0 everything within bounds; 1 a --max-… was crossed; 2 unusable arguments; 3 the run could not take place.
      """)

  @OptionGroup var options: LoadOptions

  /// Like the default, but with the exit status 2 where ArgumentParser has 64.
  static func main() async {
    do {
      var command = try parseAsRoot()
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
    } catch  where exitCode(for: error) == .validationFailure {
      writeError(fullMessage(for: error))
      exit(withError: ExitCode(2))
    } catch {
      exit(withError: error)
    }
  }

  func run() async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: options.threadCount)
    let report: Report
    do {
      report = try await measure(on: group)
      try await group.shutdownGracefully()
    } catch {
      try await group.shutdownGracefully()
      if error is ValidationError { throw error }
      Self.writeError("dubplate-load: \(error)")
      throw ExitCode(3)
    }
    print(report.table)
    try write(report)
    let crossings = options.thresholds.crossings(of: report)
    for sentence in crossings { print("✗ \(sentence)") }
    if !crossings.isEmpty { throw ExitCode(1) }
  }

  private func measure(on group: MultiThreadedEventLoopGroup) async throws -> Report {
    let target = try options.resolveTarget()
    let api = ServerAPI(target: target, loop: group.next())
    let tokens = try await options.tokens(from: api)
    let schedule = options.schedule
    let limit = options.tracks ?? Limits.tracks
    let tracks = try await api.tracks(token: tokens[0], limit: min(limit, Limits.tracks))
    let plan = try options.plan(target: target, tracks: tracks, schedule: schedule)
    let descriptors = raiseDescriptorLimit(to: schedule.peak + Limits.spareDescriptors)
    guard descriptors >= schedule.peak + Limits.spareDescriptors else {
      throw ServerAPI.Refusal(
        description: "\(schedule.peak) listeners need \(schedule.peak + Limits.spareDescriptors) open files, the system"
          + " allows \(descriptors) (see `ulimit -Hn`)")
    }
    let interruption = Interruption()
    let signals = interruption.listen()
    defer { for source in signals { source.cancel() } }
    let renewal = options.canRenewTokens
    let options = options
    var run = LoadRun(
      plan: plan, url: options.url, tokens: tokens, server: options.pid.map { ServerGauge(pid: $0) },
      progress: Self.progress, interruption: interruption)
    if renewal { run.renewTokens = { try await options.tokens(from: api) } }
    return try await run.run(on: group)
  }

  private func write(_ report: Report) throws {
    guard let path = options.json else { return }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    do {
      try encoder.encode(report).write(to: URL(fileURLWithPath: path), options: .atomic)
    } catch {
      Self.writeError("dubplate-load: cannot write \(path): \(error)")
      throw ExitCode(3)
    }
  }

  /// On a terminal one line that changes every second, else a line every five.
  private static var progress: (every: Double, show: @Sendable (String) -> Void) {
    if isatty(STDERR_FILENO) == 1 {
      return (1, { FileHandle.standardError.write(Data("\r\u{1B}[2K\($0)".utf8)) })
    }
    return (5, { writeError($0) })
  }

  private static func writeError(_ line: String) {
    FileHandle.standardError.write(Data((line + "\n").utf8))
  }
}
