import CBrotli

/// The brotli format (RFC 7932): a tenth smaller than gzip for the player's modules. Browsers ask for it over HTTPS and on
/// localhost.
enum Brotli {
  /// The highest before packing takes ten times as long, for a further tenth: a server packs all when it starts.
  private static let quality: Int32 = 9

  /// A text, made smaller; nil where it can't be.
  static func compressed(_ bytes: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
    guard bytes.count > 0 else { return nil }
    let packed = [UInt8](unsafeUninitializedCapacity: bytes.count) { room, count in
      var size = room.count
      let isDone = BrotliEncoderCompress(
        quality, BROTLI_DEFAULT_WINDOW, BROTLI_MODE_TEXT, bytes.count, bytes.baseAddress, &size, room.baseAddress)
      count = isDone == BROTLI_TRUE ? size : 0
    }
    return packed.isEmpty || packed.count >= bytes.count ? nil : packed
  }
}
