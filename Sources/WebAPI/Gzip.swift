import CZlib

/// The gzip format (RFC 1952).
enum Gzip {
  enum Effort {
    /// For bytes that are packed once and sent often.
    case most
    /// For bytes that are packed for one answer.
    case least
  }

  /// The bytes, made smaller; nil where they can't be.
  static func compressed(_ bytes: UnsafeBufferPointer<UInt8>, _ effort: Effort) -> [UInt8]? {
    guard bytes.count > 0, bytes.count <= Int(UInt32.max) else { return nil }
    var stream = z_stream()
    // 15 bits of window, and 16 for gzip's frame. The macro of this name isn't seen by Swift; it says the same.
    let began = deflateInit2_(
      &stream, effort == .most ? Z_BEST_COMPRESSION : Z_BEST_SPEED, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY,
      ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    guard began == Z_OK else { return nil }
    defer { deflateEnd(&stream) }
    let packed = [UInt8](unsafeUninitializedCapacity: bytes.count) { room, count in
      // zlib reads and doesn't write here; its type doesn't say so.
      stream.next_in = UnsafeMutablePointer(mutating: bytes.baseAddress)
      stream.avail_in = UInt32(bytes.count)
      stream.next_out = room.baseAddress
      stream.avail_out = UInt32(room.count)
      count = deflate(&stream, Z_FINISH) == Z_STREAM_END ? room.count - Int(stream.avail_out) : 0
    }
    return packed.isEmpty || packed.count >= bytes.count ? nil : packed
  }
}
