import Foundation

/// Numbers from the edges of their fields, put into files: what no encoder writes and any file may say.
///
/// Everything is drawn from a seed, so that a file that breaks something can be made again.
struct EdgeNumbers {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 2_862_933_555_777_941_757 &+ 3_037_000_493 }

  /// 0 ..< `bound`.
  mutating func next(_ bound: Int) -> Int {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return Int(state % UInt64(max(bound, 1)))
  }

  private static let edges: [UInt64] = [
    0, 1, 2, 1 << 63, 1 << 63 + 1, 1 << 63 - 1, 1 << 62, 1 << 60, 1 << 55, 1 << 48, 1 << 40, .max, .max - 1,
    .max - 1 << 40, 1 << 31, 1 << 31 - 1, 1 << 32 - 1, 1 << 32, 1 << 31 + 1, 1 << 15, 1 << 16 - 1, 44_100,
    1_000_000_000,
  ]

  /// The last `width` bytes of an edge, big-endian.
  mutating func bytes(_ width: Int) -> [UInt8] {
    var value = Self.edges[next(Self.edges.count)]
    // The edges of the field itself as often as those of 64 bits.
    if next(2) == 0 { value = [0, 1, 0x80, 0x7F, 0xFF][next(5)] << UInt64(8 * (width - 1)) | UInt64(next(2)) }
    return Self.big(value, width)
  }

  private static func big(_ value: UInt64, _ width: Int) -> [UInt8] {
    (0..<width).map { (place: Int) -> UInt8 in
      let shift = UInt64(8 * (width - 1 - place))
      return UInt8(truncatingIfNeeded: value >> shift)
    }
  }

  /// CRC-32 of an Ogg page (RFC 3533, section 6): polynomial 0x04C11DB7, neither reflected nor inverted.
  private static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    let top: UInt32 = 0x8000_0000
    var sum: UInt32 = 0
    for byte in bytes {
      sum ^= UInt32(byte) << 24
      for _ in 0..<8 { sum = sum & top == 0 ? sum << 1 : (sum << 1) ^ 0x04C1_1DB7 }
    }
    return sum
  }

  // MARK: Flat files

  /// Writes one to three edges over words in `ranges`, of either order of bytes.
  mutating func edit(_ file: [UInt8], _ ranges: [Range<Int>]) -> [UInt8] {
    var file = file
    for _ in 0...next(3) {
      let range = ranges[next(ranges.count)]
      let width = [2, 4, 8][next(3)]
      guard range.count >= width, range.upperBound <= file.count else { continue }
      let place = range.lowerBound + next((range.count - width) / 2 + 1) * 2
      let number = bytes(width)
      file.replaceSubrange(place..<place + width, with: next(2) == 0 ? number : number.reversed())
    }
    return file
  }

  // MARK: Ogg (RFC 3533)

  /// Edges in place of granules, and in the first packet; checksums are right.
  mutating func ogg(_ file: [UInt8]) -> [UInt8] {
    var file = file
    var pages: [Range<Int>] = []
    var place = 0
    while place + 27 <= file.count, Array(file[place..<place + 4]) == Array("OggS".utf8) {
      let laces = Int(file[place + 26])
      guard place + 27 + laces <= file.count else { break }
      var end = place + 27 + laces
      for lace in file[place + 27..<place + 27 + laces] { end += Int(lace) }
      pages.append(place..<min(end, file.count))
      place = end
    }
    for _ in 0...next(3) {
      let page = pages[next(3) == 0 ? 0 : next(2) == 0 ? pages.count - 1 : next(pages.count)]
      if page.lowerBound == 0, next(2) == 0 {
        file = edit(file, [28 + 7..<page.upperBound])
      } else {
        file.replaceSubrange(page.lowerBound + 6..<page.lowerBound + 14, with: bytes(8).reversed())
      }
    }
    for page in pages {
      file.replaceSubrange(page.lowerBound + 22..<page.lowerBound + 26, with: [0, 0, 0, 0])
      let sum = Self.big(UInt64(Self.checksum(file[page])), 4).reversed()
      file.replaceSubrange(page.lowerBound + 22..<page.lowerBound + 26, with: sum)
    }
    return file
  }

  // MARK: ISO base media (ISO/IEC 14496-12)

  private static let folders: Set<String> = ["moov", "trak", "mdia", "minf", "stbl", "edts", "moof", "traf", "mvex"]

  /// Edges in the boxes of an MP4; those with a 64-bit form get that.
  mutating func boxes(_ file: [UInt8]) -> [UInt8] {
    var output: [UInt8] = []
    var place = 0
    while place + 8 <= file.count {
      var size = 0
      for byte in file[place..<place + 4] { size = size << 8 | Int(byte) }
      let end = size < 8 ? file.count : min(place + size, file.count)
      let kind = String(decoding: file[place + 4..<place + 8], as: UTF8.self)
      var body = Array(file[place + 8..<end])
      if Self.folders.contains(kind) { body = boxes(body) } else if next(3) == 0 { body = box(kind, body) }
      output += Self.big(UInt64(body.count + 8), 4)
      output += Array(kind.utf8)
      output += body
      place = end
    }
    return output
  }

  private mutating func box(_ kind: String, _ body: [UInt8]) -> [UInt8] {
    let version: [UInt8] = [1, 0, 0, 0]
    switch kind {
    case "mdhd":
      var times = version + [UInt8](repeating: 0, count: 16)
      times += bytes(4)
      times += bytes(8)
      return times + [0x55, 0xC4, 0, 0]
    case "elst":
      var entry = version + [0, 0, 0, 1]
      entry += bytes(8)
      entry += bytes(8)
      return entry + [0, 1, 0, 0]
    case "tfdt", "mehd": return version + bytes(8)
    case "mdat", "ftyp", "free", "udta": return body
    default: return body.count > 4 ? edit(body, [4..<min(body.count, 64)]) : body
    }
  }

  // MARK: Matroska (RFC 8794, RFC 9559)

  private static let masters: Set<Int> = [
    0x1853_8067, 0x1549_A966, 0x1654_AE6B, 0xAE, 0xE1, 0x1F43_B675, 0xA0, 0x1C53_BB6B, 0xBB, 0xB7,
  ]

  /// Edges of eight bytes in place of numbers, and in the blocks' own times.
  mutating func elements(_ file: [UInt8]) -> [UInt8] {
    var output: [UInt8] = []
    var place = 0
    func number(_ keepsMark: Bool) -> (value: Int, length: Int)? {
      guard place < file.count, file[place] != 0 else { return nil }
      let length = file[place].leadingZeroBitCount + 1
      guard place + length <= file.count else { return nil }
      let first = keepsMark ? Int(file[place]) : Int(file[place]) & (0xFF >> length)
      var value = first
      for byte in file[place + 1..<place + length] { value = value << 8 | Int(byte) }
      return (value, length)
    }
    while let id = number(true) {
      let name = Array(file[place..<place + id.length])
      place += id.length
      guard let size = number(false) else { break }
      place += size.length
      // All ones is a length left open: to the end.
      let isOpen = size.value == (1 << (7 * size.length)) - 1
      let end = isOpen ? file.count : min(file.count, place + size.value)
      var body = Array(file[place..<end])
      if Self.masters.contains(id.value) {
        body = elements(body)
      } else if id.value == 0xA3 || id.value == 0xA1 {
        if body.count > 4, next(4) == 0 { body.replaceSubrange(1..<3, with: bytes(2)) }
      } else if (1...8).contains(body.count), next(6) == 0 {
        body = bytes(8)
      }
      output += name
      output += [1] + Self.big(UInt64(body.count), 7)
      output += body
      place = end
    }
    return output
  }
}
