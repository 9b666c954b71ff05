import Catalog
import Foundation
import Synchronization
import WebAPI

/// How it stands with the library, and where it's asked to be looked through: what scans write and clients read.
final class ScanDesk: LibraryScanning, Sendable {
  private struct State {
    var shown = LibraryState()
    var isRunning = false
    var isAskedFor = false

    mutating func end(_ now: Date) {
      isRunning = false
      shown.scannedAt = Int64(now.timeIntervalSince1970)
    }
  }

  let schedule: ScanSchedule
  private let readiness: Readiness
  private let held = Mutex(State())

  init(schedule: ScanSchedule, readiness: Readiness) {
    self.schedule = schedule
    self.readiness = readiness
  }

  var state: LibraryState {
    held.withLock { state in
      var shown = state.shown
      shown.isScanning = state.isRunning || state.isAskedFor
      return shown
    }
  }

  func lookAgain() {
    held.withLock { $0.isAskedFor = true }
    schedule.scanNow()
  }

  /// A scan begins: whoever asked before is answered by it.
  func begin() {
    held.withLock { state in
      state.isRunning = true
      state.isAskedFor = false
    }
  }

  func note(_ progress: ScanProgress) {
    held.withLock { $0.shown.show(progress) }
  }

  /// A scan has ended well.
  func end(_ progress: ScanProgress, now: Date) {
    held.withLock { state in
      state.shown.show(progress)
      state.shown.problem = nil
      state.end(now)
    }
    readiness.noteLibrary(nil)
  }

  /// A scan was broken off: nothing is known of how it would have ended.
  func breakOff(now: Date) {
    held.withLock { $0.end(now) }
  }

  /// There is no library to look through.
  /// - Returns: whether that is news.
  func fail(_ error: ScanError, now: Date) -> Bool {
    let problem = LibraryState.Problem(error)
    let isNew = held.withLock { state in
      defer {
        state.shown.problem = problem
        state.end(now)
      }
      return state.shown.problem != problem
    }
    readiness.noteLibrary(problem.message)
    return isNew
  }
}

extension LibraryState {
  fileprivate mutating func show(_ progress: ScanProgress) {
    found = progress.found
    added = progress.added
    updated = progress.updated
    missing = progress.missing
    failed = progress.failed
  }
}

extension LibraryState.Problem {
  /// In words for everybody, without the path that the log has.
  init(_ error: ScanError) {
    let message =
      switch error {
      case .libraryUnavailable(_, let reason): "the music folder can't be read: \(reason)"
      case .libraryEmpty(let knownTracks): "the music folder is empty, where \(knownTracks) tracks are known"
      case .alreadyRunning: error.description
      }
    self.init(code: error.code, message: message)
  }
}
