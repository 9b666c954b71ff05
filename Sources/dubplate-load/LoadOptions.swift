import ArgumentParser
import Foundation

/// The options of `dubplate-load`, and what they mean together.
struct LoadOptions: ParsableArguments {
  @Option(help: "The server; http:// only. TLS ends at a proxy, and a proxy is not what this measures.")
  var url = "http://127.0.0.1:3001"

  @Option(help: "How many listeners.")
  var listeners = 100

  @Option(help: ArgumentHelp("Time from the first listener to the last.", valueName: "time"))
  var ramp = DurationArgument(seconds: 10)

  @Option(help: ArgumentHelp("How long all of them listen after that.", valueName: "time"))
  var duration = DurationArgument(seconds: 30)

  @Option(
    help: ArgumentHelp(
      "Stages instead of --listeners, --ramp and --duration: straight lines to so many listeners, as in"
        + " 2m:100,5m:100,2m:0.", valueName: "time:n,…"))
  var stages: StagesArgument?

  @Option(help: "Quality to ask for: a tier, a bitrate or a rendition.")
  var quality = "192kbps"

  @Option(help: "Codec to ask for with a bitrate (mp3, aac).")
  var codec: String?

  @Option(help: "Use the library's first so many tracks only.")
  var tracks: Int?

  @Flag(help: "Every listener plays a track of its own; an error if there are not enough.")
  var distinctTracks = false

  @Flag(help: "Nobody plays before everyone is connected; then all play, and seek, at the same moment.")
  var together = false

  @Option(help: ArgumentHelp("Every listener seeks to a random position this often.", valueName: "time"))
  var seekEvery: DurationArgument?

  @Flag(help: "Seek only to where this listener has not been near (every 2s unless --seek-every says otherwise).")
  var seekCold = false

  @Option(help: "Encoding of the chunks: \(ChunkFormat.allCases.map(\.rawValue).joined(separator: ", ")).")
  var format = ChunkFormat.binary

  @Option(help: "Ask to be kept so many seconds ahead of the playhead (1–120).")
  var bufferSeconds: Double?

  @Option(help: "An access token that every listener uses.")
  var token: String?

  @Option(
    name: .customLong("tokens"),
    help: ArgumentHelp("A file with a token a line; listeners take them in turn.", valueName: "file"))
  var tokenFile: String?

  @Option(help: "Log in with this name; the token is renewed during long runs.")
  var username: String?

  @Option(help: "The password; better given in the environment as DUBPLATE_LOAD_PASSWORD.")
  var password: String?

  @Option(help: "Report the cores and the memory of this process (the server) too.")
  var pid: Int32?

  @Option(help: ArgumentHelp("Write the report here as JSON.", valueName: "file"))
  var json: String?

  @Option(name: .customLong("max-p99-ms"), help: "Exit with 1 if the 99th percentile of play → first chunk is longer.")
  var maxP99: Double?

  @Option(name: .customLong("max-seek-p99-ms"), help: "Exit with 1 if the 99th percentile of seek → chunk is longer.")
  var maxSeekP99: Double?

  @Option(help: "Exit with 1 if there are more gaps.")
  var maxGaps: Int?

  @Option(help: "Exit with 1 if there are more errors, unwanted disconnects and missing chunks together.")
  var maxErrors: Int?

  @Option(help: "Event loops; by default half of the cores, which leaves the other half to the server.")
  var threads: Int?

  @Option(help: "Seed of the random positions.")
  var seed: UInt64 = 1

  @Flag(help: "Allow a server that is neither on this machine nor in a private network. Only your own.")
  var allowRemote = false

