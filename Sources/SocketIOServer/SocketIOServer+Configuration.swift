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

    public init() {
      engine = EngineServer.Configuration()
      engine.path = "/socket.io/"
    }

    public subscript<Value>(dynamicMember path: WritableKeyPath<EngineServer.Configuration, Value>) -> Value {
      get { engine[keyPath: path] }
      set { engine[keyPath: path] = newValue }
    }
  }
}
