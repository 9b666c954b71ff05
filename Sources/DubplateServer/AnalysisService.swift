import AudioCodec
import Catalog
import Foundation
import Logging
import ServiceLifecycle

/// Analyses what each scan has found, and goes on at the next start where it was stopped.
struct AnalysisService: Service {
  let desk: AnalysisDesk
  let sweep: AnalysisSweep?
  let repository: any AnalysisRepository
  /// Says when a scan has ended.
  let scans: AsyncStream<Void>
  let logger: Logger

  /// - Parameter width: tracks at a time; 0 analyses only what is asked for.
  init(
    desk: AnalysisDesk, repository: any AnalysisRepository, width: Int, scans: AsyncStream<Void>, logger: Logger
  ) {
    self.desk = desk
    self.repository = repository
    self.scans = scans
    self.logger = logger
    sweep = width > 0 ? AnalysisSweep(desk: desk, repository: repository, width: width, began: Date()) : nil
  }

  func run() async throws {
    await recordInterrupted()
    await cancelWhenGracefulShutdown {
      for await _ in scans { await analyse() }
    }
    try await gracefulShutdown()
    do {
      try await desk.close()
    } catch {
      logger.error("a part of the server did not end well", metadata: ["part": "analysis", "error": "\(error)"])
    }
  }

  private func recordInterrupted() async {
    do {
      let count = try await desk.recordInterrupted()
      guard count > 0 else { return }
      logger.warning(
        "the server ended while it analysed tracks; they are tried again after the next start",
        metadata: ["tracks": "\(count)"])
    } catch {
      logger.error("what was being analysed when the server ended can't be noted", metadata: ["error": "\(error)"])
    }
  }

  private func analyse() async {
    do {
      let forgotten = try await repository.forgetOrphans()
      if forgotten > 0 { logger.debug("forgot analyses of files that are gone", metadata: ["count": "\(forgotten)"]) }
      guard let sweep else { return }
      let pending = try await sweep.pending()
      guard pending.tracks > 0 else { return }
      let clock = ContinuousClock()
      let began = clock.now
      var (done, failed, reported) = (0, 0, began)
      func metadata() -> Logger.Metadata {
        [
          "tracks": "\(pending.tracks)", "done": "\(done)", "failed": "\(failed)",
          "elapsed": "\(DurationText.of(clock.now - began))",
        ]
      }
      try await sweep.run { track, outcome in
        switch outcome {
        case .analysed: done += 1
        case .failed(let failure):
          failed += 1
          logger.warning(
            "a track can't be analysed",
            metadata: ["path": "\(track.path)", "code": "\(failure.code)", "reason": "\(failure.message)"])
        case .stopped, .notStored: break
        }
        guard clock.now - reported >= ServerLimits.analysisReport else { return }
        reported = clock.now
        logger.info("analysing the library", metadata: metadata())
      }
      logger.info(
        Task.isCancelled ? "analysis stopped; it goes on at the next start" : "library analysed", metadata: metadata())
    } catch is CancellationError {
      logger.info("analysis stopped; it goes on at the next start")
    } catch {
      logger.error("the library can't be analysed; the next scan tries again", metadata: ["error": "\(error)"])
    }
  }
}
