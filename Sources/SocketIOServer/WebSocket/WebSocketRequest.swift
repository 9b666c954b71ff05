import Crypto
import EngineIO
import Foundation
import HTTPTypes
import NIOCore
import NIOHTTP1

/// A request that asks for a WebSocket of a session (RFC 6455 section 4.2).
struct WebSocketRequest: Sendable {
  let engine: EngineRequest
  let handshake: Handshake
  private let key: String
  private let subprotocols: [String]
  private let agreed: PerMessageDeflate?

  /// What a request with an `Upgrade` may want.
  enum Demand {
    case open
    case openInAnotherVersion
  }

  /// What a request asks for below the engine's path; nil when that is no WebSocket, or not in good form.
  static func demand(of head: HTTPRequestHead, to server: EngineServer) -> Demand? {
    guard head.method == .GET,
      head.headers[canonicalForm: "upgrade"].contains(where: { $0.lowercased() == "websocket" })
    else { return nil }
    let target = RequestTarget(uri: head.uri)
    guard server.configuration.owns(target.path) else { return nil }
    guard head.headers.first(name: "sec-websocket-version") == version else {
      // With another transport it is a request like any other.
      let transport = RequestTarget.parameters(of: target.query)["transport"]
      return transport == EngineTransport.webSocket.rawValue ? .openInAnotherVersion : nil
    }
    guard let key = head.headers.first(name: "sec-websocket-key"), Data(base64Encoded: key)?.count == 16 else {
      return nil
    }
    return .open
  }

  private static let version = "13"

  /// RFC 6455 section 4.4, RFC 9110 section 15.5.22.
  static let otherVersion = QuickResponse(
    status: .upgradeRequired, headers: ["upgrade": "websocket", "sec-websocket-version": version], body: ByteBuffer())

  /// - Parameter isSecure: whether it came over TLS.
  init(_ head: HTTPRequestHead, channel: any Channel, isSecure: Bool, of server: EngineServer) {
    let target = RequestTarget(uri: head.uri)
    let verdict = server.cors.verdict(
      origin: head.headers.first(name: "origin"), served: ServedOrigin(head, isSecure: isSecure))
    engine = EngineRequest(target: target, method: "GET", verdict: verdict)
    handshake = Handshake(
      headers: head.headers.filter { verdict.believes($0.name) }.map { (name: $0.name, value: $0.value) },
      target: target,
      remoteAddress: channel.remoteAddress?.ipAddress ?? "", transport: .webSocket)
    key = head.headers.first(name: "sec-websocket-key") ?? ""
    subprotocols = head.headers[canonicalForm: "sec-websocket-protocol"].map(String.init)
    agreed =
      server.configuration.perMessageDeflate == nil
      ? nil : PerMessageDeflate(offers: head.headers["sec-websocket-extensions"])
  }

  /// Whether the subprotocols that the client offers, if any, are tokens (RFC 6455 section 4.1).
  var hasValidSubprotocols: Bool {
    subprotocols.reduce(0) { $0 + $1.utf8.count } <= ServerLimits.maxSubprotocolBytes
      && subprotocols.allSatisfy { name in
        !name.isEmpty
          && name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
              UInt8(ascii: "a")...UInt8(ascii: "z"):
              true
            default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
            }
          }
      }
  }

  /// The headers of the 101 response that opens a session, or lets one upgrade.
  func responseHeaders(_ server: EngineServer, sid: String) -> HTTPHeaders {
    let digest = Insecure.SHA1.hash(data: Data((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8))
    var headers: HTTPHeaders = [
      "connection": "Upgrade", "upgrade": "websocket", "sec-websocket-accept": Data(digest).base64EncodedString(),
    ]
    // The first, as the official server does; a client that offers some fails without one.
    if let first = subprotocols.first { headers.add(name: "sec-websocket-protocol", value: first) }
    if let agreed { headers.add(name: "sec-websocket-extensions", value: agreed.response) }
    var fields = HTTPFields()
    if engine.sid == nil {
      if let cookie = server.configuration.cookie { fields[.setCookie] = cookie.field(sid: sid) }
      server.configuration.initialHeaders?(&fields, handshake)
    }
    server.configuration.headers?(&fields, handshake)
    for field in fields { headers.add(name: field.name.rawName, value: field.value) }
    return headers
  }

  /// The handler for the connection: of a new session, or of one that the request names.
  func makeHandler(
    _ server: EngineServer, _ channel: any Channel, as role: WebSocketHandler.Role, readsItself: Bool,
    ticket: ConnectionGate.Ticket?
  ) throws -> WebSocketHandler {
    let socket: EngineSocket
    if let sid = engine.sid {
      guard let named = server.session(sid) else { throw EngineRequestError.unknownSession }
      socket = named
    } else {
      socket = try server.open(handshake: handshake, on: channel.eventLoop)
    }
    return WebSocketHandler(
      socket: socket, channel: channel, role: role, sendsTextOnly: engine.wantsBase64, readsItself: readsItself,
      extension: agreed, ticket: ticket)
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
