import NIOCore

/// Packets as socket.io-msgpack-parser has them: one map `{type, data?, nsp, id?}`, binary inside `data`.
extension SocketPacket {
  private static let kinds: [Kind] = [.connect, .disconnect, .event, .ack, .connectError]

  /// The packet as one value of MessagePack.
  func writeMessagePack(into buffer: inout ByteBuffer) {
    // Written piece by piece: an object made for it would cost its keys' memory for each packet.
    let fields = 2 + (data == nil ? 0 : 1) + (id == nil ? 0 : 1)
    buffer.writeInteger(0x80 | UInt8(fields))
    buffer.writeMessagePack("type")
    buffer.writeMessagePack(.int(Int64(Self.kinds.firstIndex(of: kind) ?? 0)))
    if let data {
      buffer.writeMessagePack("data")
      buffer.writeMessagePack(data)
    }
    buffer.writeMessagePack("nsp")
    buffer.writeMessagePack(.string(namespace))
    if let id {
      buffer.writeMessagePack("id")
      buffer.writeMessagePack(.int(Int64(clamping: id)))
    }
  }

  /// Reads a packet; its payload's shape is still to be held against its type. Keys that mean nothing here are passed
  /// over.
  init(messagePack bytes: ByteBuffer, bounds: PacketBounds) throws(SocketPacketError) {
    let fields: SocketValue
    do {
      fields = try SocketValue(messagePack: bytes, maxDepth: bounds.maxDepth, maxValues: bounds.maxValues)
    } catch {
      throw .invalidMessagePack(error)
    }
    guard let type = fields["type"]?.int, Self.kinds.indices.contains(Int(clamping: type)) else { throw .unknownType }
    guard let namespace = fields["nsp"]?.string else { throw .invalidPayload }
    guard namespace.utf8.count <= SocketIOLimits.maxNamespaceBytes else { throw .namespaceTooLong }
    var id: UInt64?
    if let field = fields["id"], !field.isNull {
      guard let number = field.int.flatMap(UInt64.init(exactly:)), number <= SocketIOLimits.maxAckID else {
        throw .invalidID
      }
      id = number
    }
    // A client's `undefined` may come as null.
    let data = fields["data"]
    self.init(Self.kinds[Int(type)], namespace: namespace, id: id, data: data?.isNull == true ? .none : data)
  }
}
