import ArgumentParser
import EngineIO
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import SocketIO
import SocketIOServer

/// The server that `Tests/Clients` lets official clients talk to.
@main
struct Scenarios: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "A Socket.IO server for the tests of official clients: auth, acks, binary, namespaces, recovery.")

  @Option(help: "The port to listen on, on loopback.")
  var port = 3000

  @Option(help: "Milliseconds between pings.")
  var pingInterval = 25_000

  @Option(help: "Milliseconds that a pong may take.")
  var pingTimeout = 20_000

  @Option(help: "The official browser client, served with the page at /.")
  var clientBundle: String?

  @Flag(help: "Give clients back what they missed.")
  var recovery = false

  @Flag(help: "Write packets as MessagePack.")
  var msgpack = false

  @Flag(help: "Compress every message and every answer to a poll for clients that take it.")
  var deflate = false

  func run() async throws {
    var logger = Logger(label: "scenarios")
    logger.logLevel = .warning
    var configuration = SocketIOServer.Configuration()
    configuration.pingInterval = .milliseconds(pingInterval)
    configuration.pingTimeout = .milliseconds(pingTimeout)
    configuration.clientBundle = clientBundle
    if recovery { configuration.recovery = .init() }
    if msgpack { configuration.codec = .messagePack }
    if deflate {
      var everything = EngineServer.Deflate()
      everything.threshold = 1
      configuration.perMessageDeflate = everything
      configuration.httpCompression = everything
    }
    let io = SocketIOServer(configuration: configuration, logger: logger)
    guarded(io.of("/"))
    let slow = io.of("/slow")
    // As one that asks a database.
    slow.use { _ in try await Task.sleep(for: .milliseconds(30)) }
    for namespace in [io.of("/open") as any NamespaceConfiguring, slow, io.of { name, _ in name.hasPrefix("/room-") }] {
      namespace.on("tell all") { $0.socket.namespace.emit("told", $0.arguments[0]) }
      namespace.onConnection { socket in socket.emit("welcome", .string(socket.namespace.name)) }
      namespace.on("echo") { $0.acknowledge(arguments: $0.arguments) }
    }

    let router = Router()
    router.get("/") { _, _ in
      let page = "<!doctype html><title>scenarios</title><script src=/socket.io/socket.io.js></script>"
      return Response(
        status: .ok, headers: [.contentType: "text/html"], body: .init(byteBuffer: ByteBuffer(string: page)))
    }
    let application = Application(
      router: router, server: .socketIO(io), configuration: .init(address: .hostname("127.0.0.1", port: port)),
      logger: logger)
    try await application.runService()
  }

  /// `/`: lets in who knows the word, and does what it is asked.
  private func guarded(_ namespace: Namespace) {
    namespace.use { connection in
      guard connection.handshake.auth["token"] == "open sesame" else {
        throw ConnectError("not authorized", data: ["code": "bad_token"])
      }
    }
    namespace.on("echo") { $0.acknowledge(arguments: $0.arguments) }
    namespace.on("repeat") { $0.socket.emit("repeated", arguments: $0.arguments) }
    namespace.on("count") { event in
      for number in 0..<(event.arguments[0].int ?? 0) { event.socket.emit("number", .int(number)) }
    }
    namespace.on("ask") { event in
      // What the client is asked, and what it answers, goes through unchanged.
      event.socket.emit("question", arguments: event.arguments, timeout: .seconds(10)) { answer in
        switch answer {
        case .success(let arguments): event.acknowledge(arguments: arguments)
        case .failure(let error): event.acknowledge(["error": .string("\(error)")])
        }
      }
    }
    namespace.on("join") { event in
      guard let room = event.arguments[0].string else { return }
      event.socket.join(room)
      event.acknowledge()
    }
    namespace.on("tell") { event in
      guard let room = event.arguments[0].string else { return }
      namespace.to(room).emit("told", arguments: Array(event.arguments.dropFirst()))
      event.acknowledge()
    }
    namespace.on("tell volatile") { event in
      guard let room = event.arguments[0].string else { return }
      namespace.to(room).volatile.emit("status", event.arguments[1])
      event.acknowledge()
    }
    namespace.on("leave me") { $0.socket.disconnect(close: $0.arguments[0].bool ?? false) }
  }
}
