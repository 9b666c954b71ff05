/// The links of a chained Ogg file (RFC 3533, section 4): groups of streams, each behind the end of the one before.
///
/// `cat a.ogg b.ogg` makes one, and so does whoever records an internet radio. Each link is a file of its own to its
/// decoder, with its own headers and a time that begins at nothing.
enum OggLinks {
  /// Where each link lies. One range for a file that is not chained, and none for what begins with no page.
  ///
  /// Throws `unsupported` for more links than there may be, and what reading ran into.
  static func ranges(in file: FileSource) throws(AudioCodecError) -> [Range<Int64>] {
    let step = max(Bounds.oggStep, file.size / Bounds.oggSamples)
    var walk = OggWalk(size: file.size, step: step) { file.bytes(at: $0, count: $1) }
    let starts = try walk.starts(from: Tags.endOfLeadingTags(file: file))
    try file.check()
    return zip(starts, starts.dropFirst() + [file.size]).map { $0..<$1 }
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
