import EngineIO
import NIOCore
import NIOEmbedded
import SocketIO
import Testing

@testable import SocketIOServer

@Suite struct AnswerApartTests {
  /// Node's WebSocket hands out all messages of one read at once; who awaits the answer to CONNECT, and listens then, is to
  /// hear what the server says on connection.
  @Test func whatIsSaidOnConnectionIsWrittenAMomentBehindTheAnswer() throws {
    let channel = EmbeddedChannel()
    let loop = channel.embeddedEventLoop
    let registry = NamespaceRegistry(logger: quietLogger, recovery: nil) { InProcessAdapter(local: $1) }
    registry.namespace("/").onConnection { socket in
      socket.emit("hello")
      socket.emit("again")
    }
    let configuration = SocketIOServer.Configuration()
    let server = EngineServer(configuration: configuration.engine, logger: quietLogger, hasGuests: true) { engine in
      Client(engine: engine, namespaces: registry, configuration: configuration).start()
    }
    let handshake = Handshake(
      headers: [], target: RequestTarget(uri: "/"), remoteAddress: "", transport: .webSocket)
    let session = try server.open(handshake: handshake, on: loop)
    try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    try channel.pipeline.syncOperations.addHandler(
      WebSocketHandler(socket: session, channel: channel, role: .transport, sendsTextOnly: false, readsItself: false))

    var parser = WebSocketMessageParser(reading: .server, maxMessageBytes: 1 << 20)
    func written() throws -> [String] {
      while let bytes = try channel.readOutbound(as: ByteBuffer.self) { parser.append(bytes) }
      var texts: [String] = []
      while case .text(let text) = try parser.next() { texts.append(String(buffer: text)) }
      return texts
    }
    #expect(try written().map { $0.first } == ["0"])
    var connect = ByteBuffer()
    connect.writeMaskedWebSocketFrame(.text, payload: ByteBuffer(string: "40"), key: 1)
    try channel.writeInbound(connect)
    #expect(try written().map { String($0.prefix(3)) } == ["40{"])
    loop.advanceTime(by: ServerLimits.apartTime)
    #expect(try written() == [#"42["hello"]"#, #"42["again"]"#])
    _ = try channel.finish(acceptAlreadyClosed: true)
  }
}
