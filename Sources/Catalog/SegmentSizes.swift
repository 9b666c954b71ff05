/// The sizes of a track's segments as bytes: LEB128, three bytes for a segment of FLAC.
enum SegmentSizes {
  static func bytes(of sizes: [Int]) -> [UInt8] {
    var bytes: [UInt8] = []
    for size in sizes {
      var rest = UInt64(max(size, 0))
      while rest >= 0x80 {
        bytes.append(UInt8(rest & 0x7F) | 0x80)
        rest >>= 7
      }
      bytes.append(UInt8(rest))
    }
    return bytes
  }

  /// Nil for what ``bytes(of:)`` never wrote.
  static func sizes(of bytes: [UInt8]) -> [Int]? {
    var sizes: [Int] = []
    var (value, shift) = (0, 0)
    for byte in bytes {
      guard shift < 35 else { return nil }
      value |= Int(byte & 0x7F) << shift
      shift += 7
      if byte & 0x80 == 0 {
        sizes.append(value)
        (value, shift) = (0, 0)
      }
    }
    return shift == 0 ? sizes : nil
  }
}
