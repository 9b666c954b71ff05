import AudioCodec
import Catalog
import Foundation
import Gateway
import Logging
import NIOPosix
import Segments
import Synchronization
import WebAPI

/// Has tracks analysed, each by one at a time: those that somebody waits for at once, the others in the background.
///
/// The background's threads have the lowest standing among those of the machine, and rest between pieces while
/// encoders are at work: listeners don't feel it.
final class AnalysisDesk: TrackAnalysing, Sendable {
  /// What came of a track.
  enum Outcome: Sendable {
    /// Stored; with packets that could not be decoded.
    case analysed(damagedPackets: Int)
    /// That it can't be analysed was stored.
    case failed(AnalysisFailure)
    /// The server goes down.
    case stopped
    /// The catalogue can't be written.
    case notStored(String)
  }

  /// A track that is being analysed.
  final class Run: Sendable {
    /// Whether somebody waits.
    let isUrgent: Atomic<Bool>
    private let state = Mutex<(outcome: Outcome?, waiters: [AsyncStream<Void>.Continuation])>((nil, []))

    init(isUrgent: Bool) {
      self.isUrgent = Atomic(isUrgent)
    }

    func finish(_ outcome: Outcome) {
      let waiters = state.withLock { state in
        defer { state = (outcome, []) }
        return state.waiters
      }
      for waiter in waiters { waiter.finish() }
    }

    /// What came of it; nil when `limit` has passed before.
    func outcome(within limit: Duration? = nil) async -> Outcome? {
      let (ended, waiter) = AsyncStream<Void>.makeStream()
      let isOver = state.withLock { state in
        if state.outcome == nil { state.waiters.append(waiter) }
        return state.outcome != nil
      }
      if !isOver {
        let timer = limit.map { limit in
          Task {
            // Cancelled when there's no need for it any more, and then ends at once.
            do { try await Task.sleep(for: limit) } catch {}
            waiter.finish()
          }
        }
        for await _ in ended {}
        timer?.cancel()
      }
      return state.withLock(\.outcome)
    }
  }

  private struct State {
    var runs: [String: Run] = [:]
    var isClosed = false
  }

  private let repository: any AnalysisRepository
  private let journal: InspectionJournal?
  private let libraryRoot: String
  private let background: NIOThreadPool
  private let urgent = NIOThreadPool(numberOfThreads: 1)
  private let standing: BackgroundThread.Standing
  private let isServerBusy: @Sendable () -> Bool
  private let state = Mutex(State())

  /// - Parameters:
  ///   - journal: where what is being analysed is noted; nil for nowhere.
  ///   - threads: tracks at a time in the background.
  ///   - standing: of the background's threads.
  ///   - isServerBusy: whether the background should rest.
  init(
    repository: any AnalysisRepository, libraryRoot: String, journal: InspectionJournal? = nil, threads: Int,
    standing: BackgroundThread.Standing = .behindAll, isServerBusy: @escaping @Sendable () -> Bool
  ) {
    self.repository = repository
    self.journal = journal
    self.libraryRoot = libraryRoot
    self.standing = standing
    self.isServerBusy = isServerBusy
    background = NIOThreadPool(numberOfThreads: max(threads, 1))
    background.start()
    urgent.start()
  }

  /// Writes down what an earlier process died over, so that this one doesn't begin with it.
  /// - Returns: how many tracks that are.
  func recordInterrupted() async throws -> Int {
    let left = journal?.interrupted.filter { $0.work == .analysis } ?? []
    for entry in left {
      try await repository.store(
        AnalysisFailure.interrupted(isSecondTry: entry.isSecondTry), of: entry.name,
        version: TrackAnalysis.storedVersion)
      journal?.settle(entry)
    }
    return left.count
  }

  func analyse(_ track: Track, within limit: Duration) async throws(DubplateError) {
    guard let run = run(track, isUrgent: true) else {
      throw DubplateError(.busy, "too many tracks are being analysed", retryAfterMilliseconds: 2_000)
    }
    _ = await run.outcome(within: limit)
  }

