/// The pages of an Ogg file with a single logical stream (RFC 3533), which say when they end.
struct OggPages: SeekPointFormat {
  private let file: FileSource
  private let serial: [UInt8]

  private static let capture: [UInt8] = Array("OggS".utf8)
  private static let headerSize = 27
  /// A page is at most 65,307 bytes: in twice that there is one.
  private static let reach: Int64 = 128 << 10
  private static let block = 16 << 10

  /// Nil if the file doesn't begin with a page.
  init?(file: FileSource) {
    let header = file.bytes(at: 0, count: Self.headerSize)
    guard header.count == Self.headerSize, Array(header[0..<4]) == Self.capture else { return nil }
    self.file = file
    serial = Array(header[14..<18])
  }

  /// Where the search begins and ends. Nil if the end holds no page of this stream (a chained file, junk).
  func search(slack: Int64) -> SeekPointSearch<OggPages>? {
    var last: SeekPoint?
    var place = max(0, file.size - Self.reach / 2)
    while let page = firstPoint(in: place..<file.size) {
      last = page
      place = page.offset + 1
    }
    guard let last else { return nil }
    return SeekPointSearch(
      format: self, first: SeekPoint(offset: 0, timestamp: 0),
      end: SeekPoint(offset: file.size, timestamp: last.timestamp), slack: slack)
  }

  /// The first page on which a packet ends; its moment is the end of that packet.
  func firstPoint(in range: Range<Int64>) -> SeekPoint? {
    var place = range.lowerBound
    let limit = min(range.upperBound, range.lowerBound + Self.reach)
    while place < limit {
      let bytes = file.bytes(at: place, count: Self.block)
      guard bytes.count >= Self.headerSize else { return nil }
      for start in 0...(bytes.count - Self.headerSize) where bytes[start] == Self.capture[0] {
        let offset = place + Int64(start)
        guard offset < limit else { return nil }
        // Of another logical stream, and the file is none that can be searched.
        guard bytes[start + 1] == Self.capture[1], bytes[start + 2] == Self.capture[2],
          bytes[start + 3] == Self.capture[3], bytes[start + 4] == 0,
          bytes[start + 14..<start + 18].elementsEqual(serial)
        else { continue }
        let granule = (0..<8).reduce(Int64(0)) { $0 | Int64(bytes[start + 6 + $1]) << Int64(8 * $1) }
        if granule >= 0, MediaTime(granule) != nil { return SeekPoint(offset: offset, timestamp: granule) }
      }
      place += Int64(bytes.count - Self.headerSize + 1)
    }
    return nil
  }
}
