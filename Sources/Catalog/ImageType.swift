/// What a picture is, by its first bytes.
///
/// What a tag claims is not believed: a file that says `text/html` or `image/svg+xml` would run its script on our
/// origin.
enum ImageType {
  /// The MIME type, or nil when the bytes are no raster picture that browsers show.
  static func of(_ bytes: [UInt8]) -> String? {
    func has(_ prefix: [UInt8], at offset: Int = 0) -> Bool {
      bytes.count >= offset + prefix.count && bytes[offset..<offset + prefix.count].elementsEqual(prefix)
    }
    if has([0xFF, 0xD8, 0xFF]) { return "image/jpeg" }
    if has([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) { return "image/png" }
    if has(Array("GIF87a".utf8)) || has(Array("GIF89a".utf8)) { return "image/gif" }
    if has(Array("RIFF".utf8)), has(Array("WEBP".utf8), at: 8) { return "image/webp" }
    if has(Array("ftypavif".utf8), at: 4) { return "image/avif" }
    // Two letters are little; the four reserved bytes behind the size must be zero as well.
    if has(Array("BM".utf8)), has([0, 0, 0, 0], at: 6) { return "image/bmp" }
    return nil
  }
}
