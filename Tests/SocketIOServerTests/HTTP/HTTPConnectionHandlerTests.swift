import EngineIO
import Foundation
import HTTPTypes
import HummingbirdCore
import NIOCore
import NIOEmbedded
import NIOHTTP1
import NIOPosix
import Testing

@testable import SocketIOServer

/// What the handler does with a connection, on a channel without a network.
struct HTTPConnectionHandlerTests {
  private static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
  private static let stranger = "203.0.113.1"

  /// Stands between the connection and its peer.
  private final class Peer: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer
    enum Behaviour { case reads, stalls, breaks }
    var behaviour = Behaviour.reads

    func flush(context: ChannelHandlerContext) {
      switch behaviour {
      case .reads: context.flush()
      case .stalls: break
      case .breaks: context.close(promise: nil)
      }
    }
  }

  private struct Connection {
    let channel = EmbeddedChannel()
    let handler: HTTPConnectionHandler
    let peer = Peer()
    private let gate: ConnectionGate?

    init(_ server: EngineServer, _ gate: ConnectionGate? = nil, quickly: QuickResponder? = nil) throws {
      self.gate = gate
      handler = HTTPConnectionHandler(
        server: server, gate: gate, idleTimeout: nil, quickly: quickly, logger: quietLogger,
        result: channel.eventLoop.makePromise())
      try channel.pipeline.syncOperations.addHandlers([peer, handler])
      gate?.connectionOpened()
      channel.connect(to: try SocketAddress(ipAddress: stranger, port: 1), promise: nil)
      if let gate { channel.closeFuture.whenComplete { _ in gate.connectionClosed() } }
    }

    func receive(_ text: String) throws { try channel.writeInbound(ByteBuffer(string: text)) }

    /// What has gone out.
    func sent() throws -> String {
      var text = ""
      while let bytes = try channel.readOutbound(as: ByteBuffer.self) { text += String(buffer: bytes) }
      return text
    }

    func end() throws { _ = try channel.finish(acceptAlreadyClosed: true) }
  }

  private static func server(_ configure: (inout EngineServer.Configuration) -> Void = { _ in }) -> EngineServer {
    var configuration = EngineServer.Configuration()
    configure(&configuration)
    return EngineServer(configuration: configuration, logger: quietLogger) { $0.receiver = Echo($0) }
  }

  @Test func whoIsRefusedIsGoneInTheSameTurn() throws {
    let gate = ConnectionGate(total: 100, perAddress: 1)
    let first = try Connection(Self.server(), gate)
    first.handler.ticket?.noteBusy()
    for number in 1...100 {
      let refused = try Connection(Self.server(), gate)
      #expect(!refused.channel.isActive)
      let words = try refused.sent()
      #expect(words.hasPrefix("HTTP/1.1 503 ") == (number <= HTTPLimits.toldRefusals))
      #expect(words.isEmpty == (number > HTTPLimits.toldRefusals))
      try refused.end()
    }
    #expect(first.channel.isActive)
    try first.end()
  }

  @Test func anAnswerIsReadToItsEndThoughSomebodyNeedsThePlace() throws {
    let gate = ConnectionGate(total: 2, perAddress: 0)
    let body = String(repeating: "x", count: 100_000)
    let slow = try Connection(Self.server(), gate) { _ in
      QuickResponse(headers: [:], body: ByteBuffer(string: body))
    }
    slow.peer.behaviour = .stalls
    try slow.receive(Self.get)
    let ticket = try #require(slow.handler.ticket)
    #expect(ticket.isIdle)
    let busy = try Connection(Self.server(), gate)
    busy.handler.ticket?.noteBusy()
    let other = try Connection(Self.server(), gate)
    slow.channel.embeddedEventLoop.run()
    #expect(slow.channel.isActive && !ticket.isIdle, "it is read to its end, and nobody asks again")
    slow.peer.behaviour = .reads
    slow.channel.flush()
    #expect(try slow.sent().hasSuffix(body))
    #expect(!slow.channel.isActive, "it ends behind the answer")
    // One that has been read goes at once.
    let third = try Connection(Self.server(), gate)
    other.channel.embeddedEventLoop.run()
    #expect(!other.channel.isActive && third.channel.isActive)
    for connection in [slow, busy, other, third] { try connection.end() }
  }

  /// What the connection answers by itself: without the application, and without anything that waits for a reader.
  private static let quickRequests = [
    ("OPTIONS *", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"), ("files", get),
  ]

  @Test(arguments: quickRequests)
  func whoDoesNotReadIsAnsweredNoMore(name: String, request: String) throws {
    let connection = try Connection(Self.server()) { _ in QuickResponse(headers: [:], body: ByteBuffer(string: "x")) }
    connection.channel.isWritable = false
    connection.channel.pipeline.fireChannelWritabilityChanged()
    for _ in 0..<3 { try connection.receive(String(repeating: request, count: 100)) }
    #expect(try connection.sent().isEmpty)
    connection.channel.isWritable = true
    connection.channel.pipeline.fireChannelWritabilityChanged()
    let answer = "HTTP/1.1 20"
    #expect(try connection.sent().hasPrefix(answer), "who reads again is")
    try connection.end()
  }

  /// In one go only so many: between them others have their turn.
  @Test(arguments: quickRequests)
  func veryManyRequestsAreAnsweredByTurns(name: String, request: String) throws {
    let connection = try Connection(Self.server()) { _ in QuickResponse(headers: [:], body: ByteBuffer(string: "x")) }
    let loop = connection.channel.embeddedEventLoop
    let count = HTTPLimits.requestsPerTurn * 3
    try connection.receive(String(repeating: request, count: count))
    func answered() throws -> Int { try connection.sent().components(separatedBy: "HTTP/1.1 20").count - 1 }
    var all = try answered()
    #expect(all == HTTPLimits.requestsPerTurn)
    loop.run()
    #expect(try answered() == 0, "what is ready only isn't a turn of others")
    while all < count {
      loop.advanceTime(to: .now() + .seconds(1))
      let more = try answered()
      try #require(more > 0)
      all += more
    }
    #expect(all == count)
    try connection.end()
  }

  /// RFC 6455 section 4.4: which version there is.
  @Test(arguments: ["8", "14", ""])
  func aWebSocketOfAnotherVersionIsToldWhich(version: String) throws {
    let connection = try Connection(Self.server())
    let upgrade = EngineWebSocketTests.upgrade(EngineWebSocketTests.path)
    let field = "Sec-WebSocket-Version: 13\r\n"
    #expect(upgrade.contains(field))
    try connection.receive(
      upgrade.replacing(field, with: version.isEmpty ? "" : "Sec-WebSocket-Version: \(version)\r\n"))
    let answer = try connection.sent().lowercased()
    #expect(answer.hasPrefix("http/1.1 426 ") && answer.contains("\r\nsec-websocket-version: 13\r\n"))
    #expect(answer.contains("\r\nupgrade: websocket\r\n") && answer.contains("\r\nconnection: close\r\n"))
    try connection.end()
  }

  @Test func aConnectionThatBreaksWithItsUpgradeLeavesNoSession() throws {
    let server = Self.server()
    let connection = try Connection(server)
    connection.peer.behaviour = .breaks
    try connection.receive(EngineWebSocketTests.upgrade(EngineWebSocketTests.path))
    connection.channel.embeddedEventLoop.run()
    #expect(!connection.channel.isActive)
    let counters = server.counters()
    #expect(counters.sessionsOpened == 1 && counters.sessions == 0 && counters.webSockets == 0)
    try connection.end()
  }

  @Test(arguments: [true, false]) func aPollOfAConnectionThatHasEndedIsOver(isGoingDown: Bool) throws {
    let connection = try Connection(Self.server())
    let loop = connection.channel.embeddedEventLoop
    let answer = loop.makePromise(of: ByteBuffer.self)
    let broken = NIOLoopBoundBox(false, eventLoop: loop)
    if isGoingDown {
      connection.channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
    } else {
      connection.channel.pipeline.fireChannelInactive()
    }
    connection.handler.watch(answer.futureResult, on: loop) { broken.value = true }
    #expect(broken.value)
    answer.succeed(ByteBuffer())
    try connection.end()
  }

  /// The request has been read, and by the time that its poll is open the connection isn't there any more.
  @Test(.timeLimit(.minutes(1))) func aPollWhoseConnectionIsGoneEndsItsSession() async throws {
    let sid = "the-only-session"
    try await withEngine(configure: { $0.generateID = { _ in sid } }) { server, port in
      let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .connect(host: "127.0.0.1", port: port).get()
      @Sendable func ask(_ path: String) async -> Response {
        let head = HTTPRequest(method: .get, scheme: "http", authority: "a", path: path)
        return await server.respond(
          to: Request(head: head, body: .init(buffer: ByteBuffer())), channel: channel, bundle: nil)
      }
      #expect(await ask(EngineHTTPTests.path).status == .ok)
      #expect(try await within { await ask("\(EngineHTTPTests.path)&sid=\(sid)").status } == .ok)
      #expect(server.counters().sessions == 0)
      try await channel.close()
    }
  }
}
