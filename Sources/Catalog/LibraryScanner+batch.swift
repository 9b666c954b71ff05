import Foundation
import Logging

extension LibraryScanner {
  /// Compares, looks into and writes what the walk brought, at most ``Limits/scanBatch`` items.
  func process(_ items: [LibraryWalk.Item], in run: inout ScanRun) async throws {
    var batch = ScanBatch()
    var files: [(path: String, stamp: FileStamp)] = []
    for item in items {
      switch item {
      case .file(let path, let stamp):
        files.append((path, stamp))
        run.progress.found += 1
      case .problem(let path, let error):
        run.progress.found += 1
        run.fail(path, .unknown, error, in: &batch)
      case .unreadableFolder(let path, let error):
        // One more than the bound is kept, which is how the end knows that there were too many.
        if run.unreadableFolders.count <= Limits.unreadableFolders { run.unreadableFolders.append(path) }
        run.fail(path.isEmpty ? "." : path, .unknown, error, in: &batch)
      }
    }
    let changed = try await compare(files, in: &run, batch: &batch)
    run.report()
    try await inspect(changed.filter { !$0.isSecondTry }, width: width, in: &run, batch: &batch)
    // By themselves: if the process dies again, it's clear over which.
    try await inspect(changed.filter(\.isSecondTry), width: 1, in: &run, batch: &batch)
    try await index.apply(batch, scan: run.number)
    run.report()
  }

  /// Sorts out what is as it was, and returns the rest.
  private func compare(
    _ files: [(path: String, stamp: FileStamp)], in run: inout ScanRun, batch: inout ScanBatch
  ) async throws -> [Candidate] {
    var known: [Data: KnownFile] = [:]
    for file in try await index.known(paths: files.map(\.path)) { known[Data(file.path.utf8)] = file }
    var changed: [Candidate] = []
    for (path, stamp) in files {
      let before = known[Data(path.utf8)]
      if run.interrupted[Data(path.utf8)] == stamp {
        // Written down when the scan began; the next one tries it.
        run.progress.failed += 1
        batch.stillFailing.append(path)
        continue
      }
      if let problem = before?.problem {
        if problem == stamp, before?.isPassing == false {
          run.progress.failed += 1
          run.rememberedProblems += 1
          batch.stillFailing.append(path)
          continue
        }
      } else if before?.track == stamp {
        batch.unchanged.append(path)
        if before?.isMissing == true { run.progress.updated += 1 } else { run.progress.unchanged += 1 }
        continue
      }
      let isSecondTry = before?.wasInterrupted == true && before?.problem == stamp
      changed.append(Candidate(path: path, stamp: stamp, isNew: before?.track == nil, isSecondTry: isSecondTry))
    }
    return changed
  }

  /// Looks into files, some at a time.
  private func inspect(_ files: [Candidate], width: Int, in run: inout ScanRun, batch: inout ScanBatch) async throws {
    try await withThrowingTaskGroup(of: (Candidate, Result<TrackRecord, InspectionError>).self) { group in
      var waiting = files.makeIterator()
      for _ in 0..<width {
        guard let file = waiting.next() else { break }
        group.addTask { (file, try await self.inspect(file)) }
      }
      while let (file, result) = try await group.next() {
        run.progress.probed += 1
        run.progress.currentPath = file.path
        switch result {
        case .success(let record):
          batch.records.append(record)
          if file.isNew { run.progress.added += 1 } else { run.progress.updated += 1 }
        case .failure(let error):
          logger.debug("file not taken", metadata: ["path": "\(file.path)", "code": "\(error.code)"])
          run.fail(file.path, file.stamp, error, in: &batch)
        }
        run.reportNowAndThen()
        try Task.checkCancellation()
        if let next = waiting.next() { group.addTask { (next, try await self.inspect(next)) } }
      }
    }
  }

  private func inspect(_ file: Candidate) async throws -> Result<TrackRecord, InspectionError> {
    let found = try await work.run(within: Limits.inspectionTime) {
      [inspector, covers, root, journal] () -> Result<TrackRecord, InspectionError> in
      let note = journal?.begin(.init(.scan, file.path, stamp: file.stamp, isSecondTry: file.isSecondTry))
      defer { if let note { journal?.end(note) } }
      do {
        let audio = try inspector.inspect(path: root + "/" + file.path)
        let cover = try audio.cover.flatMap(covers.store)
        return .success(try TrackRecord(path: file.path, stamp: file.stamp, audio: audio, coverKey: cover))
      } catch let error as InspectionError {
        return .failure(error)
      } catch let failure as FileSystem.Failure {
        // The disk does not take the picture; next time it may.
        return .failure(
          InspectionError(code: "cover_not_stored", message: failure.reason, isPassing: true))
      } catch {
        return .failure(InspectionError(code: "unreadable", message: "\(error)", isPassing: true))
      }
    }
    return found ?? .failure(.tookTooLong)
  }
}

/// A file that has to be looked into.
struct Candidate: Sendable {
  let path: String
  let stamp: FileStamp
  let isNew: Bool
  /// Whether the process has died over it before.
  let isSecondTry: Bool
}

/// One scan while it runs.
struct ScanRun {
  let number: Int64
  var progress = ScanProgress()
  var unreadableFolders: [String] = []
  var rememberedProblems = 0
  /// What an earlier process died over; this scan passes over it.
  var interrupted: [Data: FileStamp] = [:]
  private let onProgress: @Sendable (ScanProgress) -> Void
  private let began = ContinuousClock.now
  private var reported = ContinuousClock.now

  init(number: Int64, onProgress: @escaping @Sendable (ScanProgress) -> Void) {
    self.number = number
    self.onProgress = onProgress
  }

  mutating func fail(_ path: String, _ stamp: FileStamp, _ error: InspectionError, in batch: inout ScanBatch) {
    progress.failed += 1
    batch.problems.append(
      ScanBatch.Problem(
        path: path, stamp: stamp, error: error, isRemembered: rememberedProblems < Limits.scanProblems))
    rememberedProblems += 1
  }

  mutating func report() {
    reported = .now
    progress.elapsed = reported - began
    onProgress(progress)
  }

  mutating func reportNowAndThen() {
    if ContinuousClock.now - reported >= .seconds(Limits.progressSeconds) { report() }
  }
}
