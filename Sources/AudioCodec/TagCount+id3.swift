extension TagCount {
  /// The frames of ID3 tags in front of the content (id3.org/id3v2.4.0-structure, and those before it).
  mutating func countID3(to end: Int64) {
    var place: Int64 = 0
    while place < end, count <= Bounds.maxTags {
      let header = Array(window.bytes(at: place, count: 10))
      guard header.count == 10, header.starts(with: "ID3".utf8) else { return }
      let body = place + 10..<min(end, place + 10 + Self.syncSafe(header[6...]))
      countFrames(in: body, version: header[3])
      // A tag may have a footer.
      place = body.upperBound + (header[5] & 0x10 != 0 ? 10 : 0)
    }
  }

  private mutating func countFrames(in tag: Range<Int64>, version: UInt8) {
    let (nameBytes, sizeBytes, headerBytes) = version == 2 ? (3, 3, 6) : (4, 4, 10)
    var place = tag.lowerBound
    while place + Int64(headerBytes) <= tag.upperBound, count <= Bounds.maxTags {
      let header = window.bytes(at: place, count: headerBytes)
      // What begins with no name is padding.
      guard header.count == headerBytes, header.first != 0 else { return }
      count += 1
      let size = header.dropFirst(nameBytes).prefix(sizeBytes)
      // Older versions use all bits, and so do some writers of the newest.
      let isSyncSafe = version >= 4 && size.allSatisfy { $0 < 0x80 }
      place += Int64(headerBytes) + (isSyncSafe ? Self.syncSafe(size) : size.reduce(0) { $0 << 8 | Int64($1) })
    }
  }

  /// Seven bits a byte.
  private static func syncSafe(_ bytes: ArraySlice<UInt8>) -> Int64 { bytes.reduce(0) { $0 << 7 | Int64($1 & 0x7F) } }
}
