public import EngineIO
public import HTTPTypes
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
    /// Sessions among them that have joined nothing yet: over Socket.IO, those that no namespace has let in. When there
    /// are more, the oldest of them are closed, so that those who come have a place and those who are in keep theirs.
    public var maxGuests = 20_000
    /// The same for one client address (of IPv6, one /64).
    public var maxGuestsPerAddress = 1_024
    /// Whose `X-Forwarded-For` is believed; by default a proxy on this machine. Clients behind a trusted proxy that sends
    /// none are bounded together only.
    public var trustedProxies = AddressRange.loopback
    /// Names, in lower case, of the headers that a session keeps in its ``Handshake``; nil keeps all of them. 16 kB at most
    /// are kept. ``allowRequest`` sees all.
    public var keptHeaders: Set<String>?
    /// Bytes of messages that aren't whole yet, over all sessions: those that have taken longest are closed beyond them.
    public var maxAssemblyBytes = 64 << 20
    /// The cookie that tells a load balancer which process a session lives in. Nil sets none.
    public var cookie: SessionCookie?
    /// Compresses messages over WebSocket for clients that offer it (RFC 7692). Nil, off, by default: it costs time on
    /// the event loops, and sound doesn't get smaller. What is sent by the raw path is never compressed.
    public var perMessageDeflate: Deflate?
    /// Compresses answers to polls for clients that take gzip or deflate. Nil for never.
    public var httpCompression: Deflate? = Deflate()
    /// Asked before a session opens; false refuses with 403. Nil lets everyone in.
    public var allowRequest: (@Sendable (Handshake) async -> Bool)?

    /// May change the headers of the answer that opens a session, also of a WebSocket's. Any thread.
    public var initialHeaders: (@Sendable (inout HTTPFields, Handshake) -> Void)?
    /// May change the headers of every answer to a session's requests, the first one included. The handshake is that of
    /// the request at hand. Any thread.
    public var headers: (@Sendable (inout HTTPFields, Handshake) -> Void)?
    /// Told of every request that is refused. Any thread.
    public var onConnectionError: (@Sendable (ConnectionFailure) -> Void)?
    /// Makes a session's id. It must be unique and nobody's guess: letters, digits, `-` and `_`, at most 64. What it makes
    /// otherwise is told in the log, and the server makes one. Nil for 120 random bits. Any thread.
    public var generateID: (@Sendable (Handshake) -> String)?

    public init() {}
  }

  /// What is compressed, and how well.
  public struct Deflate: Sendable, Hashable {
    /// Bytes below which compressing isn't worth it.
    public var threshold = 1_024
    /// zlib's level, 1 to 9; the first is the fastest.
    public var level = 1

    public init() {}
  }

  /// A request that was refused.
  public struct ConnectionFailure: Sendable {
    public var handshake: Handshake
    /// What the client was answered.
    public var error: EngineRequestError
  }
}

/// A cookie whose value is the session's id (RFC 6265): for load balancers that keep a client at one process.
public struct SessionCookie: Sendable, Hashable {
  public enum SameSite: String, Sendable {
    case lax = "Lax"
    case strict = "Strict"
    case none = "None"
  }

  public var name: String
  public var path: String
  /// Scripts don't see it.
  public var isHTTPOnly: Bool
  /// Sent over HTTPS only; browsers want it with `SameSite.none`.
  public var isSecure: Bool
  public var sameSite: SameSite
  /// How long a browser keeps it; nil until it's closed.
  public var maxAge: Duration?

  public init(
    name: String = "io", path: String = "/", isHTTPOnly: Bool = true, isSecure: Bool = false,
    sameSite: SameSite = .lax, maxAge: Duration? = nil
  ) {
    self.name = name
    self.path = path
    self.isHTTPOnly = isHTTPOnly
    self.isSecure = isSecure
    self.sameSite = sameSite
    self.maxAge = maxAge
  }

  /// The value of `Set-Cookie`.
  func field(sid: String) -> String {
    var field = "\(name)=\(sid); Path=\(path)"
    if let maxAge { field += "; Max-Age=\(maxAge.components.seconds)" }
    if isHTTPOnly { field += "; HttpOnly" }
    if isSecure { field += "; Secure" }
    return field + "; SameSite=\(sameSite.rawValue)"
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
