import AudioCodec
import Catalog
import Foundation
import NIOCore
import Segments
import Synchronization

/// Analyses a whole library at once: `dubplate analyse`.
public struct LibraryAnalysis: Sendable {
  /// How far it has come; its segments are none.
  public typealias Progress = LibraryTranscoding.Progress

  private let configuration: ServerConfiguration
  private let jobs: Int

  /// - Parameter jobs: tracks at a time; nil is one a core.
  public init(_ configuration: ServerConfiguration, jobs: Int?) {
    self.configuration = configuration
    self.jobs = jobs ?? System.coreCount
  }

  /// Analyses what has not been.
  /// - Parameter report: called after each track, never by two at once.
  /// - Throws: `LibraryTranscoding.Failure`, or what opening the data folder throws.
  public func run(report: @escaping @Sendable (Progress) -> Void) async throws -> Progress {
    let data = try DataDirectory.openShared(path: configuration.dataDirectory)
    let database = try data.openDatabase()
    let repository = SQLiteAnalysisRepository(database)
    guard try await SQLiteTrackRepository(database).count() > 0 else {
      throw LibraryTranscoding.Failure(
        description: "the catalogue is empty: `dubplate scan` looks through the library, and so does `dubplate serve`")
    }
    let desk = AnalysisDesk(
      repository: repository, libraryRoot: configuration.libraryDirectory, threads: jobs,
      standing: .aLittle, isServerBusy: { false })
    let sweep = AnalysisSweep(desk: desk, repository: repository, width: jobs, began: Date())
    let pending = try await sweep.pending()
    var progress = Progress()
    progress.tracks = pending.tracks
    progress.seconds = pending.seconds
    report(progress)
    do {
      try await sweep.run { track, outcome in
        progress.tracksDone += 1
        progress.secondsDone += track.duration
        switch outcome {
        case .analysed(let damagedPackets): if damagedPackets > 0 { progress.damaged.append(track.path) }
        case .failed(let failure): progress.failures.append((track.path, failure.message))
        case .stopped, .notStored: break
        }
        report(progress)
      }
    } catch {
      try await desk.close()
      throw error
    }
    try await desk.close()
    return progress
  }
}
