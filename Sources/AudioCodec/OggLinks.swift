/// The links of a chained Ogg file (RFC 3533, section 4): groups of streams, each behind the end of the one before.
///
/// `cat a.ogg b.ogg` makes one, and so does whoever records an internet radio. Each link is a file of its own to its
/// decoder, with its own headers and a time that begins at nothing.
enum OggLinks {
  private static let capture: [UInt8] = Array("OggS".utf8)
  private static let headerBytes = 27
  private static let longestHeader = 27 + 255
  private static let beginning: UInt8 = 0x02

  /// Where each link lies. One range for a file that is not chained, and none for what begins with no page.
  ///
  /// Hops from page to page, since nothing else tells: neither serial numbers, which `cat a.ogg a.ogg` repeats, nor the
  /// last page. Throws `unsupported` for more links than there may be, and what reading ran into.
  static func ranges(in file: FileSource) throws(AudioCodecError) -> [Range<Int64>] {
    var starts: [Int64] = []
    var place = Tags.endOfLeadingTags(file: file)
    var wasBeginning = false
    while place < file.size {
      let header = file.bytes(at: place, count: longestHeader)
      guard let length = pageLength(header) else {
        guard let next = nextCapture(in: file, from: place + 1) else { break }
        place = next
        continue
      }
      let isBeginning = header[5] & beginning != 0
      if isBeginning, !wasBeginning {
        guard starts.count < Bounds.maxLinks else {
          throw AudioCodecError(.unsupported, "The file is a chain of more than \(Bounds.maxLinks) streams")
        }
        starts.append(place)
      }
      wasBeginning = isBeginning
      place += length
    }
    try file.check()
    return zip(starts, starts.dropFirst() + [file.size]).map { $0..<$1 }
  }

  private static func pageLength(_ header: [UInt8]) -> Int64? {
    guard header.count > headerBytes, header.starts(with: capture), header[4] == 0 else { return nil }
    let laces = Int(header[26])
    guard header.count >= headerBytes + laces else { return nil }
    return header[headerBytes..<headerBytes + laces].reduce(Int64(headerBytes + laces)) { $0 + Int64($1) }
  }

  private static func nextCapture(in file: FileSource, from start: Int64) -> Int64? {
    var place = start
    while true {
      let bytes = file.bytes(at: place, count: Bounds.scanWindow)
      guard bytes.count > capture.count else { return nil }
      for index in 0...(bytes.count - capture.count) where bytes[index] == capture[0] {
        if bytes[index + 1] == capture[1], bytes[index + 2] == capture[2], bytes[index + 3] == capture[3] {
          return place + Int64(index)
        }
      }
      place += Int64(bytes.count - capture.count + 1)
    }
  }
}

/// One link of a chained file.
struct SourceLink: Hashable, Sendable {
  /// Where its bytes lie.
  var start: Int64
  var end: Int64
  var sampleCount: Int64
  /// As in ``SourceFacts``.
  var origin: Int64
}

/// As a row of four numbers: a thousand links are stored with a track.
extension SourceLink: Codable {
  init(from decoder: any Swift.Decoder) throws {
    var row = try decoder.unkeyedContainer()
    start = try row.decode(Int64.self)
    end = try row.decode(Int64.self)
    sampleCount = try row.decode(Int64.self)
    origin = try row.decode(Int64.self)
  }

  func encode(to encoder: any Encoder) throws {
    var row = encoder.unkeyedContainer()
    for number in [start, end, sampleCount, origin] { try row.encode(number) }
  }
}