  /// Analyses a track in the background.
  func analyse(_ track: Track) async -> Outcome {
    await run(track, isUrgent: false)?.outcome() ?? .stopped
  }

  /// Stops what runs; returns when it has. On a machine with no time to spare for threads of the lowest rank it isn't
  /// waited for long: nothing that they do is kept.
  func close() async throws {
    let runs = state.withLock { state in
      state.isClosed = true
      return Array(state.runs.values)
    }
    for run in runs {
      guard await run.outcome(within: ServerLimits.analysisFarewell) != nil else { return }
    }
    try await background.shutdownGracefully()
    try await urgent.shutdownGracefully()
  }

  /// The run of a track, begun if there is none; nil when there are too many or the server goes down.
  private func run(_ track: Track, isUrgent: Bool) -> Run? {
    let (run, isNew) = state.withLock { state -> (Run?, Bool) in
      if state.isClosed { return (nil, false) }
      if let run = state.runs[track.fingerprint] { return (run, false) }
      guard state.runs.count < ServerLimits.analysesAtOnce else { return (nil, false) }
      let run = Run(isUrgent: isUrgent)
      state.runs[track.fingerprint] = run
      return (run, true)
    }
    guard let run else { return nil }
    if isUrgent { run.isUrgent.store(true, ordering: .relaxed) }
    guard isNew else { return run }
    Task {
      let outcome = await perform(track, run)
      state.withLock { $0.runs[track.fingerprint] = nil }
      run.finish(outcome)
    }
    return run
  }

  private func perform(_ track: Track, _ run: Run) async -> Outcome {
    let version = TrackAnalysis.storedVersion
    do {
      do {
        let note = journal?.begin(
          .init(.analysis, track.fingerprint, isSecondTry: try await wasInterrupted(track.fingerprint)))
        defer { if let note { journal?.end(note) } }
        guard let analysis = try await analysis(of: track, run) else { return .stopped }
        try await repository.store(analysis, of: track.fingerprint, version: version)
        return .analysed(damagedPackets: analysis.damagedPackets)
      } catch let error as AudioCodecError where error.code != .exhausted {
        let failure = AnalysisFailure(error)
        try await repository.store(failure, of: track.fingerprint, version: version)
        return .failed(failure)
      }
    } catch is NIOThreadPoolError.ThreadPoolInactive {
      return .stopped
    } catch {
      return .notStored("\(error)")
    }
  }

  /// Whether an earlier process died over it.
  func wasInterrupted(_ fingerprint: String) async throws -> Bool {
    guard
      case .failed(let failure) = try await repository.outcome(
        of: fingerprint, version: TrackAnalysis.storedVersion)
    else { return false }
    return failure.wasInterrupted
  }

  /// Nil when the server goes down.
  private func analysis(of track: Track, _ run: Run) async throws -> TrackAnalysis? {
    let segments = PlayableTrack(track: track, libraryRoot: libraryRoot).segments
    let analyzer = try await onThread(of: run) {
      try TrackAnalyzer(
        path: segments.path, facts: segments.facts, settings: Rendition.flac.encoderSettings(for: segments),
        totalSamples: segments.sampleCount)
    }
    while try await onThread(of: run, { try analyzer.step() }) != nil {
      if state.withLock(\.isClosed) { return nil }
      if !run.isUrgent.load(ordering: .relaxed), isServerBusy() { try await Task.sleep(for: ServerLimits.analysisRest) }
    }
    return try await onThread(of: run) { analyzer.analysis }
  }

  private func onThread<Value: Sendable>(
    of run: Run, _ work: @escaping @Sendable () throws -> Value
  ) async throws -> Value {
    // A thread that has stepped back may not step forward again: who is waited for has a thread of its own.
    let isUrgent = run.isUrgent.load(ordering: .relaxed)
    let standing: BackgroundThread.Standing = isUrgent ? .aLittle : self.standing
    return try await (isUrgent ? urgent : background).runIfActive {
      BackgroundThread.stepBack(standing)
      return try work()
    }
  }
}
