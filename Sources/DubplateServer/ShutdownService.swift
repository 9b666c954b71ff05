import Logging
import ServiceLifecycle

/// Does something when the server goes down in good order. In a group, services go down last first.
struct ShutdownService: Service {
  let name: String
  let logger: Logger
  let shutDown: @Sendable () async throws -> Void

  func run() async throws {
    try await gracefulShutdown()
    do {
      try await shutDown()
    } catch {
      logger.error("a part of the server did not end well", metadata: ["part": "\(name)", "error": "\(error)"])
    }
  }
}
