/// The tags that lie around the frames of MP3 and ADTS files; here only their length matters.
enum Tags {
  /// Bytes of the ID3v2, ID3v1, APE or Lyrics3 tag that begins at `offset`; nil if none does.
  static func length(file: FileSource, at offset: Int64) -> Int64? {
    let bytes = file.bytes(at: offset, count: 32)
    guard bytes.count >= 10 else { return nil }
    if bytes.starts(with: [0x49, 0x44, 0x33]), bytes[3] < 0xFF, bytes[6...9].allSatisfy({ $0 < 0x80 }) {
      let body = bytes[6...9].reduce(Int64(0)) { $0 << 7 | Int64($1) }
      return body + 10 + (bytes[5] & 0x10 != 0 ? 10 : 0)
    }
    if bytes.starts(with: [0x54, 0x41, 0x47]) { return 128 }
    if bytes.count == 32, bytes.starts(with: Array("APETAGEX".utf8)) {
      let body = (0..<4).reduce(Int64(0)) { $0 | Int64(bytes[12 + $1]) << Int64(8 * $1) }
      // The size counts items and footer; a header in front is told by flags, and here we stand at one.
      let isHeader = bytes[23] & 0x20 != 0
      return isHeader ? body + 32 : 32
    }
    return nil
  }

  /// Offset behind all ID3v2 tags at the beginning.
  static func endOfLeadingTags(file: FileSource) -> Int64 {
    var offset: Int64 = 0
    while offset < min(file.size, Bounds.maxLeadingTags) {
      let head = file.bytes(at: offset, count: 3)
      guard head.starts(with: [0x49, 0x44, 0x33]), let length = length(file: file, at: offset) else { break }
      offset += length
    }
    return offset
  }
}
