import Catalog
import Logging
import Synchronization

/// Logs the progress of a long scan, every five seconds.
final class ScanReporter: Sendable {
  private let logger: Logger
  private let last = Mutex(ContinuousClock.now)

  init(logger: Logger) {
    self.logger = logger
  }

  func note(_ progress: ScanProgress) {
    let isDue = last.withLock { last in
      let now = ContinuousClock.now
      guard now - last >= .seconds(5) else { return false }
      last = now
      return true
    }
    if isDue { logger.info("scanning the library", metadata: ScanService.metadata(of: progress)) }
  }
}
