import Crypto
import EngineIO
import Foundation
import NIOCore
import NIOHTTP1

/// A request that asks for a WebSocket of a session (RFC 6455 section 4.2).
struct WebSocketRequest: Sendable {
  let engine: EngineRequest
  let handshake: Handshake
  private let key: String

  /// Whether a request asks for one below the engine's path, in good form.
  static func isWanted(by head: HTTPRequestHead, of server: EngineServer) -> Bool {
    guard head.method == .GET,
      head.headers[canonicalForm: "upgrade"].contains(where: { $0.lowercased() == "websocket" }),
      head.headers.first(name: "sec-websocket-version") == "13",
      let key = head.headers.first(name: "sec-websocket-key"), Data(base64Encoded: key)?.count == 16
    else { return false }
    return server.configuration.owns(RequestTarget(uri: head.uri).path)
  }

  init(_ head: HTTPRequestHead, channel: any Channel, of server: EngineServer) {
    let target = RequestTarget(uri: head.uri)
    let verdict = server.cors.verdict(origin: head.headers.first(name: "origin"), served: ServedOrigin(head))
    engine = EngineRequest(target: target, method: "GET", verdict: verdict)
    handshake = Handshake(
      headers: head.headers.filter { verdict.believes($0.name) }.map { (name: $0.name, value: $0.value) },
      target: target,
      remoteAddress: channel.remoteAddress?.ipAddress ?? "", transport: .webSocket)
    key = head.headers.first(name: "sec-websocket-key") ?? ""
  }

  /// The headers of the 101 response.
  var responseHeaders: HTTPHeaders {
    let digest = Insecure.SHA1.hash(data: Data((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8))
    return [
      "connection": "Upgrade", "upgrade": "websocket", "sec-websocket-accept": Data(digest).base64EncodedString(),
    ]
  }

  /// The handler for the connection: of a new session, or of one that upgrades.
  func makeHandler(_ server: EngineServer, _ channel: any Channel, readsItself: Bool) throws -> WebSocketHandler {
    if let sid = engine.sid {
      guard let socket = server.session(sid) else { throw EngineRequestError.unknownSession }
      return WebSocketHandler(socket: socket, channel: channel, isProbe: true, readsItself: readsItself)
    }
    let socket = try server.open(handshake: handshake, on: channel.eventLoop)
    return WebSocketHandler(socket: socket, channel: channel, isProbe: false, readsItself: readsItself)
  }

  /// Small receive buffers: clients of a server that pushes say little. And one of them a turn of the loop: whoever
  /// writes without end takes no more of a turn than that.
  static func configure(_ channel: any Channel) throws {
    let allocator = AdaptiveRecvByteBufferAllocator(
      minimum: 64, initial: ServerLimits.receiveBufferBytes, maximum: ServerLimits.maxReceiveBufferBytes)
    try channel.syncOptions?.setOption(.recvAllocator, value: allocator)
    try channel.syncOptions?.setOption(.maxMessagesPerRead, value: 1)
  }
}
