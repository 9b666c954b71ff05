import Gateway
import ServiceLifecycle

/// Keeps what is to survive of listeners' sessions: signs of life while the server runs, and everything at its end.
struct SessionService: Service {
  let gateway: StreamGateway

  func run() async throws {
    await cancelWhenGracefulShutdown { await gateway.leaveSigns() }
    try await gracefulShutdown()
    await gateway.close()
  }
}
