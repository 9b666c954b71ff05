import Foundation

extension LibraryScanner {
  /// Writes down what an earlier process died over, before anything is looked into that could end this one as well.
  func recordInterrupted(in run: inout ScanRun) async throws {
    let left = journal?.interrupted.filter { $0.work == .scan } ?? []
    guard !left.isEmpty else { return }
    let present = try await work.run { [root] in
      left.filter { entry in
        do {
          return try FileSystem.status(root + "/" + entry.name).stamp == entry.stamp
        } catch {
          // Gone, or out of sight: what it is then is found out anew.
          return false
        }
      }
    }
    var batch = ScanBatch()
    for entry in present {
      let error = InspectionError.interrupted(isSecondTry: entry.isSecondTry)
      run.interrupted[Data(entry.name.utf8)] = entry.stamp
      batch.problems.append(
        ScanBatch.Problem(path: entry.name, stamp: entry.stamp, error: error, isRemembered: true))
    }
    try await index.apply(batch, scan: run.number)
    for entry in left { journal?.settle(entry) }
  }
}
