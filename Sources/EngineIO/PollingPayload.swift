public import NIOCore

/// The body of a polling request or response: packets joined by 0x1e, binary ones as `b` and base64
/// (Engine.IO protocol v4, "HTTP long-polling").
public enum PollingPayload {
  /// The record separator between two packets.
  public static let separator: UInt8 = 0x1e

  /// The packets of a body, one after the other: a packet takes many times the memory of the two bytes that it may have,
  /// and so they never are there all at once.
  public struct Packets: Sendable, Sequence, IteratorProtocol {
    private var rest: ByteBuffer
    /// Whether there are no more.
    public private(set) var isAtEnd = false

    /// The whole body is read before anything is returned, so that a malformed packet leaves nothing half done.
    /// - Parameter body: the whole body, at most `maxPayload` bytes; the caller has checked that.
    public init(_ body: ByteBuffer) throws(EnginePacketError) {
      guard body.readableBytes > 0 else { throw .empty }
      guard body.isValidUTF8 else { throw .invalidUTF8 }
      rest = body
      var check = self
      while !check.isAtEnd { _ = try check.read() }
    }

    /// The next packet; nil when there is none.
    public mutating func next() -> EnginePacket? {
      // All of them have been read before.
      isAtEnd ? nil : try? read()
    }

    private mutating func read() throws(EnginePacketError) -> EnginePacket {
      let length = rest.readableBytesView.firstIndex(of: separator).map { $0 - rest.readerIndex }
      guard let element = rest.readSlice(length: length ?? rest.readableBytes) else { throw .empty }
      if length == nil { isAtEnd = true } else { rest.moveReaderIndex(forwardBy: 1) }
      return try EnginePacket(text: element)
    }
  }

  /// The packets of a body, all at once.
  public static func decode(_ body: ByteBuffer) throws(EnginePacketError) -> [EnginePacket] {
    Array(try Packets(body))
  }

  /// Joins packets to a body.
  public static func encode(_ packets: some Sequence<EnginePacket>) -> ByteBuffer {
    var body = ByteBuffer()
    for packet in packets {
      append(packet, to: &body)
    }
    return body
  }

  /// Appends one packet to a body that is being built, with a separator if it is not the first.
  public static func append(_ packet: EnginePacket, to body: inout ByteBuffer) {
    if body.readableBytes > 0 { body.writeInteger(separator) }
    body.writeEnginePacketAsText(packet)
  }

  /// Bytes that a packet takes in a body, separator included.
  public static func encodedBytes(of packet: EnginePacket) -> Int {
    1 + packet.textBytes
  }
}
