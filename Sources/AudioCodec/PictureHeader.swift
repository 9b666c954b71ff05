/// Which picture some bytes are and how large, by their header alone: nothing is decoded, nothing allocated.
struct PictureHeader: Hashable {
  enum Format: Hashable { case jpeg, png, gif, bmp, webp }

  let format: Format
  /// Pixels.
  let width: Int
  let height: Int

  /// Nil for what is none of the five, or is cut off.
  init?(_ bytes: [UInt8]) {
    let reader = Reader(bytes: bytes)
    if reader.has([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], at: 0), reader.has(Array("IHDR".utf8), at: 12) {
      self.init(.png, reader.big(16, 4), reader.big(20, 4))
    } else if reader.has(Array("GIF87a".utf8), at: 0) || reader.has(Array("GIF89a".utf8), at: 0) {
      self.init(.gif, reader.little(6, 2), reader.little(8, 2))
    } else if reader.has(Array("BM".utf8), at: 0) {
      // A negative height says that the rows begin at the top.
      let height = reader.little(22, 4).map { Int(Int32(truncatingIfNeeded: $0).magnitude) }
      self.init(.bmp, reader.little(18, 4), height)
    } else if reader.has(Array("RIFF".utf8), at: 0), reader.has(Array("WEBP".utf8), at: 8) {
      let (width, height) = Self.webp(reader)
      self.init(.webp, width, height)
    } else if reader.has([0xFF, 0xD8, 0xFF], at: 0) {
      let (width, height) = Self.jpeg(reader)
      self.init(.jpeg, width, height)
    } else {
      return nil
    }
  }

  private init?(_ format: Format, _ width: Int?, _ height: Int?) {
    guard let width, let height, width > 0, height > 0 else { return nil }
    (self.format, self.width, self.height) = (format, width, height)
  }

  /// RFC 9649, section 2: lossy, lossless, or with an extended header in front.
  private static func webp(_ reader: Reader) -> (Int?, Int?) {
    if reader.has(Array("VP8X".utf8), at: 12) {
      return (reader.little(24, 3).map { $0 + 1 }, reader.little(27, 3).map { $0 + 1 })
    }
    if reader.has(Array("VP8L".utf8), at: 12) {
      guard let bits = reader.little(21, 4) else { return (nil, nil) }
      return ((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    }
    guard reader.has(Array("VP8 ".utf8), at: 12) else { return (nil, nil) }
    return (reader.little(26, 2).map { $0 & 0x3FFF }, reader.little(28, 2).map { $0 & 0x3FFF })
  }

  /// ITU-T T.81, B.1.1: marker segments, of which a frame header (SOF) has the size.
  private static func jpeg(_ reader: Reader) -> (Int?, Int?) {
    var place = 2
    while let lead = reader.big(place, 1), lead == 0xFF, let marker = reader.big(place + 1, 1) {
      switch marker {
      case 0xFF: place += 1
      case 0x01, 0xD0...0xD8: place += 2
      case 0xC0...0xC3, 0xC5...0xC7, 0xC9...0xCB, 0xCD...0xCF:
        return (reader.big(place + 7, 2), reader.big(place + 5, 2))
      default:
        guard let length = reader.big(place + 2, 2), length >= 2 else { return (nil, nil) }
        place += 2 + length
      }
    }
    return (nil, nil)
  }

  private struct Reader {
    let bytes: [UInt8]

    func has(_ mark: [UInt8], at place: Int) -> Bool {
      bytes.count >= place + mark.count && bytes[place..<place + mark.count].elementsEqual(mark)
    }

    func big(_ place: Int, _ count: Int) -> Int? {
      guard place >= 0, place + count <= bytes.count else { return nil }
      return bytes[place..<place + count].reduce(0) { $0 << 8 | Int($1) }
    }

    func little(_ place: Int, _ count: Int) -> Int? {
      guard place >= 0, place + count <= bytes.count else { return nil }
      return bytes[place..<place + count].reversed().reduce(0) { $0 << 8 | Int($1) }
    }
  }
}
