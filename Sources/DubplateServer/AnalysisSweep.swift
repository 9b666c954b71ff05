import AudioCodec
import Catalog
import Foundation
import Segments

/// Analyses every track that has no analysis of the present version, newest first.
struct AnalysisSweep: Sendable {
  /// The catalogue can't be written: to go on would be to begin again and again.
  struct Interrupted: Error, CustomStringConvertible {
    let description: String
  }

  let desk: AnalysisDesk
  let repository: any AnalysisRepository
  /// Tracks at a time.
  let width: Int
  /// Failures that may have passed are tried again when they are older.
  let began: Date

  /// How many tracks there are to analyse, and seconds of music.
  func pending() async throws -> (tracks: Int, seconds: Double) {
    try await repository.pendingCount(version: TrackAnalysis.storedVersion, before: began)
  }

  /// Ends early when the task is cancelled or the desk closes; what is done stays.
  /// - Parameter report: called after each track, never by two at once.
  /// - Throws: ``Interrupted``, or what reading the catalogue throws.
  func run(_ report: (Track, AnalysisDesk.Outcome) -> Void) async throws {
    while !Task.isCancelled {
      let batch = try await repository.pending(
        version: TrackAnalysis.storedVersion, before: began, limit: ServerLimits.analysisBatch)
      if batch.isEmpty { return }
      // What an earlier process died over comes last and alone, or what is in hand beside it would be blamed with it.
      var blamed: [Track] = []
      var others: [Track] = []
      for track in batch {
        if try await desk.wasInterrupted(track.fingerprint) { blamed.append(track) } else { others.append(track) }
      }
      guard try await analyse(others, width: width, report), try await analyse(blamed, width: 1, report) else { return }
    }
  }

  /// - Returns: whether it goes on.
  private func analyse(
    _ tracks: [Track], width: Int, _ report: (Track, AnalysisDesk.Outcome) -> Void
  ) async throws -> Bool {
    try await withThrowingTaskGroup(of: (Track, AnalysisDesk.Outcome).self) { group in
      var waiting = tracks.makeIterator()
      for _ in 0..<width {
        guard let track = waiting.next() else { break }
        group.addTask { (track, await desk.analyse(track)) }
      }
      while let (track, outcome) = try await group.next() {
        report(track, outcome)
        switch outcome {
        case .stopped: return false
        case .notStored(let reason): throw Interrupted(description: reason)
        case .analysed, .failed: break
        }
        if Task.isCancelled { return false }
        if let next = waiting.next() { group.addTask { (next, await desk.analyse(next)) } }
      }
      return true
    }
  }
}
