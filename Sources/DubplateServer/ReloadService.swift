import Foundation
import Logging
import ServiceLifecycle
import UnixSignals

/// Reads the configuration again at each SIGHUP, and has what may change in a running server changed.
///
/// A hang-up in the word's own sense, of the terminal on which the server was started, ends it in good order.
struct ReloadService: Service {
  let hangups: UnixSignalsSequence
  /// What was set at the start.
  let initial: ServerConfiguration
  let read: @Sendable () throws -> ServerConfiguration
  let apply: @Sendable (ServerConfiguration) throws -> Void
  /// Called at each SIGHUP, whatever became of the configuration.
  let lookAgain: @Sendable () -> Void
  let logger: Logger
  private let startedOnTerminal = isatty(STDIN_FILENO) == 1

  init(
    hangups: UnixSignalsSequence, initial: ServerConfiguration,
    read: @escaping @Sendable () throws -> ServerConfiguration,
    apply: @escaping @Sendable (ServerConfiguration) throws -> Void, lookAgain: @escaping @Sendable () -> Void,
    logger: Logger
  ) {
    self.hangups = hangups
    self.initial = initial
    self.read = read
    self.apply = apply
    self.lookAgain = lookAgain
    self.logger = logger
  }

  func run() async throws {
    await cancelWhenGracefulShutdown {
      for await _ in hangups {
        if startedOnTerminal, isatty(STDIN_FILENO) == 0 {
          logger.info("the terminal is gone")
          return
        }
        reload()
        lookAgain()
      }
    }
  }

  private func reload() {
    do {
      let configuration = try read()
      try apply(configuration)
      logger.notice("the configuration was read again; the library is looked through")
      let waiting = initial.settingsThatNeedRestart(for: configuration)
      guard !waiting.isEmpty else { return }
      logger.warning(
        "some settings change at the next start only",
        metadata: ["settings": "\(waiting.map(\.rawValue).joined(separator: ", "))"])
    } catch {
      logger.error(
        "the configuration can't be read again; what was set stays", metadata: ["error": "\(error.plainWords)"])
    }
  }
}

extension ServerConfiguration {
  /// What differs in another configuration and can't be changed while the server runs.
  func settingsThatNeedRestart(for other: ServerConfiguration) -> [ConfigurationKey] {
    ConfigurationKey.allCases.filter { key in
      switch key {
      case .audioKeys, .allowedOrigins, .scanInterval, .logLevel: false
      case .player: playerDirectory != other.playerDirectory
      case .host: host != other.host
      case .port: port != other.port
      case .tlsCertificate: tls?.certificate != other.tls?.certificate
      case .tlsKey: tls?.key != other.tls?.key
      case .data: dataDirectory != other.dataDirectory
      case .library: libraryDirectory != other.libraryDirectory
      case .jwtSecret: jwtSecret != other.jwtSecret
      case .segmentBudget: segmentBudgetBytes != other.segmentBudgetBytes
      case .memoryBudget: memoryBudgetBytes != other.memoryBudgetBytes
      case .encoders: encoderThreads != other.encoderThreads
      case .maxConnections: maxConnections != other.maxConnections
      case .connectionsPerAddress: connectionsPerAddress != other.connectionsPerAddress
      case .trustedProxies: trustedProxies != other.trustedProxies
      case .watch: watchesLibrary != other.watchesLibrary
      case .analysis: analysisTracks != other.analysisTracks
      case .socketIOClient: socketIOClientPath != other.socketIOClientPath
      }
    }
  }
}
