import Foundation
import NIOCore
import NIOPosix

/// One run: starts the listeners of every event loop, watches them, and makes the report.
struct LoadRun: Sendable {
  let plan: LoadPlan
  let url: String
  let tokens: [String]
  /// Renews the tokens during long runs; nil when they were given from outside.
  var renewTokens: (@Sendable () async throws -> [String])?
  var server: ServerGauge?
  /// Where a line about the present goes, and every how many seconds.
  var progress: (every: Double, show: @Sendable (String) -> Void)
  /// Becomes true when the user wants the end now.
  let interruption: Interruption

  private static let pollMilliseconds = 100

  func run(on group: MultiThreadedEventLoopGroup) async throws -> Report {
    let me = ServerGauge(pid: ProcessInfo.processInfo.processIdentifier)
    let baseline = (server: server?.read(), me: me.read())
    let groups = makeGroups(on: group)
    for member in groups { member.loop.execute { member.start() } }

    let clock = ContinuousClock()
    let start = clock.now
    let steady = plan.schedule.steady.map { SteadySamples.window(in: $0) }
    var samples = SteadySamples()
    var nextLine = progress.every
    var nextSample = 0.0
    var nextRenewal = Limits.tokenRenewalSeconds
    var lastBytes = (at: 0.0, count: 0)
    var elapsed = 0.0
    while elapsed < plan.schedule.totalSeconds, !interruption.isRequested {
      try await Task.sleep(for: .milliseconds(Self.pollMilliseconds))
      elapsed = (clock.now - start).seconds
      if let steady, steady.contains(elapsed), elapsed >= nextSample {
        samples.add(at: elapsed, tally: await Self.snapshot(groups), server: server?.read(), me: me.read())
        nextSample = elapsed + 1
      }
      if elapsed >= nextLine {
        let tally = await Self.snapshot(groups)
        let rate = Double(tally.bytes - lastBytes.count) / max(elapsed - lastBytes.at, 0.001)
        lastBytes = (elapsed, tally.bytes)
        progress.show(progressLine(elapsed: elapsed, tally: tally, bytesPerSecond: rate))
        nextLine += progress.every
      }
      if let renewTokens, elapsed >= nextRenewal {
        nextRenewal += Limits.tokenRenewalSeconds
        let fresh = try await renewTokens()
        for member in groups { member.loop.execute { member.replaceTokens(fresh) } }
      }
      if plan.together, elapsed > Double(Limits.gateTimeout.nanoseconds) / 1e9 {
        for member in groups { member.loop.execute { member.openGate() } }
      }
    }
    if let steady, elapsed >= steady.lowerBound, elapsed <= steady.upperBound + 1 {
      samples.add(at: elapsed, tally: await Self.snapshot(groups), server: server?.read(), me: me.read())
    }

    var tally = Tally()
    for member in groups { tally.merge(try await member.loop.submit { member.finish() }.get()) }
    var report = Report(
      plan: plan, tally: tally, url: url, seconds: elapsed, interrupted: interruption.isRequested)
    report.steady = samples.steady
    report.server = baseline.server.flatMap { samples.process(\.server, baseline: $0) }
    report.generator = baseline.me.flatMap { samples.process(\.me, baseline: $0) }
    return report
  }

  private func makeGroups(on group: MultiThreadedEventLoopGroup) -> [ListenerGroup] {
    let gate = plan.together ? StartGate(expected: plan.schedule.peak) : nil
    let groups = (0..<plan.threads).map { number in
      ListenerGroup(loop: group.next(), number: number, plan: plan, tokens: tokens, gate: gate)
    }
    gate?.onComplete {
      for member in groups { member.loop.execute { member.openGate() } }
    }
    return groups
  }

  private func progressLine(elapsed: Double, tally: Tally, bytesPerSecond: Double) -> String {
    let wanted = plan.schedule.target(at: elapsed)
    return Text.clock(elapsed) + "  listeners \(Text.count(tally.listeners))/\(Text.count(wanted))"
      + "  playing \(Text.count(tally.playing))  \(Text.bytes(bytesPerSecond))/s"
      + "  first chunk p99 \(Text.milliseconds(tally.firstChunkLatency.milliseconds(quantile: 0.99)))"
      + "  gaps \(Text.count(tally.gaps))  errors \(Text.count(tally.errorCount + tally.disconnects))"
  }

  private static func snapshot(_ groups: [ListenerGroup]) async -> Tally {
    var tally = Tally()
    for member in groups {
      // An event loop that has ended has no more news.
      if let part = try? await member.loop.submit({ member.tally }).get() { tally.merge(part) }
    }
    return tally
  }
}
