/// Whether a file has no more tags than ``Bounds/maxTags``, found out before libavformat sees it.
///
/// libavformat keeps tags in a list and looks each new one up among all others: a hundred thousand take it minutes. FLAC,
/// Ogg, Matroska and ID3 hold theirs in one piece, over which it goes in a single call that nothing can end, or where it
/// says nothing of how far it is; while it reads those of other containers, it can be stopped (``ContainerInput``).
struct TagCount {
  static let tooMany = AudioCodecError(.tooManyTags, "The file has more than \(Bounds.maxTags) tags")

  let size: Int64
  var window: ReadWindow
  var count = 0

  /// Throws `tooManyTags`, and what reading ran into.
  static func check(_ file: FileSource) throws(AudioCodecError) {
    var tags = TagCount(size: file.size) { file.bytes(at: $0, count: $1) }
    let count = tags.counted(from: Tags.endOfLeadingTags(file: file))
    try file.check()
    guard count <= Bounds.maxTags else { throw tooMany }
  }

  /// - Parameter read: as many of so many bytes at an offset as there are.
  init(size: Int64, _ read: @escaping (Int64, Int) -> [UInt8]) {
    self.size = size
    window = ReadWindow(width: Bounds.tagWindow, read)
  }

  /// Tags in a file whose content begins at `start`; any number beyond the bound stands for all above it, and 0 for what
  /// isn't counted here.
  mutating func counted(from start: Int64) -> Int {
    countID3(to: start)
    let signature = Array(window.bytes(at: start, count: 4))
    if signature == Array("fLaC".utf8) {
      countFLAC(from: start + 4)
    } else if signature == Array("OggS".utf8) {
      countOgg(from: start)
    } else if signature == [0x1A, 0x45, 0xDF, 0xA3] {
      countMatroska(from: start)
    }
    return count
  }

  // MARK: FLAC

  /// The type of a metadata block of comments (RFC 9639, section 8.1).
  static let comments: UInt8 = 4

  private mutating func countFLAC(from start: Int64) {
    var place = start
    while place < size, count <= Bounds.maxTags {
      let header = Array(window.bytes(at: place, count: 4))
      guard header.count == 4 else { return }
      let length = header[1...].reduce(Int64(0)) { $0 << 8 | Int64($1) }
      if header[0] & 0x7F == Self.comments {
        var counter = CommentCounter(skipping: 0)
        feed(&counter, place + 4..<place + 4 + length)
        count += counter.count
      }
      guard header[0] & 0x80 == 0 else { return }
      place += 4 + length
    }
  }

  /// Gives a counter what it has to see of a part of the file.
  mutating func feed(_ counter: inout CommentCounter, _ range: Range<Int64>) {
    var place = range.lowerBound
    while place < range.upperBound, !counter.isDone {
      let passed = min(Int64(counter.skipped), range.upperBound - place)
      counter.skip(Int(passed))
      place += passed
      let bytes = window.bytes(at: place, count: Int(min(range.upperBound - place, Int64(Bounds.tagWindow))))
      guard !bytes.isEmpty else { return }
      counter.feed(bytes)
      place += Int64(bytes.count)
    }
  }
}
