public import SocketIO

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
    /// How packets are written; clients must be set to the same.
    public var codec = SocketCodec.json
    /// Whether a namespace by pattern goes when the last who is in it has left. If not, it stays for good: a pattern
    /// that says yes to many names then costs memory for each.
    public var cleanupEmptyChildNamespaces = true
    /// Attachments of one packet of a client.
    public var maxAttachments = SocketIOLimits.defaultMaxAttachments
    /// Arrays and objects inside each other in a client's packet, at most `SocketIOLimits.greatestDepth`.
    public var maxDepth = SocketIOLimits.maxDepth
    /// Values in a client's packet.
    public var maxValues = SocketIOLimits.maxValues
    /// What is answered to a CONNECT of more than `SocketIOLimits.maxConnectBytes`. The connection stays.
    public var oversizedConnect = ConnectError.oversized
    /// The browser client: a file, served as `socket.io.js` below the path, or a directory with the official files.
    public var clientBundle: String?

    /// Whether, and how far, a client that lost its connection is given back its id, its rooms and the events it missed.
    /// Off by default: clients see the offset as one more argument of every event.
    public var recovery: Recovery?

    /// Bounds of connection state recovery (Socket.IO 4.6). Each namespace keeps its own log; those by pattern in which
    /// nobody is, and to which somebody may come back, share one more.
    public struct Recovery: Sendable {
      /// How long a lost client may be away.
      public var maxDisconnectionDuration = Duration.seconds(120)
      /// A client that is recovered doesn't go through middlewares again; its socket has the context of before.
      public var skipsMiddlewares = true
      /// Bytes of events that are kept; the oldest go first.
      public var maxBytes = 16 << 20
      /// Lost clients that are kept.
      public var maxSessions = 10_000
      /// After so long what was sent has arrived, or a heartbeat was missed and the connection is given up. The server
      /// reckons it from its heartbeats.
      var arrivalTime = Duration.seconds(65)

      public init() {}
    }

    /// What may wait for asynchronous handlers and middlewares of events.
    public var eventQueue = EventQueue()

    /// Bounds of what waits for asynchronous handlers. An event beyond them is refused with
    /// `EventError.tooManyWaiting`.
    public struct EventQueue: Sendable {
      /// Events of one socket, with the one that is being handled: a burst that a handler of a millisecond has worked
      /// off in a quarter of a second.
      public var maxEvents = 256
      /// Bytes of one socket's events, as far as they can be told without encoding them; a single one may have more.
      public var maxBytes = 4 << 20
      /// The same of all sockets of the server together.
      public var maxBytesInAll = 64 << 20

      public init() {}
    }

    public init() {
      engine = EngineServer.Configuration()
      engine.path = "/socket.io/"
    }

    var packetBounds: PacketBounds {
      PacketBounds(
        maxAttachments: maxAttachments, maxDepth: maxDepth, maxValues: maxValues, maxPacketBytes: engine.maxPayload)
    }

    public subscript<Value>(dynamicMember path: WritableKeyPath<EngineServer.Configuration, Value>) -> Value {
      get { engine[keyPath: path] }
      set { engine[keyPath: path] = newValue }
    }
  }
}

extension ConnectError {
  /// The CONNECT has more bytes than are taken.
  static let oversized = ConnectError("CONNECT has more than \(SocketIOLimits.maxConnectBytes) bytes")
}
