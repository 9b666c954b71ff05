public import EngineIO
import NIOCore

extension EngineServer {
  /// What can be set about sessions and transports. The defaults are the official server's.
  public struct Configuration: Sendable {
    /// Requests below this path are the server's; it begins and ends with `/`.
    public var path = "/engine.io/"
    /// Between two pings.
    public var pingInterval = Duration.seconds(25)
    /// How long a pong may take.
    public var pingTimeout = Duration.seconds(20)
    /// How long an upgrade may take from the WebSocket's opening.
    public var upgradeTimeout = Duration.seconds(10)
    /// Bytes of one WebSocket message, or of one polling request. What is larger ends the session.
    public var maxPayload = EngineLimits.defaultMaxPayload
    /// What clients may use.
    public var transports: Set<EngineTransport> = [.polling, .webSocket]
    /// Whether a polling session may change to WebSocket.
    public var allowUpgrades = true
    /// Pages of which origins may use the server.
    public var cors = CORSPolicy.none
    /// Unsent bytes that one connection may have. Beyond them it is closed with `writeBufferExceeded`; well before, it
    /// counts as not writable and volatile packets are dropped.
    public var maxWriteBufferBytes = 4 << 20
    /// Sessions that this process holds; a handshake beyond them is answered with 503.
    public var maxSessions = 100_000
    /// Asked before a session opens; false refuses with 403. Nil lets everyone in.
    public var allowRequest: (@Sendable (Handshake) async -> Bool)?

    public init() {}
  }
}

extension EngineServer.Configuration {
  var timing: EngineSession.Timing {
    EngineSession.Timing(pingInterval: TimeAmount(pingInterval), pingTimeout: TimeAmount(pingTimeout))
  }

  func handshake(sid: String, transport: EngineTransport) -> EngineHandshake {
    let canUpgrade = transport == .polling && allowUpgrades && transports.contains(.webSocket)
    return EngineHandshake(
      sid: sid, upgrades: canUpgrade ? [.webSocket] : [], pingInterval: timing.pingInterval,
      pingTimeout: timing.pingTimeout, maxPayload: maxPayload)
  }

  /// Whether a path is the server's.
  func owns(_ requestPath: some StringProtocol) -> Bool {
    requestPath.hasPrefix(path) || requestPath == path.dropLast()
  }
}
