public import NIOCore
import SocketIO

/// An event that is encoded already: the JSON text of its array, and at most one binary attachment.
///
/// For bytes that many sockets share: what is `shared` is written by reference, never copied, over WebSocket.
/// The JSON must be an array whose first element is the event's name, and hold
/// `{"_placeholder":true,"num":0}` where the attachment belongs if there is one; nothing checks that.
public struct RawEvent: Sendable {
  /// Up to three buffers that go back to back on the wire.
  public struct Parts: Sendable {
    /// Copied in front; keep it small.
    public var head: ByteBuffer
    /// Written by reference.
    public var shared: ByteBuffer?
    /// Copied behind; keep it small.
    public var tail: ByteBuffer?

    public init(head: ByteBuffer, shared: ByteBuffer? = nil, tail: ByteBuffer? = nil) {
      self.head = head
      self.shared = shared
      self.tail = tail
    }

    /// Bytes of all parts.
    public var bytes: Int { ownBytes + (shared?.readableBytes ?? 0) }

    /// Bytes of the parts that are copied.
    var ownBytes: Int { head.readableBytes + (tail?.readableBytes ?? 0) }

    /// One buffer of everything, for transports that must copy anyway.
    func joined(after prefix: ByteBuffer?) -> ByteBuffer {
      var joined = ByteBufferAllocator().buffer(capacity: bytes + (prefix?.readableBytes ?? 0))
      if let prefix { joined.writeImmutableBuffer(prefix) }
      joined.writeImmutableBuffer(head)
      if let shared { joined.writeImmutableBuffer(shared) }
      if let tail { joined.writeImmutableBuffer(tail) }
      return joined
    }

    /// Whether they end as an array does whose last element is a string.
    var endInString: Bool {
      var awaited: [UInt8] = [UInt8(ascii: "\""), UInt8(ascii: "]")]
      for part in [tail, shared, head] {
        guard let part else { continue }
        for byte in part.readableBytesView.reversed() where !Self.blanks.contains(byte) {
          guard byte == awaited.popLast() else { return false }
          if awaited.isEmpty { return true }
        }
      }
      return false
    }

    private static let blanks = Array(" \t\r\n".utf8)
  }

  /// The whole JSON array, without the packet's type.
  public var json: Parts
  /// The attachment.
  public var attachment: Parts?

  public init(json: Parts, attachment: Parts? = nil) {
    self.json = json
    self.attachment = attachment
  }

  /// The last element, if it is a string. What ends otherwise isn't read.
  var lastString: String? {
    guard json.endInString else { return nil }
    // The program's own, and as large as it likes.
    var decoder = SocketPacketDecoder(bounds: PacketBounds(maxValues: .max, maxPacketBytes: .max))
    return try? decoder.decode(text: json.joined(after: ByteBuffer(string: "2")))?.takenForOffset
  }
}
