import SocketIO

extension SocketIOServer {
  /// What can be set; everything about sessions and transports is the engine's, and reached as if it stood here.
  ///
  /// ```swift
  /// var configuration = SocketIOServer.Configuration()
  /// configuration.pingInterval = .seconds(10)
  /// ```
  @dynamicMemberLookup
  public struct Configuration: Sendable {
    /// The engine's part. Its path is `/socket.io/` here.
    public var engine: EngineServer.Configuration
    /// How long a session may take to join its first namespace.
    public var connectTimeout = Duration.seconds(45)
    /// Attachments of one packet of a client.
    public var maxAttachments = SocketIOLimits.defaultMaxAttachments
    /// The browser client: a file, served as `socket.io.js` below the path, or a directory with the official files.
    public var clientBundle: String?
    /// Recovery of what was missed in a short disconnection; off when nil.
    public var recovery: Recovery?

    public init() {
      engine = EngineServer.Configuration()
      engine.path = "/socket.io/"
    }

    public subscript<Value>(dynamicMember path: WritableKeyPath<EngineServer.Configuration, Value>) -> Value {
      get { engine[keyPath: path] }
      set { engine[keyPath: path] = newValue }
    }
  }

  /// Connection state recovery. With it on, every event that is not volatile and asks for no ack carries an offset as an
  /// extra last argument, which clients hand to their handlers.
  public struct Recovery: Sendable {
    /// How long a disconnected socket can come back.
    public var maxDisconnectionDuration = Duration.seconds(120)
    /// Whether middlewares are passed by when a socket comes back.
    public var skipMiddlewares = true
    /// Packets that a namespace keeps for those who are away.
    public var maxPackets = 10_000

    public init() {}
  }
}
