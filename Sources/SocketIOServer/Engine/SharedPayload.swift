import EngineIO
import NIOCore
import SocketIO
import Synchronization

/// A message for many sessions: its packets, and their WebSocket frames, made once; compressed ones once for all who
/// agreed to the same window, when the first of them comes.
final class SharedPayload: Sendable {
  let packets: [EnginePacket]
  let bytes: Int
  private let frames: [ByteBuffer]
  private let mayCompress: Bool
  private let compressed = Mutex<[UInt8: [ByteBuffer]]>([:])

  /// - Parameter mayCompress: false for what the program wants to go out as it is.
  init(_ encoded: EncodedPacket, mayCompress: Bool = true) {
    packets = [encoded.message] + encoded.attachments.map { EnginePacket(binary: $0) }
    bytes = packets.reduce(0) { $0 + $1.payload.readableBytes }
    self.mayCompress = mayCompress
    frames = Self.frames(packets) { _ in nil }
  }

  /// What goes over a connection whose session is on `loop`, which must be the caller's.
  func frames(for webSocket: WebSocketHandler, on loop: EngineLoop) -> [ByteBuffer] {
    guard mayCompress, let deflate = webSocket.deflate,
      packets.contains(where: { $0.encodedBytes >= deflate.settings.threshold })
    else { return frames }
    // The others wait for it: they would do the same work.
    return compressed.withLock { made in
      if let frames = made[deflate.windowBits] { return frames }
      let frames = Self.frames(packets) { packet in
        guard packet.encodedBytes >= deflate.settings.threshold else { return nil }
        return loop.compression.frame(packet, windowBits: deflate.windowBits, level: deflate.settings.level)
      }
      made[deflate.windowBits] = frames
      return frames
    }
  }

  /// Small frames go into one buffer, large attachments by reference, and what `compress` makes as it is.
  private static func frames(
    _ packets: [EnginePacket], compress: (EnginePacket) -> ByteBuffer?
  ) -> [ByteBuffer] {
    var frames: [ByteBuffer] = []
    var current = ByteBufferAllocator().buffer(capacity: (packets.first?.encodedBytes ?? 0) + 16)
    for packet in packets {
      if var frame = compress(packet) {
        current.writeBuffer(&frame)
        continue
      }
      current.writeWebSocketHeader(packet.isBinary ? .binary : .text, length: packet.encodedBytes)
      if packet.isBinary, packet.payload.readableBytes > ServerLimits.inlineAttachmentBytes {
        frames.append(current)
        frames.append(packet.payload)
        current = ByteBuffer()
      } else {
        current.writeEnginePacket(packet)
      }
    }
    if current.readableBytes > 0 { frames.append(current) }
    return frames
  }
}
