import EngineIO
import Logging
import NIOCore
import NIOEmbedded
import SocketIO
import Synchronization
import Testing

@testable import SocketIOServer

/// Clients that come, leave, try again, are refused and cut while namespaces are still being asked, in every order, against
/// a model that knows nothing of how it's done.
@Suite struct NamespaceModelTests {
  /// What the model says of one client in one namespace.
  private enum Place: Equatable {
    case out
    /// On the way in, with the number of the latest attempt.
    case asking(Int)
    case inside
  }

  /// An attempt whose middleware hasn't answered.
  private struct Question: Sendable {
    let client: Int
    let namespace: String
    let number: Int
    let answer: @Sendable (ConnectError?) -> Void
  }

  private final class Questions: Sendable {
    let open = Mutex<[Question]>([])
  }

  private static let names = ["/fixed", "/room-1", "/room-2", "/room-\u{e9}", "/room-e\u{301}"]

  /// A client on a loop that turns when it's told to. It polls, so what it's sent waits in a queue to be looked at.
  private final class TestClient {
    let engine: EngineSocket
    let loop: EmbeddedEventLoop
    var places: [BytewiseName: Place] = [:]
    var isCut = false

    init(_ server: EngineServer, _ loop: EmbeddedEventLoop, _ start: (EngineSocket) -> Void) throws {
      self.loop = loop
      let handshake = Handshake(
        headers: [], target: RequestTarget(uri: "/"), remoteAddress: "", transport: .polling)
      engine = try server.open(handshake: handshake, on: loop)
      start(engine)
    }

    func send(_ packet: SocketPacket) { engine.received(EnginePacket(.message, packet.encode().text)) }

    /// What has come since the last time.
    func received() throws -> [SocketPacket] {
      guard let body = engine.polling?.takeBody(), body.readableBytes > 0 else { return [] }
      return try PollingPayload.decode(body).filter { $0.kind == .message }.map { packet in
        var decoder = SocketPacketDecoder()
        return try #require(try decoder.decode(text: packet.payload))
      }
    }
  }

  /// Something is not as the model says.
  private struct Difference: Error {
    let seed: UInt64
    let what: String
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func everyOrderAgreesWithTheModel(block: UInt64) throws {
    for seed in block * 150..<(block + 1) * 150 {
      do {
        try run(seed: seed)
      } catch let difference as Difference {
        Issue.record("seed \(difference.seed): \(difference.what)")
        return
      }
    }
  }

  private func run(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let loop = EmbeddedEventLoop()
    defer { try? loop.syncShutdownGracefully() }
    let registry = NamespaceRegistry(logger: quietLogger, recovery: nil) { InProcessAdapter(local: $1) }
    // Waits to be answered by the test; an attempt is known by the number in its auth.
    registry.namespace("/fixed").use { _ in }
    registry.parent(.immediate { name, _ in name.hasPrefix("/room-") }).use { _ in }
    let questions = Questions()
    var configuration = SocketIOServer.Configuration()
    configuration.connectTimeout = .seconds(3_600)
    let server = EngineServer(configuration: configuration.engine, logger: quietLogger, hasGuests: true) { _ in }
    var clients: [TestClient] = []
    func newClient() throws {
      let index = clients.count
      let client = try TestClient(server, loop) { engine in
        Client(
          engine: engine, namespaces: registry, configuration: configuration,
          ask: { _, connection, _, answer in
            let number = Int(connection.handshake.auth["number"]?.int ?? -1)
            let question = Question(
              client: index, namespace: connection.namespace.name, number: number, answer: answer)
            questions.open.withLock { $0.append(question) }
          }
        ).start()
      }
      clients.append(client)
    }
    for _ in 0..<3 { try newClient() }

    var attempts = 0
    for step in 0..<60 {
      let index = Int.random(in: 0..<clients.count, using: &random)
      let client = clients[index]
      let name = Self.names.randomElement(using: &random) ?? "/fixed"
      let key = BytewiseName(name)
      switch Int.random(in: 0..<12, using: &random) {
      case 0...3 where !client.isCut:
        attempts += 1
        client.send(SocketPacket(.connect, namespace: name, data: ["number": .int(Int64(attempts))]))
        client.places[key] = .asking(attempts)
      case 4 where !client.isCut && client.places[key] ?? .out != .out:
        client.send(SocketPacket(.disconnect, namespace: name))
        client.places[key] = .out
      case 5...8:
        let question = questions.open.withLock { open in
          open.indices.randomElement(using: &random).map { open.remove(at: $0) }
        }
        guard let question else { continue }
        let isRefused = Int.random(in: 0..<4, using: &random) == 0
        question.answer(isRefused ? ConnectError("no") : nil)
        loop.run()
        let asked = clients[question.client]
        let counts = !asked.isCut && asked.places[BytewiseName(question.namespace)] == .asking(question.number)
        if counts { asked.places[BytewiseName(question.namespace)] = isRefused ? .out : .inside }
        let answers = try asked.received().filter { $0.kind == .connect || $0.kind == .connectError }
        guard answers.map(\.kind) == (counts ? [isRefused ? .connectError : .connect] : []) else {
          throw Difference(seed: seed, what: "an attempt is answered otherwise")
        }
      case 9 where !client.isCut && Int.random(in: 0..<4, using: &random) == 0:
        client.engine.close(.transportClose)
        client.isCut = true
        client.places = [:]
        try newClient()
      default:
        guard let namespace = registry.existing(name) else { continue }
        for client in clients { _ = try client.received() }
        namespace.emit("told", .int(Int64(step)))
        for client in clients where !client.isCut {
          let told = try client.received().filter { $0.kind == .event }
          let packet = SocketPacket.event("told", [.int(Int64(step))], namespace: name)
          guard told == (client.places[key] == .inside ? [packet] : []) else {
            throw Difference(seed: seed, what: "a broadcast reaches others, or twice")
          }
        }
      }
      try check(clients, registry, questions, seed: seed)
    }
    for question in questions.open.withLock({ $0 }) { question.answer(nil) }
    questions.open.withLock { $0 = [] }
    loop.run()
    for client in clients where !client.isCut { client.engine.close(.transportClose) }
    guard registry.count == 1, server.counters().guests == 0 else {
      throw Difference(seed: seed, what: "something stays when all have gone")
    }
  }

  /// Nobody's connection has ended by itself, sockets are as many as the model says, and a namespace by pattern is there as
  /// long as somebody is in it or on the way.
  private func check(
    _ clients: [TestClient], _ registry: NamespaceRegistry, _ questions: Questions, seed: UInt64
  ) throws {
    guard clients.allSatisfy({ $0.engine.isClosed == $0.isCut }) else {
      throw Difference(seed: seed, what: "a connection has ended by itself")
    }
    let asked = questions.open.withLock { $0.map(\.namespace) }
    for name in Self.names {
      let inside = clients.count { $0.places[BytewiseName(name)] == .inside }
      let namespace = registry.existing(name)
      guard namespace?.socketCount ?? 0 == inside else {
        throw Difference(seed: seed, what: "sockets are more or fewer")
      }
      guard (namespace != nil) == (name == "/fixed" || inside > 0 || asked.containsBytewise(name)) else {
        throw Difference(seed: seed, what: "a namespace by pattern is gone, or isn't")
      }
    }
  }
}
