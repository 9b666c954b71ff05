import EngineIO
public import NIOCore

/// What is wrong with a message that should have been a packet.
public enum SocketPacketError: Error, Sendable, Equatable {
  case unknownType
  /// A number of attachments that is none, or missing.
  case invalidAttachmentCount
  /// More attachments than are taken.
  case tooManyAttachments(limit: Int)
  /// A packet's text and attachments have more bytes together than are taken.
  case tooLarge(limit: Int)
  /// A CONNECT with more bytes than ``SocketIOLimits/maxConnectBytes``. It has been passed over: what comes behind it
  /// can be read.
  case connectTooLarge(namespace: String)
  case namespaceTooLong
  /// An ack id that is missing, misplaced, or too long.
  case invalidID
  case invalidJSON(JSONError)
  case invalidMessagePack(MessagePackError)
  /// JSON of another shape than the type asks for.
  case invalidPayload
  /// An event with a name that is reserved.
  case reservedEvent(String)
  /// Binary that no packet announced.
  case unexpectedBinary
  /// Text where an attachment should come.
  case unexpectedText
  /// A placeholder that counts no attachment.
  case illegalPlaceholder
}

/// Makes packets of the messages of one connection, putting attachments where their placeholders are.
public struct SocketPacketDecoder: Sendable {
  private struct Waiting {
    var packet: SocketPacket
    let expected: Int
    /// Whether they are kept: not those of an ack that nobody waits for.
    let keeps: Bool
    var attachments: [ByteBuffer] = []
    /// Attachments that came.
    var arrived = 0
    /// Bytes of the text and of what came since.
    var bytes: Int
    /// What the text became, which may be more than it was.
    let valueBytes: Int
  }

  private let codec: SocketCodec
  private let bounds: PacketBounds
  private var waiting: Waiting?

  /// - Parameters:
  ///   - codec: how packets are written.
  ///   - bounds: of one packet.
  public init(codec: SocketCodec = .json, bounds: PacketBounds = PacketBounds()) {
    self.codec = codec
    self.bounds = bounds
  }

  /// A text message came. Nil: its attachments are still to come.
  ///
  /// - Parameter isAwaited: whether somebody waits for the ack of that namespace and id. What nobody waits for is not
  ///   read: it comes out without arguments, whatever was in it.
  public mutating func decode(
    text: ByteBuffer, isAwaited: (_ namespace: String, _ id: UInt64) -> Bool = { _, _ in true }
  ) throws(SocketPacketError) -> SocketPacket? {
    guard codec == .json, waiting == nil else { throw .unexpectedText }
    guard text.readableBytes <= bounds.maxPacketBytes else { throw .tooLarge(limit: bounds.maxPacketBytes) }
    var reader = text
    let (kind, isBinary) = try readKind(&reader)
    let expected = isBinary ? try readAttachmentCount(&reader) : 0
    let namespace = try readNamespace(&reader)
    guard kind != .connect || text.readableBytes <= SocketIOLimits.maxConnectBytes else {
      throw .connectTooLarge(namespace: namespace)
    }
    let id = try readID(&reader)
    var data: SocketValue?
    let isUnwanted = kind == .ack && Self.looksLikeArray(reader) && id.map { !isAwaited(namespace, $0) } ?? false
    if isUnwanted {
      data = .array([])
    } else if reader.readableBytes > 0 {
      do {
        data = try SocketValue(json: reader, maxDepth: bounds.maxDepth, maxValues: bounds.maxValues)
      } catch {
        throw .invalidJSON(error)
      }
    }
    var packet = SocketPacket(kind, namespace: namespace, id: id, data: data)
    try Self.validate(&packet)
    guard expected > 0 else { return packet }
    waiting = Waiting(
      packet: packet, expected: expected, keeps: !isUnwanted, bytes: text.readableBytes,
      valueBytes: packet.data?.approximateBytes ?? 0)
    return nil
  }

  private static func looksLikeArray(_ json: ByteBuffer) -> Bool {
    let bytes = json.readableBytesView
    return bytes.first == UInt8(ascii: "[") && bytes.last == UInt8(ascii: "]")
  }

  /// A binary message came. Nil: more attachments are to come.
  public mutating func decode(binary: ByteBuffer) throws(SocketPacketError) -> SocketPacket? {
    if codec == .messagePack {
      guard binary.readableBytes <= bounds.maxPacketBytes else { throw .tooLarge(limit: bounds.maxPacketBytes) }
      var packet = try SocketPacket(messagePack: binary, bounds: bounds)
      guard packet.kind != .connect || binary.readableBytes <= SocketIOLimits.maxConnectBytes else {
        throw .connectTooLarge(namespace: packet.namespace)
      }
      try Self.validate(&packet)
      return packet
    }
    guard var held = waiting else { throw .unexpectedBinary }
    // The sum, not each: ten attachments of the largest message are ten times what one connection may have.
    guard binary.readableBytes <= bounds.maxPacketBytes - held.bytes else {
      throw .tooLarge(limit: bounds.maxPacketBytes)
    }
    held.bytes += binary.readableBytes
    held.arrived += 1
    if held.keeps { held.attachments.append(binary) }
    guard held.arrived == held.expected else {
      waiting = held
      return nil
    }
    waiting = nil
    let attachments = held.attachments
    held.packet.data = try held.packet.data.map { data throws(SocketPacketError) in try Self.fill(data, attachments) }
    return held.packet
  }

