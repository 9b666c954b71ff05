import Foundation
import Logging
import Synchronization

/// Brings the catalogue up to date with a folder of music.
///
/// The folder is walked a few hundred files at a time: they are compared with what is known, the new and changed ones
/// are looked into by as many threads as there are cores, and the result is written in one transaction. A scan that is
/// killed keeps what it wrote, and the next one only has the rest to look into.
public final class LibraryScanner: Sendable {
  let root: String
  let index: any LibraryIndex
  let covers: CoverStore
  let inspector: any AudioInspecting
  let journal: InspectionJournal?
  let logger: Logger
  let width: Int
  let onFolder: @Sendable (String) -> Void
  let work = BlockingWork(label: "dubplate.scan")
  private let isRunning = Mutex(false)

  /// A scanner of one library.
  /// - Parameters:
  ///   - root: the library's folder, absolute.
  ///   - journal: where what is being looked into is noted; nil for nowhere.
  ///   - width: files that are looked into at a time; the number of cores by default.
  ///   - onFolder: is told each folder's path, before the names in it are read. On a thread of the scan's.
  public init(
    root: String, index: any LibraryIndex, covers: CoverStore, inspector: any AudioInspecting,
    journal: InspectionJournal? = nil, logger: Logger = Logger(label: "dubplate.scan"),
    width: Int = ProcessInfo.processInfo.activeProcessorCount, onFolder: @escaping @Sendable (String) -> Void = { _ in }
  ) {
    self.root = root
    self.index = index
    self.covers = covers
    self.inspector = inspector
    self.journal = journal
    self.logger = logger
    self.width = max(width, 1)
    self.onFolder = onFolder
  }

  /// Scans the whole library. Ends early when the task is cancelled, and loses nothing that was written.
  /// - Parameter onProgress: called with every few hundred files and every quarter of a second; never twice at once.
  /// - Throws: ``ScanError``, `CancellationError`, or what the index throws.
  public func scan(
    onProgress: @escaping @Sendable (ScanProgress) -> Void = { _ in }
  ) async throws -> ScanReport {
    let mayRun = isRunning.withLock { running in
      defer { running = true }
      return !running
    }
    guard mayRun else { throw ScanError.alreadyRunning }
    defer { isRunning.withLock { $0 = false } }
    let number = try await index.beginScan()
    do {
      let report = try await walk(number, onProgress)
      try await index.record(.taken(report.progress), of: number)
      return report
    } catch let error as ScanError {
      try await index.record(.failed(error.description), of: number)
      throw error
    }
  }

  /// Whether the library's folder is there and can be read.
  /// - Throws: ``ScanError/libraryUnavailable(path:reason:)``.
  public func checkRoot() async throws {
    _ = try await rootIdentity()
    _ = try await makeWalk()
  }

  private func makeWalk() async throws -> LibraryWalk {
    try await work.run { [root] in
      do {
        return try LibraryWalk(root: root, onFolder: self.onFolder)
      } catch let failure as FileSystem.Failure {
        throw ScanError.libraryUnavailable(path: root, reason: failure.reason)
      }
    }
  }

  private func walk(
    _ number: Int64, _ onProgress: @escaping @Sendable (ScanProgress) -> Void
  ) async throws -> ScanReport {
    let known = try await index.presentCount()
    let before = try await rootIdentity()
    let walk = try await makeWalk()
    var run = ScanRun(number: number, onProgress: onProgress)
    try await recordInterrupted(in: &run)
    while true {
      try Task.checkCancellation()
      let items = try await work.run { walk.next(Limits.scanBatch) }
      if items.isEmpty { break }
      try await process(items, in: &run)
    }
    // Between the first name and the last the disk may have gone; what was not seen then says nothing.
    guard try await rootIdentity() == before, !run.unreadableFolders.contains("") else {
      throw ScanError.libraryUnavailable(path: root, reason: "it went away during the scan")
    }
    guard run.progress.found > 0 || known == 0 else { throw ScanError.libraryEmpty(knownTracks: known) }
    return try await finish(&run)
  }

  private func finish(_ run: inout ScanRun) async throws -> ScanReport {
    var removedCovers = 0
    if run.unreadableFolders.count <= Limits.unreadableFolders {
      run.progress.missing = try await index.finishScan(run.number, keeping: run.unreadableFolders)
    } else {
      logger.debug("too many unreadable folders: no track is marked as missing")
    }
    if run.progress.updated > 0 {
      removedCovers = try await covers.sweep { [index] in try await index.referencedCovers(among: $0) }
    }
    run.progress.currentPath = nil
    run.report()
    return ScanReport(
      progress: run.progress, unreadableFolders: run.unreadableFolders.count, removedCovers: removedCovers,
      interrupted: run.interrupted.count)
  }

  private func rootIdentity() async throws -> FileSystem.Identity {
    try await work.run { [root] in
      do {
        let status = try FileSystem.status(root)
        guard status.kind == .folder else { throw ScanError.libraryUnavailable(path: root, reason: "it is no folder") }
        return status.identity
      } catch let failure as FileSystem.Failure {
        throw ScanError.libraryUnavailable(path: root, reason: failure.reason)
      }
    }
  }
}
