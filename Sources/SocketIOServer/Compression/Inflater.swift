import CZlib
import EngineIO
import NIOCore

/// zlib's decompressor for messages of WebSockets (RFC 7692 section 7.2.2), its memory used again for each.
///
/// Not to be used by two threads at once. Its pointers never leave it.
final class Inflater {
  private let stream: UnsafeMutablePointer<z_stream>
  private let chunk: UnsafeMutablePointer<UInt8>
  private let chunkBytes = ServerLimits.compressionChunkBytes

  /// Nil if there is no memory for it.
  init?() {
    stream = .allocate(capacity: 1)
    chunk = .allocate(capacity: chunkBytes)
    stream.initialize(to: z_stream())
    guard dubplate_inflate_init(stream, -15) == Z_OK else { return nil }
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
    chunk.deallocate()
  }

  /// The message that was deflated to `bytes`.
  ///
  /// It grows with what comes out, and stops at the first byte beyond `limit`, whatever is still to come: a thousand
  /// bytes can stand for a million.
  func message(_ bytes: ByteBuffer, limit: Int) throws(WebSocketMessageParser.Failure) -> ByteBuffer {
    guard inflateReset(stream) == Z_OK else { throw .invalidCompression }
    var output = ByteBuffer()
    var state = try feed(bytes, into: &output, limit: limit)
    if state != .ended { state = try feed(ByteBuffer(bytes: DeflateTail.bytes), into: &output, limit: limit) }
    guard state != .insideBlock else { throw .invalidCompression }
    return output
  }

  private enum State {
    case insideBlock
    case betweenBlocks
    /// Behind a block that says it is the last.
    case ended
  }

  private func feed(
    _ bytes: ByteBuffer, into output: inout ByteBuffer, limit: Int
  ) throws(WebSocketMessageParser.Failure) -> State {
    let result = bytes.withUnsafeReadableBytes { input -> Result<State, WebSocketMessageParser.Failure> in
      stream.pointee.next_in = UnsafeMutablePointer(mutating: input.bindMemory(to: UInt8.self).baseAddress)
      stream.pointee.avail_in = UInt32(input.count)
      defer { stream.pointee.next_in = nil }
      while true {
        stream.pointee.next_out = chunk
        stream.pointee.avail_out = UInt32(chunkBytes)
        let status = inflate(stream, Z_SYNC_FLUSH)
        let written = chunkBytes - Int(stream.pointee.avail_out)
        guard output.readableBytes + written <= limit else { return .failure(.messageTooLarge) }
        output.writeBytes(UnsafeRawBufferPointer(start: chunk, count: written))
        switch status {
        case Z_STREAM_END:
          // Blocks may follow that one all the same (section 7.2.3.4): they are a stream of their own.
          guard inflateReset(stream) == Z_OK else { return .failure(.invalidCompression) }
          if stream.pointee.avail_in == 0 { return .success(.ended) }
        case Z_OK, Z_BUF_ERROR:
          // Output is left for only when there was no room.
          guard stream.pointee.avail_out > 0 else { continue }
          guard stream.pointee.avail_in == 0 else { return .failure(.invalidCompression) }
          // zlib says by this bit that it has just finished a block.
          return .success(stream.pointee.data_type & 128 != 0 ? .betweenBlocks : .insideBlock)
        default: return .failure(.invalidCompression)
        }
      }
    }
    return try result.get()
  }
}
