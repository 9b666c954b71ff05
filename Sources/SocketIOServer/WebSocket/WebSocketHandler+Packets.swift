import EngineIO
import NIOCore

/// Packets on their way out as frames.
extension WebSocketHandler {
  /// How messages are compressed. A class, so that connections without it pay for a pointer.
  final class Deflate {
    let windowBits: UInt8
    let settings: EngineServer.Deflate
    /// Of the channel's event loop; the session's may be another.
    let loop: EngineLoop

    init(windowBits: UInt8, settings: EngineServer.Deflate, loop: EngineLoop) {
      self.windowBits = windowBits
      self.settings = settings
      self.loop = loop
    }
  }

  /// Writes one packet. On the session's event loop.
  func write(_ packet: EnginePacket, flush: Bool, mayCompress: Bool = true) {
    if sendsTextOnly, packet.isBinary {
      var frame = ByteBufferAllocator().buffer(capacity: packet.textBytes + EngineLimits.maxFrameHeaderBytes)
      frame.writeWebSocketHeader(.text, length: packet.textBytes)
      frame.writeEnginePacketAsText(packet)
      return write(frame, flush: flush)
    }
    if mayCompress, let deflate, packet.encodedBytes >= deflate.settings.threshold,
      let frame = socket.loop.compression.frame(
        packet, windowBits: deflate.windowBits, level: deflate.settings.level)
    {
      return write(frame, flush: flush)
    }
    var frame = ByteBufferAllocator().buffer(
      capacity: packet.encodedBytes + WebSocketFrameHeader.bytes(forPayload: packet.encodedBytes))
    frame.writeWebSocketHeader(packet.isBinary ? .binary : .text, length: packet.encodedBytes)
    frame.writeEnginePacket(packet)
    write(frame, flush: flush)
  }

  /// Writes parts behind what `small` holds: a shared buffer by reference, after which `small` begins anew.
  func write(_ parts: RawEvent.Parts, behind small: inout ByteBuffer) {
    small.writeImmutableBuffer(parts.head)
    if let shared = parts.shared {
      write(small, flush: false)
      write(shared, flush: false)
      small = ByteBuffer()
    }
    if let tail = parts.tail { small.writeImmutableBuffer(tail) }
  }

  func write(_ frames: [ByteBuffer], flush: Bool) {
    for frame in frames { write(frame, flush: false) }
    if flush { self.flush() }
  }
}
