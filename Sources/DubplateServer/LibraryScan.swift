import Catalog
import Foundation
import Logging

/// A look through the library at once: `dubplate scan`, beside a running server or without one.
public struct LibraryScan: Sendable {
  /// What came of it.
  public struct Result: Sendable {
    /// Files found, and of those the new, the changed, the gone and the skipped.
    public let found: Int
    public let added: Int
    public let updated: Int
    public let missing: Int
    public let failed: Int
    /// Every file that is skipped, and why.
    public let skipped: [(path: String, reason: String)]
  }

  /// How far it is.
  public enum Progress: Sendable {
    /// So many files were found.
    case found(Int)
    /// The process that was asked, and is waited for.
    case asked(pid: Int32)
    /// Another scan runs, and is waited for.
    case waiting(pid: Int32)
  }

  /// Why it came to nothing, for people.
  public struct Failure: Error, Sendable, CustomStringConvertible {
    public let description: String
  }

  private let configuration: ServerConfiguration

  public init(_ configuration: ServerConfiguration) {
    self.configuration = configuration
  }

  /// Scans, or has the server scan that uses the data folder: two at a time would each take the other's tracks for gone.
  /// - Throws: ``Failure``, ``ConfigurationError``, or what opening the data folder throws.
  public func run(report: @escaping @Sendable (Progress) -> Void) async throws -> Result {
    let shared = try DataDirectory.openShared(path: configuration.dataDirectory)
    let index = SQLiteLibraryIndex(try shared.openDatabase())
    while true {
      let data: DataDirectory
      do throws(DataDirectoryError) {
        data = try DataDirectory.open(path: shared.path, takesRequests: false)
      } catch {
        guard case .inUse(let pid) = error else { throw error }
        // Nil where the holder has ended meanwhile: it is this process' turn.
        if let outcome = try await ask(index, heldBy: pid, report) { return try await result(outcome, index) }
        continue
      }
      return try await result(.taken(try await scan(data, index, report)), index)
    }
  }

  private func scan(
    _ data: DataDirectory, _ index: SQLiteLibraryIndex, _ report: @escaping @Sendable (Progress) -> Void
  ) async throws -> ScanProgress {
    try configuration.checkFolders()
    defer { withExtendedLifetime(data) {} }
    let journal = try InspectionJournal(path: data.journalPath)
    defer { journal.close() }
    let scanner = LibraryScanner(
      root: configuration.libraryDirectory, index: index, covers: CoverStore(directory: data.coversPath),
      inspector: ProbeInspector(), journal: journal)
    return try await scanner.scan { report(.found($0.found)) }.progress
  }

  private func ask(
    _ index: SQLiteLibraryIndex, heldBy pid: Int32?, _ report: (Progress) -> Void
  ) async throws -> ScanOutcome? {
    let path = configuration.dataDirectory
    let before = try await index.lastScan()
    let holder: Int32
    switch DataDirectory.requestScan(path: path) {
    case .made(let pid):
      holder = pid
      report(.asked(pid: pid))
    case .busy(let pid):
      holder = pid
      report(.waiting(pid: pid))
    case .nobody:
      throw Failure(
        description: """
          the server\(pid.map { " (pid \($0))" } ?? "") that uses the data folder \(path) can't be reached from here: \
          ask as its own user or from its container, send it SIGHUP, or press «Look again» in the player
          """)
    }
    while DataDirectory.isHeld(path: path, by: holder) {
      if let outcome = try await index.outcome(after: before) { return outcome }
      try await Task.sleep(for: ServerLimits.scanPoll)
    }
    return nil
  }

  private func result(_ outcome: ScanOutcome, _ index: SQLiteLibraryIndex) async throws -> Result {
    let progress: ScanProgress
    switch outcome {
    case .failed(let reason): throw Failure(description: "the server could not look through its library: \(reason)")
    case .taken(let counts): progress = counts
    }
    var skipped: [(path: String, reason: String)] = []
    while true {
      let page = try await index.problems(limit: ServerLimits.problemsPage, offset: skipped.count)
      skipped += page.map { ($0.path, $0.message) }
      if page.count < ServerLimits.problemsPage { break }
    }
    return Result(
      found: progress.found, added: progress.added, updated: progress.updated, missing: progress.missing,
      failed: progress.failed, skipped: skipped)
  }
}
