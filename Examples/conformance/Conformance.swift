import ArgumentParser
import EngineIO
import Hummingbird
import Logging
import NIOCore
import SocketIO
import SocketIOServer

/// The server that the official conformance suites of Engine.IO v4 and Socket.IO v5 ask for.
@main
struct Conformance: AsyncParsableCommand {
  enum Mode: String, ExpressibleByArgument {
    case engine = "engine.io"
    case socket = "socket.io"
  }

  @Option(help: "engine.io or socket.io")
  var mode = Mode.socket

  @Option(help: "The port to listen on, on loopback.")
  var port = 3000

  @Option(help: "Milliseconds between pings; the suites want 300.")
  var pingInterval = 300

  @Option(help: "Milliseconds that a pong may take; the suites want 200.")
  var pingTimeout = 200

  func run() async throws {
    var logger = Logger(label: "conformance")
    logger.logLevel = .warning
    let configuration = ApplicationConfiguration(address: .hostname("127.0.0.1", port: port))
    let router = Router()
    let app =
      switch mode {
      case .engine:
        Application(
          router: router, server: .engineIO(engine(logger)), configuration: configuration, logger: logger)
      case .socket:
        Application(
          router: router, server: .socketIO(socket(logger)), configuration: configuration, logger: logger)
      }
    try await app.runService()
  }

  /// Echoes every message.
  func engine(_ logger: Logger) -> EngineServer {
    var configuration = EngineServer.Configuration()
    configuration.pingInterval = .milliseconds(pingInterval)
    configuration.pingTimeout = .milliseconds(pingTimeout)
    return EngineServer(configuration: configuration, logger: logger) { socket in
      socket.receiver = Echo(socket)
    }
  }

  /// What the Socket.IO suite expects of `/` and `/custom`.
  func socket(_ logger: Logger) -> SocketIOServer {
    var configuration = SocketIOServer.Configuration()
    configuration.pingInterval = .milliseconds(pingInterval)
    configuration.pingTimeout = .milliseconds(pingTimeout)
    configuration.connectTimeout = .milliseconds(1000)
    let server = SocketIOServer(configuration: configuration, logger: logger)
    for name in ["/", "/custom"] {
      server.of(name).onConnection { socket in socket.emit("auth", socket.handshake.auth) }
    }
    server.of("/").on("message") { event in event.socket.emit("message-back", arguments: event.arguments) }
    server.of("/").on("message-with-ack") { event in event.acknowledge(arguments: event.arguments) }
    return server
  }
}

/// Sends back what comes.
final class Echo: EngineReceiver {
  // The session holds its receiver until it ends.
  private unowned let socket: EngineSocket

  init(_ socket: EngineSocket) { self.socket = socket }

  func received(text: ByteBuffer) { socket.send(text: text) }
  func received(binary: ByteBuffer) { socket.send(binary: binary) }
  func closed(_ reason: EngineCloseReason) {}
}
