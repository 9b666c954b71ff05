public import EngineIO
public import NIOCore

/// One Socket.IO packet (Socket.IO protocol v5, "Packet encoding"). Whether it is a BINARY one follows from what it
/// carries.
public struct SocketPacket: Sendable {
  /// The types, by what they mean; each binary type on the wire is its text type with attachments.
  public enum Kind: Sendable, Equatable {
    case connect
    case disconnect
    case event
    case ack
    case connectError
  }

  public var kind: Kind
  /// The namespace, `/` by default.
  public var namespace: String
  /// The ack id: asked for by an event, answered by an ack.
  public var id: UInt64?
  /// CONNECT: an object. EVENT: an array whose first element is the name. ACK: an array. CONNECT_ERROR: an object.
  public var data: SocketValue?

  public init(_ kind: Kind, namespace: String = "/", id: UInt64? = nil, data: SocketValue? = nil) {
    self.kind = kind
    self.namespace = namespace
    self.id = id
    self.data = data
  }

  /// An event by name and arguments.
  public static func event(
    _ name: String, _ arguments: [SocketValue], namespace: String = "/", id: UInt64? = nil
  ) -> SocketPacket {
    SocketPacket(.event, namespace: namespace, id: id, data: .array([.string(name)] + arguments))
  }

  /// Names that stand for something else on either side, and so can't be sent as events.
  public static let reservedEvents = [
    "connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener",
  ]
}

extension SocketPacket: Equatable {
  public static func == (left: SocketPacket, right: SocketPacket) -> Bool {
    left.kind == right.kind && left.id == right.id && left.namespace.isBytewiseEqual(to: right.namespace)
      && left.data == right.data
  }
}

/// A packet as it goes out: a message, then its attachments in order.
public struct EncodedPacket: Sendable, Equatable {
  /// The first message: a text, or, if the codec has none, the whole packet in binary.
  public var message: EnginePacket
  /// The attachments that the text's placeholders count.
  public var attachments: [ByteBuffer]

  public init(message: EnginePacket, attachments: [ByteBuffer] = []) {
    self.message = message
    self.attachments = attachments
  }

  /// The first message's bytes, without Engine.IO's leading `4`.
  public var text: ByteBuffer { message.payload }

  /// Bytes of the message and of all attachments.
  public var bytes: Int { attachments.reduce(text.readableBytes) { $0 + $1.readableBytes } }
}

extension SocketPacket {
  /// The packet as it goes out.
  public func encode(_ codec: SocketCodec = .json) -> EncodedPacket {
    switch codec {
    case .json: return encodeJSON()
    case .messagePack:
      var bytes = ByteBuffer()
      writeMessagePack(into: &bytes)
      return EncodedPacket(message: EnginePacket(binary: bytes))
    }
  }

  private func encodeJSON() -> EncodedPacket {
    var json = ByteBuffer()
    var attachments: [ByteBuffer] = []
    data?.writeJSON(into: &json, attachments: &attachments)
    var text = ByteBufferAllocator().buffer(capacity: json.readableBytes + namespace.utf8.count + 24)
    text.writeSocketPacketHead(kind, attachments: attachments.count, namespace: namespace, id: id)
    text.writeImmutableBuffer(json)
    return EncodedPacket(message: EnginePacket(.message, text), attachments: attachments)
  }
}

extension ByteBuffer {
  /// Writes what stands in front of a packet's JSON: type, number of attachments, namespace, id.
  public mutating func writeSocketPacketHead(
    _ kind: SocketPacket.Kind, attachments: Int, namespace: String, id: UInt64? = nil
  ) {
    switch kind {
    case .connect: writeInteger(UInt8(ascii: "0"))
    case .disconnect: writeInteger(UInt8(ascii: "1"))
    case .event: writeInteger(UInt8(ascii: attachments == 0 ? "2" : "5"))
    case .ack: writeInteger(UInt8(ascii: attachments == 0 ? "3" : "6"))
    case .connectError: writeInteger(UInt8(ascii: "4"))
    }
    if attachments > 0 {
      writeDecimal(Int64(attachments))
      writeInteger(UInt8(ascii: "-"))
    }
    if namespace != "/" {
      writeString(namespace)
      writeInteger(UInt8(ascii: ","))
    }
    if let id { writeDecimal(Int64(clamping: id)) }
  }
}
