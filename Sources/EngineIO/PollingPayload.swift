public import NIOCore

/// The body of a polling request or response: packets joined by 0x1e, binary ones as `b` and base64
/// (Engine.IO protocol v4, "HTTP long-polling").
public enum PollingPayload {
  /// The record separator between two packets.
  public static let separator: UInt8 = 0x1e

  /// Takes the packets of a body apart.
  ///
  /// The whole body is read before anything is returned, so that a malformed packet leaves nothing half done.
  /// - Parameter body: the whole body, at most `maxPayload` bytes; the caller has checked that.
  public static func decode(_ body: ByteBuffer) throws(EnginePacketError) -> [EnginePacket] {
    guard body.readableBytes > 0 else { throw .empty }
    guard body.isValidUTF8 else { throw .invalidUTF8 }
    var packets: [EnginePacket] = []
    var rest = body
    while true {
      let length = rest.readableBytesView.firstIndex(of: separator).map { $0 - rest.readerIndex }
      guard let element = rest.readSlice(length: length ?? rest.readableBytes) else { throw .empty }
      packets.append(try EnginePacket(text: element))
      guard length != nil else { return packets }
      rest.moveReaderIndex(forwardBy: 1)
    }
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
