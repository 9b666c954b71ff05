import Catalog
import Logging

/// Names in the log what scans have skipped, each file once as long as it is skipped for the same reason.
struct SkippedFiles {
  private var named: Set<String> = []

  /// - Parameter index: where they stand; nil when there are none.
  mutating func report(_ index: (any LibraryIndex)?, logger: Logger) async throws {
    var present: Set<String> = []
    var more = 0
    while let index {
      let page = try await index.problems(limit: ServerLimits.problemsPage, offset: present.count)
      for problem in page {
        let name = "\(problem.path)\n\(problem.message)"
        guard present.insert(name).inserted, !named.contains(name) else { continue }
        more += 1
        guard more <= ServerLimits.namedProblems else { continue }
        logger.warning(
          "a file was skipped",
          metadata: ["path": "\(problem.path)", "code": "\(problem.code)", "reason": "\(problem.message)"])
      }
      if page.count < ServerLimits.problemsPage { break }
    }
    if more > ServerLimits.namedProblems {
      logger.warning(
        "more files were skipped; `dubplate scan` names them",
        metadata: ["files": "\(more - ServerLimits.namedProblems)"])
    }
    named = present
  }
}
