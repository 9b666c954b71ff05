extension TagCount {
  /// An element's number and where its content lies (RFC 8794, sections 5 and 6); to the end of the file where it
  /// doesn't say its length.
  private mutating func element(at place: Int64) -> (id: UInt64, content: Range<Int64>)? {
    let bytes = Array(window.bytes(at: place, count: 12))
    func width(_ index: Int) -> Int? {
      index < bytes.count && bytes[index] != 0 ? bytes[index].leadingZeroBitCount + 1 : nil
    }
    guard let idWidth = width(0), idWidth <= 4, let sizeWidth = width(idWidth), idWidth + sizeWidth <= bytes.count
    else { return nil }
    let id = bytes[..<idWidth].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    let mask = UInt64(1) << UInt64(7 * sizeWidth) - 1
    let length = bytes[idWidth..<idWidth + sizeWidth].reduce(UInt64(0)) { $0 << 8 | UInt64($1) } & mask
    let content = place + Int64(idWidth + sizeWidth)
    guard content <= size else { return nil }
    return (id, content..<(length == mask ? size : content + Int64(min(length, UInt64(size - content)))))
  }

  private enum Matroska {
    static let segment: UInt64 = 0x1853_8067
    static let seekHead: UInt64 = 0x114D_9B74
    static let seek: UInt64 = 0x4DBB
    static let seekID: UInt64 = 0x53AB
    static let seekPosition: UInt64 = 0x53AC
    static let cluster: UInt64 = 0x1F43_B675
    static let tags: UInt64 = 0x1254_C367
    static let tag: UInt64 = 0x7373
    static let simpleTag: UInt64 = 0x67C8
  }

  /// Where libavformat looks for them: in front of the sound, and where the table of contents says.
  mutating func countMatroska(from start: Int64) {
    guard let header = element(at: start), let segment = element(at: header.content.upperBound),
      segment.id == Matroska.segment
    else { return }
    var listed: Set<Int64> = []
    var seen: Set<Int64> = []
    var place = segment.content.lowerBound
    for _ in 0..<Bounds.matroskaElements {
      guard place < segment.content.upperBound, let element = element(at: place), element.id != Matroska.cluster else {
        break
      }
      if element.id == Matroska.tags, seen.insert(place).inserted { countTags(in: element.content) }
      if element.id == Matroska.seekHead {
        listed.formUnion(tagPlaces(in: element.content).map { segment.content.lowerBound + $0 })
      }
      place = element.content.upperBound
    }
    for place in listed.subtracting(seen) {
      if let element = element(at: place), element.id == Matroska.tags { countTags(in: element.content) }
    }
  }

  /// Where a table of contents says that tags are, behind the segment's beginning.
  private mutating func tagPlaces(in table: Range<Int64>) -> [Int64] {
    var places: [Int64] = []
    for entry in elements(in: table) where entry.id == Matroska.seek {
      var id: UInt64 = 0
      var position: UInt64 = 0
      for field in elements(in: entry.content) where field.content.count <= 8 {
        let value = window.bytes(at: field.content.lowerBound, count: field.content.count)
          .reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        if field.id == Matroska.seekID { id = value }
        if field.id == Matroska.seekPosition { position = value }
      }
      if id == Matroska.tags, position < UInt64(size) { places.append(Int64(position)) }
    }
    return places
  }

  private mutating func elements(in range: Range<Int64>) -> [(id: UInt64, content: Range<Int64>)] {
    var found: [(id: UInt64, content: Range<Int64>)] = []
    var place = range.lowerBound
    while place < range.upperBound, found.count < Bounds.matroskaElements, let element = element(at: place) {
      found.append(element)
      place = element.content.upperBound
    }
    return found
  }

  /// Goes through elements in the order in which they lie, into those that hold tags.
  private mutating func countTags(in range: Range<Int64>) {
    var place = range.lowerBound
    while place < range.upperBound, count <= Bounds.maxTags, let element = element(at: place) {
      let isTag = element.id == Matroska.simpleTag
      if isTag { count += 1 }
      // What is within a tag may be further ones.
      place = isTag || element.id == Matroska.tag ? element.content.lowerBound : element.content.upperBound
    }
  }
}
