import CZlib
import NIOCore

/// zlib's compressor (RFC 1951), its memory used again for each message.
///
/// Not to be used by two threads at once. Its pointers never leave it.
final class Deflater {
  /// What stands around the deflated bytes.
  enum Wrapping {
    /// Nothing: for WebSockets, with a window of so many bits, 9 to 15.
    case raw(windowBits: UInt8)
    /// RFC 1952.
    case gzip
    /// RFC 1950, which HTTP calls `deflate`.
    case zlib

    fileprivate var windowBits: Int32 {
      switch self {
      case .raw(let bits): -Int32(bits)
      case .gzip: 15 + 16
      case .zlib: 15
      }
    }
  }

  private let stream: UnsafeMutablePointer<z_stream>
  private let chunk: UnsafeMutablePointer<UInt8>
  private let chunkBytes = ServerLimits.compressionChunkBytes

  /// - Parameter level: zlib's, 1 to 9. Nil if there is no memory for it.
  init?(_ wrapping: Wrapping, level: Int) {
    stream = .allocate(capacity: 1)
    chunk = .allocate(capacity: chunkBytes)
    stream.initialize(to: z_stream())
    let status = dubplate_deflate_init(
      stream, Int32(min(max(level, 1), 9)), wrapping.windowBits, ServerLimits.deflateMemoryLevel)
    guard status == Z_OK else { return nil }
  }

  deinit {
    deflateEnd(stream)
    stream.deallocate()
    chunk.deallocate()
  }

  /// The pieces as one message of a WebSocket (RFC 7692 section 7.2.1); nil if it wouldn't be smaller.
  func message(_ pieces: [ByteBuffer]) -> ByteBuffer? {
    guard var output = compress(pieces, ending: Z_SYNC_FLUSH) else { return nil }
    // The empty block at the end is what the peer puts there by itself.
    output.moveWriterIndex(to: output.writerIndex - DeflateTail.bytes.count)
    return output
  }

  /// The piece as a whole stream; nil if it wouldn't be smaller.
  func stream(_ piece: ByteBuffer) -> ByteBuffer? { compress([piece], ending: Z_FINISH) }

  private func compress(_ pieces: [ByteBuffer], ending: Int32) -> ByteBuffer? {
    let total = pieces.reduce(0) { $0 + $1.readableBytes }
    guard total <= Int32.max, deflateReset(stream) == Z_OK else { return nil }
    var output = ByteBuffer()
    for (place, piece) in pieces.enumerated() {
      let flush = place == pieces.count - 1 ? ending : Z_NO_FLUSH
      let isWorthIt = piece.withUnsafeReadableBytes { input in
        stream.pointee.next_in = UnsafeMutablePointer(mutating: input.bindMemory(to: UInt8.self).baseAddress)
        stream.pointee.avail_in = UInt32(input.count)
        repeat {
          stream.pointee.next_out = chunk
          stream.pointee.avail_out = UInt32(chunkBytes)
          // Nothing but more room is ever wanted: the stream's state is good, and there is always some.
          _ = deflate(stream, flush)
          let written = chunkBytes - Int(stream.pointee.avail_out)
          output.writeBytes(UnsafeRawBufferPointer(start: chunk, count: written))
          guard output.readableBytes < total else { return false }
        } while stream.pointee.avail_out == 0
        return true
      }
      stream.pointee.next_in = nil
      guard isWorthIt else { return nil }
    }
    return output
  }
}

/// The empty block without compression that ends each message and isn't sent (RFC 7692 section 7.2.1).
enum DeflateTail {
  static let bytes: [UInt8] = [0x00, 0x00, 0xff, 0xff]
}
