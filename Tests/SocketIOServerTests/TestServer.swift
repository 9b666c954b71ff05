import EngineIO
import Hummingbird
import Logging
import NIOCore
import NIOPosix
import SocketIO
import SocketIOServer
import Testing

/// Runs `body` against a server on a free port of loopback, and stops the server in good order afterwards.
func withServer(
  configure: (inout SocketIOServer.Configuration) -> Void = { _ in }, threads: Int = 1,
  adapter: @escaping @Sendable (String, any LocalSockets) -> any SocketAdapter = { InProcessAdapter(local: $1) },
  setUp: (SocketIOServer) -> Void = { _ in }, _ body: @escaping @Sendable (SocketIOServer, Int) async throws -> Void
) async throws {
  var configuration = SocketIOServer.Configuration()
  configuration.engine.upgradeTimeout = .seconds(100)
  configuration.connectTimeout = .seconds(110)
  configure(&configuration)
  let server = SocketIOServer(configuration: configuration, logger: quietLogger, adapter: adapter)
  setUp(server)
  try await withApplication(.socket(server), threads: threads) { port in
    try await body(server, port)
    await server.close()
  }
}

/// The same for an Engine.IO server that echoes.
func withEngine(
  configure: (inout EngineServer.Configuration) -> Void = { _ in }, threads: Int = 1,
  _ body: @escaping @Sendable (EngineServer, Int) async throws -> Void
) async throws {
  var configuration = EngineServer.Configuration()
  // On a machine that is busy with all the other tests a client is slow.
  configuration.upgradeTimeout = .seconds(100)
  configure(&configuration)
  let server = EngineServer(configuration: configuration, logger: quietLogger) { socket in
    socket.receiver = Echo(socket)
  }
  try await withApplication(.engine(server), threads: threads) { port in
    try await body(server, port)
    await server.close()
  }
}

let quietLogger: Logger = {
  var logger = Logger(label: "test")
  logger.logLevel = .critical
  return logger
}()

private enum Served {
  case engine(EngineServer)
  case socket(SocketIOServer)
}

private func withApplication(
  _ served: Served, threads: Int, _ body: @escaping @Sendable (Int) async throws -> Void
) async throws {
  let group = MultiThreadedEventLoopGroup(numberOfThreads: threads)
  let (ports, port) = AsyncStream.makeStream(of: Int.self)
  let router = Router()
  router.get("/plain") { _, _ in "plain" }
  let configuration = ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0))
  let running: @Sendable (any Channel) async -> Void = { port.yield($0.localAddress?.port ?? 0) }
  let app =
    switch served {
    case .engine(let server):
      Application(
        router: router, server: .engineIO(server), configuration: configuration, onServerRunning: running,
        eventLoopGroupProvider: .shared(group), logger: quietLogger)
    case .socket(let server):
      Application(
        router: router, server: .socketIO(server), configuration: configuration, onServerRunning: running,
        eventLoopGroupProvider: .shared(group), logger: quietLogger)
    }
  try await withThrowingTaskGroup(of: Void.self) { tasks in
    tasks.addTask { try await app.run() }
    var iterator = ports.makeAsyncIterator()
    let number = try #require(await iterator.next())
    let result: Result<Void, any Error>
    do {
      try await body(number)
      result = .success(())
    } catch {
      result = .failure(error)
    }
    tasks.cancelAll()
    try? await tasks.waitForAll()
    try result.get()
  }
  try await group.shutdownGracefully()
}

final class Echo: EngineReceiver {
  private unowned let socket: EngineSocket

  init(_ socket: EngineSocket) { self.socket = socket }

  func received(text: ByteBuffer) { socket.send(text: text) }
  func received(binary: ByteBuffer) { socket.send(binary: binary) }
  func closed(_ reason: EngineCloseReason) {}
}

/// Fails instead of hanging.
func within<Result: Sendable>(
  _ limit: Duration = .seconds(20), _ body: @escaping @Sendable () async throws -> Result
) async throws -> Result {
  try await withThrowingTaskGroup(of: Result.self) { tasks in
    tasks.addTask { try await body() }
    tasks.addTask {
      try await Task.sleep(for: limit)
      throw TestTimeout()
    }
    let result = try await tasks.next()
    tasks.cancelAll()
    return try #require(result)
  }
}

struct TestTimeout: Error {}

/// Waits until something holds; fails instead of hanging.
func eventually(_ condition: @escaping @Sendable () -> Bool) async throws {
  try await within(.seconds(60)) {
    while !condition() { try await Task.sleep(for: .milliseconds(2)) }
  }
}

/// Values that handlers on event loops hand to the test.
struct Mailbox<Value: Sendable>: Sendable {
  private let stream: AsyncStream<Value>
  private let continuation: AsyncStream<Value>.Continuation

  init() { (stream, continuation) = AsyncStream.makeStream(of: Value.self) }

  func put(_ value: Value) { continuation.yield(value) }

  func next() async throws -> Value {
    try await within {
      var iterator = stream.makeAsyncIterator()
      return try #require(await iterator.next())
    }
  }
}