  func validate() throws {
    func check(_ holds: Bool, _ message: String) throws {
      if !holds { throw ValidationError(message) }
    }
    try check((1...Limits.listeners).contains(listeners), "--listeners must be 1…\(Limits.listeners)")
    try check(stages.map { LoadSchedule(stages: $0.stages).peak > 0 } ?? true, "--stages never has a listener")
    let total = schedule.totalSeconds
    try check(total > 0 && total <= Limits.runSeconds, "the run must last longer than nothing and at most a day")
    try check(tracks.map { $0 >= 1 } ?? true, "--tracks must be at least 1")
    try check(bufferSeconds.map { (1...120).contains($0) } ?? true, "--buffer-seconds must be 1…120")
    try check(seekEvery.map { $0.seconds >= 0.1 } ?? true, "--seek-every must be at least 100ms")
    try check(threads.map { (1...Limits.threads).contains($0) } ?? true, "--threads must be 1…\(Limits.threads)")
    try check(pid.map { $0 > 0 } ?? true, "--pid must be a process id")
    try check(
      [maxP99, maxSeekP99].allSatisfy { $0.map { $0.isFinite && $0 >= 0 } ?? true },
      "--max-p99-ms and --max-seek-p99-ms must be numbers from 0")
    try check([maxGaps, maxErrors].allSatisfy { $0.map { $0 >= 0 } ?? true }, "--max-… must be 0 or more")
    try check(maxSeekP99 == nil || seeks, "--max-seek-p99-ms needs --seek-every or --seek-cold")
    let ways = [token != nil, tokenFile != nil, username != nil].filter { $0 }.count
    try check(ways == 1, "say who listens: exactly one of --token, --tokens and --username")
    try check(username == nil || givenPassword != nil, "--username needs --password or DUBPLATE_LOAD_PASSWORD")
  }

  private var seeks: Bool { seekEvery != nil || seekCold }

  private var givenPassword: String? { password ?? ProcessInfo.processInfo.environment["DUBPLATE_LOAD_PASSWORD"] }

  var threadCount: Int { threads ?? max(1, ProcessInfo.processInfo.activeProcessorCount / 2) }

  var canRenewTokens: Bool { username != nil }

  var schedule: LoadSchedule {
    if let stages { return LoadSchedule(stages: stages.stages) }
    return LoadSchedule(listeners: listeners, ramp: ramp.seconds, duration: duration.seconds)
  }

  var thresholds: Thresholds {
    Thresholds(
      firstChunkP99Milliseconds: maxP99, seekP99Milliseconds: maxSeekP99, gaps: maxGaps, errors: maxErrors)
  }

  func resolveTarget() throws -> LoadTarget {
    let target = try LoadTarget(url: url)
    guard allowRemote || target.scope != .remote else {
      throw ValidationError(
        "\(url) is neither on this machine nor in a private network; --allow-remote if the server is yours")
    }
    return target
  }

  func tokens(from api: ServerAPI) async throws -> [String] {
    if let token { return [token] }
    if let tokenFile {
      guard let text = try? String(contentsOfFile: tokenFile, encoding: .utf8) else {
        throw ValidationError("--tokens: cannot read \(tokenFile)")
      }
      let lines = text.split(whereSeparator: \.isWhitespace).map(String.init)
      guard (1...Limits.tokens).contains(lines.count) else {
        throw ValidationError("--tokens: \(tokenFile) must hold 1…\(Limits.tokens) tokens")
      }
      return lines
    }
    guard let username, let givenPassword else { throw ValidationError("say who listens") }
    return [try await api.login(username: username, password: givenPassword)]
  }

  func plan(target: LoadTarget, tracks: [LoadTrack], schedule: LoadSchedule) throws -> LoadPlan {
    guard !tracks.isEmpty else { throw ServerAPI.Refusal(description: "the server's library has no tracks") }
    guard !distinctTracks || tracks.count >= schedule.peak else {
      throw ValidationError(
        "--distinct-tracks: \(schedule.peak) listeners, but only \(tracks.count) tracks to choose from")
    }
    var plan = LoadPlan(target: target, tracks: tracks, schedule: schedule, quality: quality)
    plan.codec = codec
    plan.format = format
    plan.bufferSeconds = bufferSeconds
    plan.seekEvery = seekEvery?.seconds ?? (seekCold ? 2 : nil)
    plan.seekCold = seekCold
    plan.together = together
    plan.threads = min(threadCount, max(schedule.peak, 1))
    plan.seed = seed
    return plan
  }
}
