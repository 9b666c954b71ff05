import Catalog
import Foundation
import Gateway
import Logging
import NIOCore
import NIOPosix
import Segments
import Synchronization

/// Makes the segments of a whole library ahead of need: `dubplate transcode`.
public struct LibraryTranscoding: Sendable {
  /// Why it can't begin, for people.
  public struct Failure: Error, Sendable, CustomStringConvertible {
    public let description: String
  }

  /// How far it has come.
  public struct Progress: Sendable {
    public var tracks = 0
    public var tracksDone = 0
    /// Seconds of music times renditions: of all that is to be made, and made.
    public var seconds = 0.0
    public var secondsDone = 0.0
    public var segments = 0
    public var bytes = 0
    /// Tracks that failed: path within the library, and why.
    public var failures: [(path: String, reason: String)] = []
    /// Tracks with places that could not be decoded and are silent.
    public var damaged: [String] = []
    /// Bytes of what was asked for and had been made before.
    public var bytesBefore = 0
    /// The budget is too small to keep all that was asked for.
    public var isOverBudget = false
    /// The disk takes no more, for whatever reason, and what was left has not been tried.
    public var isDiskFull = false
  }

  private let configuration: ServerConfiguration
  private let renditions: [Rendition]
  private let jobs: Int
  private let logger: Logger

  /// - Parameters:
  ///   - renditions: names; nil is all that there are.
  ///   - jobs: tracks at a time; nil is one a core.
  /// - Throws: ``Failure`` for a name that is none.
  public init(_ configuration: ServerConfiguration, renditions: [String]?, jobs: Int?, logger: Logger) throws {
    self.configuration = configuration
    self.jobs = jobs ?? System.coreCount
    self.logger = logger
    self.renditions = try renditions.map { try $0.map(Self.rendition) } ?? Rendition.all
  }

  fileprivate static func rendition(named name: String) throws -> Rendition {
    guard let rendition = Rendition(name: name) else {
      throw Failure(
        description: "there is no rendition \(name); there are \(Rendition.all.map(\.name).joined(separator: ", "))")
    }
    return rendition
  }

  /// Makes what is missing.
  /// - Parameter report: called now and then, and at the end; on any thread, never by two at once.
  /// - Throws: ``Failure``, or what opening the data folder throws.
  public func run(report: @escaping @Sendable (Progress) -> Void) async throws -> Progress {
    let data = try DataDirectory.openShared(path: configuration.dataDirectory)
    let repository = SQLiteTrackRepository(try data.openDatabase())
    let tracks = try await present(repository)
    guard !tracks.isEmpty else {
      throw Failure(
        description: "the catalogue is empty: `dubplate scan` looks through the library, and so does `dubplate serve`")
    }
    let transcoder = try BulkTranscoder(
      directory: URL(fileURLWithPath: data.segmentsPath, isDirectory: true),
      budgetBytes: configuration.segmentBudgetBytes, logger: logger)
    // The longest first, so that at the end no thread is left alone with a long one.
    let work = tracks.map { track in
      let playable = PlayableTrack(track: track, libraryRoot: configuration.libraryDirectory)
      return (track: playable, renditions: transcoder.missing(renditions, of: playable.segments))
    }.sorted { $0.track.duration > $1.track.duration }
    let ledger = Ledger(budgetBytes: configuration.segmentBudgetBytes, report: report)
    let bytesBefore = work.reduce(0) { $0 + transcoder.keptBytes(renditions, of: $1.track.segments) }
    ledger.change { progress in
      progress.bytesBefore = bytesBefore
      progress.tracks = tracks.count
      progress.tracksDone = work.count { $0.renditions.isEmpty }
      progress.seconds = work.reduce(0) { $0 + $1.track.duration * Double($1.renditions.count) }
    }
    let pool = NIOThreadPool(numberOfThreads: jobs)
    pool.start()
    await withTaskCancellationHandler {
      await withTaskGroup(of: Void.self) { group in
        for (track, renditions) in work where !renditions.isEmpty {
          group.addTask {
            await withCheckedContinuation { continuation in
              pool.submit { _ in
                if !ledger.isCancelled { ledger.transcode(track, renditions, with: transcoder) }
                continuation.resume()
              }
            }
          }
        }
      }
    } onCancel: {
      ledger.cancel()
    }
    try await pool.shutdownGracefully()
    var result = ledger.progress
    // What was kept until now may have gone for what was made.
    let failed = Set(result.failures.map(\.path))
    let isGone = work.contains { item in
      !failed.contains(item.track.track.path) && !transcoder.missing(renditions, of: item.track.segments).isEmpty
    }
    if !ledger.isCancelled, isGone { result.isOverBudget = true }
    return result
  }