  /// The packet whose attachments are being waited for, without them.
  public var awaited: SocketPacket? { waiting?.packet }

  /// About the memory that a packet takes which isn't whole yet.
  public var heldBytes: Int { waiting.map { $0.keeps ? $0.bytes + $0.valueBytes : 0 } ?? 0 }

  /// Gives up a packet that isn't whole.
  public mutating func discard() { waiting = nil }

  private func readKind(_ reader: inout ByteBuffer) throws(SocketPacketError) -> (SocketPacket.Kind, Bool) {
    switch reader.readInteger(as: UInt8.self) {
    case UInt8(ascii: "0"): (.connect, false)
    case UInt8(ascii: "1"): (.disconnect, false)
    case UInt8(ascii: "2"): (.event, false)
    case UInt8(ascii: "3"): (.ack, false)
    case UInt8(ascii: "4"): (.connectError, false)
    case UInt8(ascii: "5"): (.event, true)
    case UInt8(ascii: "6"): (.ack, true)
    default: throw .unknownType
    }
  }

  private func readAttachmentCount(_ reader: inout ByteBuffer) throws(SocketPacketError) -> Int {
    var count = 0
    var digits = 0
    while let byte = reader.readInteger(as: UInt8.self) {
      if byte == UInt8(ascii: "-"), digits > 0 { return count }
      guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { throw .invalidAttachmentCount }
      count = count * 10 + Int(byte - UInt8(ascii: "0"))
      digits += 1
      // Checked digit by digit, so that the product can't overflow.
      guard count <= bounds.maxAttachments else { throw .tooManyAttachments(limit: bounds.maxAttachments) }
    }
    throw .invalidAttachmentCount
  }

  private func readNamespace(_ reader: inout ByteBuffer) throws(SocketPacketError) -> String {
    guard reader.getInteger(at: reader.readerIndex, as: UInt8.self) == UInt8(ascii: "/") else { return "/" }
    let view = reader.readableBytesView
    let length = view.firstIndex(of: UInt8(ascii: ",")).map { $0 - view.startIndex } ?? view.count
    guard length <= SocketIOLimits.maxNamespaceBytes else { throw .namespaceTooLong }
    guard let name = reader.readString(length: length) else { throw .namespaceTooLong }
    if reader.readableBytes > 0 { reader.moveReaderIndex(forwardBy: 1) }
    return name
  }

  private func readID(_ reader: inout ByteBuffer) throws(SocketPacketError) -> UInt64? {
    var id: UInt64 = 0
    var digits = 0
    while let byte = reader.getInteger(at: reader.readerIndex, as: UInt8.self),
      byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9")
    {
      digits += 1
      guard digits <= SocketIOLimits.maxAckDigits else { throw .invalidID }
      id = id * 10 + UInt64(byte - UInt8(ascii: "0"))
      reader.moveReaderIndex(forwardBy: 1)
    }
    return digits == 0 ? nil : id
  }

  /// Checks the payload's shape against the type, as socket.io-parser does.
  private static func validate(_ packet: inout SocketPacket) throws(SocketPacketError) {
    switch (packet.kind, packet.data) {
    case (.connect, nil), (.connect, .object), (.disconnect, nil): return
    case (.connectError, .object), (.connectError, .string): return
    case (.ack, .array):
      guard packet.id != nil else { throw .invalidID }
    case (.event, .array(var elements)):
      switch elements.first {
      case .string(let name):
        guard !SocketPacket.reservedEvents.containsBytewise(name) else { throw .reservedEvent(name) }
      case .int(let number):
        // Old clients may use numbers as names; handlers are looked up by the number's text.
        elements[0] = .string(String(number))
        packet.data = .array(elements)
      default: throw .invalidPayload
      }
    default: throw .invalidPayload
    }
  }

  /// Puts attachments where the placeholders are. Depth was bounded when the JSON was read.
  private static func fill(_ value: SocketValue, _ attachments: [ByteBuffer]) throws(SocketPacketError) -> SocketValue {
    switch value {
    case .array(let elements):
      var filled: [SocketValue] = []
      filled.reserveCapacity(elements.count)
      for element in elements { filled.append(try fill(element, attachments)) }
      return .array(filled)
    case .object(let entries):
      if entries["_placeholder"] == .bool(true) {
        guard let number = entries["num"]?.int, number >= 0, number < attachments.count else {
          throw .illegalPlaceholder
        }
        return .binary(attachments[Int(number)])
      }
      return .object(
        try entries.mapValues { entry throws(SocketPacketError) in try fill(entry, attachments) })
    default: return value
    }
  }
}
