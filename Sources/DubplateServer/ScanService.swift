import Catalog
import Foundation
import Logging
import ServiceLifecycle
import WebAPI

/// Looks through the library at the start and then as its schedule says.
struct ScanService: Service {
  let scanner: LibraryScanner
  let index: any LibraryIndex
  let desk: ScanDesk
  /// Where the library should be.
  let library: String
  let logger: Logger
  /// Called after each look through the library, also one that failed: what is known can be worked on.
  let onScanned: @Sendable () -> Void

  func run() async throws {
    // Cancelled by a graceful shutdown, also in the middle of a scan: what is done is kept, the rest is done next time.
    await cancelWhenGracefulShutdown {
      var skipped = SkippedFiles()
      var patience: Duration?
      repeat {
        let report = await scanOnce(&skipped)
        // What was passed over is innocent as a rule, and was only in hand when somebody killed the server.
        patience = report.flatMap { $0.interrupted > 0 ? ServerLimits.secondTry : nil }
        // One that came to nothing may have left the folders unwatched.
        if report == nil || desk.state.problem != nil { patience = ServerLimits.libraryPatience }
        onScanned()
      } while await desk.schedule.next(within: patience)
    }
    try await gracefulShutdown()
  }

  /// Whether there is a library, before anybody is told that the server is ready; the scan, which takes longer, says why.
  static func check(_ scanner: LibraryScanner, _ desk: ScanDesk, library: String, logger: Logger) async {
    do {
      try await scanner.checkRoot()
    } catch let error as ScanError {
      if desk.fail(error, now: Date()) { report(error, library: library, logger: logger) }
    } catch {
      logger.warning("the library can't be looked at", metadata: ["error": "\(error.plainWords)"])
    }
  }

  /// Nil if it came to nothing.
  private func scanOnce(_ skipped: inout SkippedFiles) async -> ScanReport? {
    let reporter = ScanReporter(logger: logger)
    desk.begin()
    do {
      let report = try await scanner.scan {
        desk.note($0)
        reporter.note($0)
      }
      desk.end(report.progress, now: Date())
      logger.info("library scanned", metadata: Self.metadata(of: report.progress))
      try await skipped.report(report.progress.failed > 0 ? index : nil, logger: logger)
      return report
    } catch is CancellationError {
      desk.breakOff(now: Date())
      logger.info("library scan stopped; it goes on at the next start")
    } catch let error as ScanError {
      if desk.fail(error, now: Date()) { Self.report(error, library: library, logger: logger) }
    } catch {
      desk.breakOff(now: Date())
      logger.error("library can't be scanned; what is known stays", metadata: ["error": "\(error.plainWords)"])
    }
    return nil
  }

  private static func report(_ error: ScanError, library: String, logger: Logger) {
    logger.error(
      "there is no library: mount the disk, or name another folder; it is looked for again by itself",
      metadata: [
        "library": "\(library)", "setting": "\(ConfigurationKey.library.names)",
        "reason": "\(LibraryState.Problem(error).message)",
      ])
  }

  static func metadata(of progress: ScanProgress) -> Logger.Metadata {
    [
      "found": "\(progress.found)", "added": "\(progress.added)", "updated": "\(progress.updated)",
      "unchanged": "\(progress.unchanged)",
      "missing": "\(progress.missing)", "failed": "\(progress.failed)",
      "elapsed": "\(DurationText.of(progress.elapsed))",
    ]
  }
}
