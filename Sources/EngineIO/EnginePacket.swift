public import NIOCore

/// One Engine.IO packet: a type and a payload (Engine.IO protocol v4, "Packet encoding").
///
/// Binary packets are always messages; they carry no type character on the wire.
public struct EnginePacket: Sendable, Equatable {
  /// The packet types, by the character that stands for them on the wire.
  public enum Kind: UInt8, Sendable, CaseIterable {
    case open = 0x30
    case close = 0x31
    case ping = 0x32
    case pong = 0x33
    case message = 0x34
    case upgrade = 0x35
    case noop = 0x36
  }

  /// What the packet is.
  public var kind: Kind
  /// Whether the payload is binary; only messages are.
  public var isBinary: Bool
  /// The bytes behind the type: UTF-8 text, or anything when `isBinary`.
  public var payload: ByteBuffer

  /// A text packet.
  public init(_ kind: Kind, _ payload: ByteBuffer = ByteBuffer()) {
    self.kind = kind
    self.isBinary = false
    self.payload = payload
  }

  /// A text packet whose payload is given as a string.
  public init(_ kind: Kind, _ payload: String) {
    self.init(kind, ByteBuffer(string: payload))
  }

  /// A binary message.
  public init(binary payload: ByteBuffer) {
    self.kind = .message
    self.isBinary = true
    self.payload = payload
  }

  /// Bytes of the packet as text: the type character and the payload; as binary: the payload.
  public var encodedBytes: Int { payload.readableBytes + (isBinary ? 0 : 1) }

  /// The character in front of a binary packet's base64 where only text can go.
  public static let base64Mark: UInt8 = 0x62

  /// Bytes of the packet where only text can go: a binary one is `b` and base64.
  public var textBytes: Int { 1 + (isBinary ? (payload.readableBytes + 2) / 3 * 4 : payload.readableBytes) }
}

/// What is wrong with bytes that should have been a packet or a payload.
public enum EnginePacketError: Error, Equatable, Sendable {
  /// Nothing where a packet should be.
  case empty
  /// The first character names no packet type.
  case unknownType(UInt8)
  /// The text is not UTF-8.
  case invalidUTF8
  /// What follows `b` is not base64.
  case invalidBase64
  /// More than ``EngineLimits/maxPacketsPerBody``.
  case tooManyPackets
}

extension EnginePacket {
  /// Reads a packet from the whole of a text: a WebSocket text frame, or one element of a polling payload. A client
  /// that can't send binary sends `b` and base64 over either (`forceBase64` of the official one).
  ///
  /// The text must already be valid UTF-8 (`ByteBuffer.isValidUTF8`).
  public init(text: ByteBuffer) throws(EnginePacketError) {
    var rest = text
    guard let first = rest.readInteger(as: UInt8.self) else { throw .empty }
    if first == EnginePacket.base64Mark {
      guard let bytes = rest.decodedBase64() else { throw .invalidBase64 }
      self.init(binary: bytes)
      return
    }
    guard let kind = Kind(rawValue: first) else { throw .unknownType(first) }
    self.init(kind, rest)
  }
}

extension ByteBuffer {
  /// Writes a packet as text: type character and payload. A binary packet is written as its bare payload.
  public mutating func writeEnginePacket(_ packet: EnginePacket) {
    if !packet.isBinary { writeInteger(packet.kind.rawValue) }
    writeImmutableBuffer(packet.payload)
  }

  /// Writes a packet where only text can go: a binary one as `b` and base64.
  public mutating func writeEnginePacketAsText(_ packet: EnginePacket) {
    guard packet.isBinary else { return writeEnginePacket(packet) }
    writeInteger(EnginePacket.base64Mark)
    writeBase64(packet.payload)
  }
}
