/// What an MP4 file says of its sound's length, to the sample.
///
/// libavformat takes it from the edit list alone, which counts in ticks of the movie's clock: milliseconds in files
/// that FFmpeg makes. The track's own table of lengths, which counts samples, says the same exactly.
struct MP4Timing {
  /// Ticks a second of the track's clock, and of the movie's.
  private(set) var trackScale: Int64 = 0
  private(set) var movieScale: Int64 = 0
  /// Length of all packets together, in ticks of the track.
  private(set) var total: Int64 = 0
  /// The length of each packet but the last, which may be shorter; nil where they have several.
  private(set) var packetTicks: Int64?
  /// Where the music begins in it, and how long it is (in ticks of the movie); nil without an edit list.
  private(set) var edit: (start: Int64, length: Int64)?

  private let file: FileSource

  /// Nil if the file has no such track, or its packets' lengths lie elsewhere (fragments).
  init?(file: FileSource, track id: Int64) {
    self.file = file
    guard let movie = boxes(in: 0..<file.size).first(where: { $0.type == "moov" })?.content else { return nil }
    let parts = boxes(in: movie)
    guard let header = parts.first(where: { $0.type == "mvhd" })?.content else { return nil }
    movieScale = number(at: header.lowerBound + (isLong(header) ? 20 : 12), 4)
    for part in parts where part.type == "trak" {
      let track = boxes(in: part.content)
      guard let header = track.first(where: { $0.type == "tkhd" })?.content,
        number(at: header.lowerBound + (isLong(header) ? 20 : 12), 4) == id
      else { continue }
      guard readMedia(track), readEdits(track) else { return nil }
      return
    }
    return nil
  }

  /// Samples of music at `rate`; nil where the list and the table don't mean the same.
  func sampleCount(rate: Int) -> Int64? {
    guard let edit, total > edit.start, trackScale > 0, movieScale > 0, Int64(rate) % trackScale == 0 else {
      return nil
    }
    let exact = (total - edit.start) * (Int64(rate) / trackScale)
    // A movie's clock that counts samples says it by itself: the table may count the padding.
    if movieScale % trackScale == 0 {
      let length = edit.length * (Int64(rate) / trackScale) / (movieScale / trackScale)
      if length > 0, length <= exact { return length }
    }
    return abs(exact - edit.length * Int64(rate) / movieScale) <= tick(rate: rate) ? exact : nil
  }

  /// What a length in ticks of the movie's clock may be off by, in samples.
  func tick(rate: Int) -> Int64 { Int64(rate) / max(movieScale, 1) + 1 }

  private mutating func readMedia(_ track: [Box]) -> Bool {
    guard let media = track.first(where: { $0.type == "mdia" }).map({ boxes(in: $0.content) }),
      let header = media.first(where: { $0.type == "mdhd" })?.content,
      let information = media.first(where: { $0.type == "minf" }).map({ boxes(in: $0.content) }),
      let tables = information.first(where: { $0.type == "stbl" }).map({ boxes(in: $0.content) }),
      let lengths = tables.first(where: { $0.type == "stts" })?.content
    else { return false }
    trackScale = number(at: header.lowerBound + (isLong(header) ? 20 : 12), 4)
    let count = number(at: lengths.lowerBound + 4, 4)
    guard (1...Bounds.mp4TableRows).contains(count), lengths.lowerBound + 8 + 8 * count <= lengths.upperBound else {
      return false
    }
    packetTicks = number(at: lengths.lowerBound + 12, 4)
    for row in 0..<count {
      let place = lengths.lowerBound + 8 + 8 * row
      // Both are below 2³², and there are few rows.
      total = total &+ number(at: place, 4) &* number(at: place + 4, 4)
      guard (0...Bounds.maxSamples).contains(total) else { return false }
      let isLastPacket = row == count - 1 && number(at: place, 4) == 1
      if row > 0, number(at: place + 4, 4) != packetTicks, !isLastPacket { packetTicks = nil }
    }
    return true
  }

  /// True as well where there is no list; false for one that does more than cut the beginning and the end.
  private mutating func readEdits(_ track: [Box]) -> Bool {
    guard let box = track.first(where: { $0.type == "edts" }),
      let list = boxes(in: box.content).first(where: { $0.type == "elst" })?.content
    else { return true }
    let width = isLong(list) ? Int64(8) : 4
    guard number(at: list.lowerBound + 4, 4) == 1, list.lowerBound + 8 + 2 * width <= list.upperBound else {
      return false
    }
    let length = number(at: list.lowerBound + 8, width)
    let start = number(at: list.lowerBound + 8 + width, width)
    guard (0...Bounds.maxSamples).contains(length), (0...Bounds.maxSamples).contains(start) else { return false }
    edit = (start, length)
    return true
  }

  private struct Box {
    var type: String
    var content: Range<Int64>
  }

  private func boxes(in range: Range<Int64>) -> [Box] {
    var found: [Box] = []
    var place = range.lowerBound
    while found.count < Bounds.mp4Boxes, place + 8 <= range.upperBound {
      var size = number(at: place, 4)
      var header: Int64 = 8
      if size == 1 {
        size = number(at: place + 8, 8)
        header = 16
      } else if size == 0 {
        size = range.upperBound - place
      }
      guard size >= header, size <= range.upperBound - place else { break }
      let type = String(decoding: file.bytes(at: place + 4, count: 4), as: UTF8.self)
      found.append(Box(type: type, content: place + header..<place + size))
      place += size
    }
    return found
  }

  /// Whether a box's numbers have 64 bits.
  private func isLong(_ content: Range<Int64>) -> Bool { number(at: content.lowerBound, 1) == 1 }

  /// Big-endian; negative beyond 63 bits, and −1 past the end of the file.
  private func number(at place: Int64, _ count: Int64) -> Int64 {
    let bytes = file.bytes(at: place, count: Int(count))
    guard bytes.count == Int(count) else { return -1 }
    return bytes.reduce(Int64(0)) { $0 << 8 | Int64($1) }
  }
}
