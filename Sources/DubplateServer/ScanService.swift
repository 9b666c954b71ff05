import Catalog
import Foundation
import Logging
import ServiceLifecycle

/// Looks through the library at the start and then as its schedule says.
struct ScanService: Service {
  let scanner: LibraryScanner
  let index: any LibraryIndex
  let schedule: ScanSchedule
  let logger: Logger
  /// Called after each look through the library, also one that failed: what is known can be worked on.
  let onScanned: @Sendable () -> Void

  func run() async throws {
    // Cancelled by a graceful shutdown, also in the middle of a scan: what is done is kept, the rest is done next time.
    await cancelWhenGracefulShutdown {
      var patience: Duration?
      repeat {
        let report = await scanOnce()
        // What was passed over is innocent as a rule, and was only in hand when somebody killed the server.
        patience = report.flatMap { $0.interrupted > 0 ? ServerLimits.secondTry : nil }
        onScanned()
      } while await schedule.next(within: patience)
    }
    try await gracefulShutdown()
  }

  /// Nil if it came to nothing.
  private func scanOnce() async -> ScanReport? {
    let reporter = ScanReporter(logger: logger)
    do {
      let report = try await scanner.scan { reporter.note($0) }
      logger.info("library scanned", metadata: Self.metadata(of: report.progress))
      guard report.progress.failed > 0 else { return report }
      for problem in try await index.problems(limit: 20, offset: 0) {
        logger.warning(
          "a file was skipped",
          metadata: ["path": "\(problem.path)", "code": "\(problem.code)", "reason": "\(problem.message)"])
      }
      return report
    } catch is CancellationError {
      logger.info("library scan stopped; it goes on at the next start")
    } catch {
      logger.error("library can't be scanned; what is known stays", metadata: ["error": "\(error)"])
    }
    return nil
  }

  static func metadata(of progress: ScanProgress) -> Logger.Metadata {
    [
      "found": "\(progress.found)", "added": "\(progress.added)", "updated": "\(progress.updated)",
      "unchanged": "\(progress.unchanged)",
      "missing": "\(progress.missing)", "failed": "\(progress.failed)", "elapsed": "\(progress.elapsed)",
    ]
  }
}