  /// What the threads share.
  private final class Ledger: Sendable {
    private let state = Mutex(Progress())
    private let cancelled = Atomic(false)
    private let budgetBytes: Int
    private let report: @Sendable (Progress) -> Void

    init(budgetBytes: Int, report: @escaping @Sendable (Progress) -> Void) {
      self.budgetBytes = budgetBytes
      self.report = report
    }

    var progress: Progress { state.withLock { $0 } }
    var isCancelled: Bool { cancelled.load(ordering: .relaxed) }
    func cancel() { cancelled.store(true, ordering: .relaxed) }

    func change(_ body: (inout Progress) -> Void) {
      state.withLock { progress in
        body(&progress)
        report(progress)
      }
    }

    func transcode(_ track: PlayableTrack, _ renditions: [Rendition], with transcoder: BulkTranscoder) {
      let whole = track.duration * Double(renditions.count)
      var counted = 0.0
      var outcome = BulkTranscoder.Outcome()
      var failure: String?
      var isDiskFull = false
      do throws(SegmentError) {
        outcome = try transcoder.transcode(track.segments, into: renditions) { part in
          change { $0.secondsDone += part * whole - counted }
          counted = part * whole
          return !isCancelled
        }
      } catch {
        failure = error.message
        isDiskFull = error.code == .notKept
      }
      change { progress in
        progress.segments += outcome.segments
        progress.bytes += outcome.bytes
        if isDiskFull {
          progress.isDiskFull = true
          cancel()
        }
        // From here on each segment would push out one that was made before.
        if progress.bytesBefore + progress.bytes > budgetBytes, !progress.isOverBudget {
          progress.isOverBudget = true
          cancel()
        }
        if outcome.damagedPackets > 0 { progress.damaged.append(track.track.path) }
        if let failure { progress.failures.append((track.track.path, failure)) }
        progress.secondsDone += whole - counted
        progress.tracksDone += 1
      }
    }
  }

  private func present(_ repository: SQLiteTrackRepository) async throws -> [Track] {
    var tracks: [Track] = []
    while true {
      let page = try await repository.search(query: "", limit: 500, offset: tracks.count)
      tracks += page.rows
      if page.rows.isEmpty || tracks.count >= page.total { return tracks }
    }
  }
}

extension ServerConfiguration {
  /// The segment store of these settings.
  /// - Throws: what opening the data folder throws.
  public func storeMaintenance() throws -> StoreMaintenance {
    let data = try DataDirectory.openShared(path: dataDirectory)
    return StoreMaintenance(directory: URL(fileURLWithPath: data.segmentsPath, isDirectory: true))
  }

  /// Removes all kept segments, or those of one rendition, which may be one of an earlier version.
  /// - Throws: for a name that isn't and wasn't any rendition's, and as ``storeMaintenance()``.
  public func clearStore(rendition: String?) throws -> StoreMaintenance.Usage {
    let store = try storeMaintenance()
    if let rendition, try store.usage()[rendition] == nil { _ = try LibraryTranscoding.rendition(named: rendition) }
    return try store.clear(rendition: rendition)
  }
}
