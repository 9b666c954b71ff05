public import EngineIO

/// How packets are written. Both sides of a connection must use the same.
public enum SocketCodec: Sendable, Hashable, CaseIterable {
  /// The protocol's own: JSON, and each binary a message behind it (socket.io-parser).
  case json
  /// One binary message of MessagePack for each packet (socket.io-msgpack-parser; `serializer="msgpack"` of
  /// python-socketio). Clients must be set to it; their official bundle is `socket.io.msgpack.min.js`.
  case messagePack
}

/// What a packet of a peer may hold.
public struct PacketBounds: Sendable, Hashable {
  /// Attachments of one packet; MessagePack has none.
  public var maxAttachments: Int
  /// Arrays and objects inside each other, at most ``SocketIOLimits/greatestDepth``.
  public var maxDepth: Int
  /// Values of all kinds.
  public var maxValues: Int
  /// Bytes of a packet, those of its attachments included.
  public var maxPacketBytes: Int

  public init(
    maxAttachments: Int = SocketIOLimits.defaultMaxAttachments, maxDepth: Int = SocketIOLimits.maxDepth,
    maxValues: Int = SocketIOLimits.maxValues, maxPacketBytes: Int = EngineLimits.defaultMaxPayload
  ) {
    self.maxAttachments = maxAttachments
    self.maxDepth = min(maxDepth, SocketIOLimits.greatestDepth)
    self.maxValues = maxValues
    self.maxPacketBytes = maxPacketBytes
  }
}
