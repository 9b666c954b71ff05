public import NIOCore

/// The body of a polling request or response: packets joined by 0x1e, binary ones as `b` and base64
/// (Engine.IO protocol v4, "HTTP long-polling").
public enum PollingPayload {
  /// The record separator between two packets.
  public static let separator: UInt8 = 0x1e

  /// A body on its way to be ``Packets``. All of it is read before anything of it is handled, so that a malformed packet
  /// leaves nothing half done; in pieces, so that others can be served meanwhile.
  public struct Check: Sendable {
    private let body: ByteBuffer
    private var rest: Packets
    private var hasBegun = false

    /// - Parameter body: the whole body, at most `maxPayload` bytes; the caller has checked that.
    public init(_ body: ByteBuffer) {
      self.body = body
      rest = Packets(unchecked: body)
    }

    /// Reads on.
    /// - Parameter most: packets to read at most.
    /// - Returns: the packets, once all have been read; nil as long as there are more.
    public mutating func advance(by most: Int = .max) throws(EnginePacketError) -> Packets? {
      if !hasBegun {
        guard body.readableBytes > 0 else { throw .empty }
        guard body.isValidUTF8 else { throw .invalidUTF8 }
        let separators = body.withUnsafeReadableBytes { $0.count { $0 == separator } }
        guard separators < EngineLimits.maxPacketsPerBody else { throw .tooManyPackets }
        hasBegun = true
      }
      var left = most
      while left > 0, !rest.isAtEnd {
        _ = try rest.read()
        left -= 1
      }
      return rest.isAtEnd ? Packets(unchecked: body) : nil
    }
  }

  /// The packets of a body, one after the other: a packet takes many times the memory of the two bytes that it may have,
  /// and so they never are there all at once.
  public struct Packets: Sendable, Sequence, IteratorProtocol {
    private var rest: ByteBuffer
    /// Whether there are no more.
    public private(set) var isAtEnd = false

    fileprivate init(unchecked body: ByteBuffer) { rest = body }

    /// The next packet; nil when there is none.
    public mutating func next() -> EnginePacket? {
      // All of them have been read before.
      isAtEnd ? nil : try? read()
    }

    fileprivate mutating func read() throws(EnginePacketError) -> EnginePacket {
      let length = rest.readableBytesView.firstIndex(of: separator).map { $0 - rest.readerIndex }
      guard let element = rest.readSlice(length: length ?? rest.readableBytes) else { throw .empty }
      if length == nil { isAtEnd = true } else { rest.moveReaderIndex(forwardBy: 1) }
      return try EnginePacket(text: element)
    }
  }

  /// The packets of a body, all at once.
  public static func decode(_ body: ByteBuffer) throws(EnginePacketError) -> [EnginePacket] {
    var check = Check(body)
    return Array(try check.advance() ?? Packets(unchecked: ByteBuffer()))
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
