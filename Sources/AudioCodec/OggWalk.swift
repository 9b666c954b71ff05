/// Finds where the links of an Ogg file begin.
///
/// Within a link the pages of a stream are numbered in a row (RFC 3533, section 6), and in the next one they begin at
/// nothing again, whatever its serial number is: `cat a.ogg a.ogg` repeats that. So of a long file some pages are looked
/// at, each a step behind the one before, and where the later one can't be of the same link, or has come by fewer or more
/// numbers than the link's pages are long, what lies between is gone through page by page. The first step of each link, in
/// which numbers are too small to tell, and the file's last one are gone through in any case: a file of one step takes no
/// longer than to read it, one of a gigabyte some hundred reads.
struct OggWalk {
  private struct Page {
    var offset: Int64
    var length: Int64
    var isFirst: Bool
    var serial: UInt32
    var sequence: UInt32
  }

  /// What is known of the link at a place.
  private struct Position {
    /// Where the next page is.
    var place: Int64
    /// Whether the page in front of it is the first of a stream: such pages are a link's beginning together.
    var wasFirst = false
    /// Where the link begins.
    var start: Int64 = 0
    /// The first and the last page of each of its streams.
    var streams: [UInt32: (first: Page, last: Page)] = [:]
  }

  private static let capture: [UInt8] = Array("OggS".utf8)
  private static let headerBytes = 27
  private static let longestHeader = 27 + 255
  private static let longestPage: Int64 = 65_307
  private static let beginning: UInt8 = 0x02

  private let size: Int64
  private let step: Int64
  private var window: ReadWindow
  private var probe: ReadWindow
  private var starts: [Int64] = []

  /// - Parameters:
  ///   - step: bytes between two pages that are held against each other.
  ///   - read: as many of so many bytes at an offset as there are.
  init(size: Int64, step: Int64, _ read: @escaping (Int64, Int) -> [UInt8]) {
    self.size = size
    self.step = step
    window = ReadWindow(width: Int(min(step, Int64(Bounds.oggWindow))), read)
    // A page begins within the longest, and behind it is the next.
    probe = ReadWindow(width: Int(min(step, Self.longestPage)), read)
  }

  /// Throws `unsupported` for more links than there may be.
  mutating func starts(from start: Int64) throws(AudioCodecError) -> [Int64] {
    starts = []
    var position = try walked(Position(place: start), to: start + step)
    var before = position
    while position.place < size {
      let target = position.place + step
      if target < size, let page = page(near: target), let next = stepped(position, to: page) {
        (before, position) = (position, next)
        continue
      }
      // What doesn't fit may have begun to go wrong a step earlier.
      position = try walked(before, to: min(target, size))
      before = position
    }
    return starts
  }

  /// Goes through the pages up to `end`.
  private mutating func walked(_ from: Position, to end: Int64) throws(AudioCodecError) -> Position {
    var position = from
    while position.place < min(end, size) {
      guard let page = page(at: position.place) else {
        guard let next = nextCapture(from: position.place + 1) else {
          position.place = size
          break
        }
        position.place = next
        continue
      }
      if page.isFirst, !position.wasFirst {
        guard starts.count < Bounds.maxLinks else {
          throw AudioCodecError(.unsupported, "The file is a chain of more than \(Bounds.maxLinks) streams")
        }
        starts.append(page.offset)
        position.streams = [:]
        position.start = page.offset
      }
      position.wasFirst = page.isFirst
      if position.streams.count < Bounds.maxStreams || position.streams[page.serial] != nil {
        position.streams[page.serial, default: (page, page)].last = page
      }
      position.place += page.length
    }
    return position
  }

  /// Goes over to a later page without those between; nil where they have to be looked at.
  private func stepped(_ from: Position, to page: Page) -> Position? {
    guard !page.isFirst, let (first, last) = from.streams[page.serial], page.sequence > last.sequence,
      last.sequence > first.sequence, from.place >= from.start + step
    else { return nil }
    // As many of the stream's pages as so many bytes of this link hold, within a factor of two.
    let mean = (last.offset - first.offset) / Int64(last.sequence - first.sequence)
    let between = (page.offset - last.offset) / Int64(page.sequence - last.sequence)
    guard between <= 2 * mean, mean <= 2 * between else { return nil }
    var position = from
    position.streams[page.serial]?.last = page
    position.place = page.offset + page.length
    position.wasFirst = false
    return position
  }

  private mutating func page(at offset: Int64) -> Page? {
    Self.page(window.bytes(at: offset, count: Self.longestHeader), at: offset)
  }

  /// The first page that begins at `offset` or behind it, and is followed by another.
  private mutating func page(near offset: Int64) -> Page? {
    var place = offset
    while place < min(size, offset + Self.longestPage) {
      let bytes = probe.bytes(at: place, count: Self.longestHeader)
      if let page = Self.page(bytes, at: place) {
        let end = place + page.length
        if end == size || probe.bytes(at: end, count: Self.capture.count).elementsEqual(Self.capture) { return page }
      }
      guard !bytes.isEmpty else { return nil }
      let next = bytes.dropFirst().firstIndex(of: Self.capture[0]) ?? bytes.endIndex
      place += Int64(next - bytes.startIndex)
    }
    return nil
  }

  private static func page(_ header: ArraySlice<UInt8>, at offset: Int64) -> Page? {
    let base = header.startIndex
    guard header.count > headerBytes, header.starts(with: capture), header[base + 4] == 0 else { return nil }
    let laces = Int(header[base + 26])
    guard header.count >= headerBytes + laces else { return nil }
    func number(_ place: Int) -> UInt32 {
      (0..<4).reduce(0) { $0 | UInt32(header[base + place + $1]) << UInt32(8 * $1) }
    }
    let body = header[base + headerBytes..<base + headerBytes + laces].reduce(0) { $0 + Int64($1) }
    return Page(
      offset: offset, length: Int64(headerBytes + laces) + body, isFirst: header[base + 5] & beginning != 0,
      serial: number(14), sequence: number(18))
  }

  private mutating func nextCapture(from start: Int64) -> Int64? {
    var place = start
    while true {
      let bytes = window.bytes(at: place, count: Bounds.scanWindow)
      guard bytes.count > Self.capture.count else { return nil }
      let base = bytes.startIndex
      for index in base...(bytes.endIndex - Self.capture.count) where bytes[index] == Self.capture[0] {
        if bytes[index + 1] == Self.capture[1], bytes[index + 2] == Self.capture[2],
          bytes[index + 3] == Self.capture[3]
        {
          return place + Int64(index - base)
        }
      }
      place += Int64(bytes.count - Self.capture.count + 1)
    }
  }
}
