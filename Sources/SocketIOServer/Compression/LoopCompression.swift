import EngineIO
import NIOCore

/// What one event loop compresses and decompresses messages with: at most 1.5 MB, however many connections there are.
/// Made when the first message wants it.
struct LoopCompression {
  /// By the bits of their windows; clients that ask for less than the usual 15 are few.
  private var deflaters: [UInt8: Deflater] = [:]
  private var inflater: Inflater?

  /// A packet as the frame of a compressed message; nil if it isn't worth it.
  mutating func frame(_ packet: EnginePacket, windowBits: UInt8, level: Int) -> ByteBuffer? {
    guard let deflater = deflaters[windowBits] ?? Deflater(.raw(windowBits: windowBits), level: level) else {
      return nil
    }
    deflaters[windowBits] = deflater
    let type = ByteBuffer(bytes: packet.isBinary ? [] : [packet.kind.rawValue])
    guard let message = deflater.message([type, packet.payload]) else { return nil }
    let length = message.readableBytes
    var frame = ByteBufferAllocator().buffer(capacity: length + WebSocketFrameHeader.bytes(forPayload: length))
    frame.writeWebSocketHeader(packet.isBinary ? .binary : .text, length: length, isCompressed: true)
    frame.writeImmutableBuffer(message)
    return frame
  }

  mutating func inflate(_ bytes: ByteBuffer, limit: Int) throws(WebSocketMessageParser.Failure) -> ByteBuffer {
    guard let inflater = inflater ?? Inflater() else { throw .invalidCompression }
    self.inflater = inflater
    return try inflater.message(bytes, limit: limit)
  }
}
