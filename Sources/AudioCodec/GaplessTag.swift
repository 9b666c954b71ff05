/// iTunes' account of an encoder's delay and padding (`iTunSMPB`), in M4A files and in a comment of ID3.
///
/// A row of hexadecimal numbers: nothing, the samples in front of the music, those behind it, and its own.
struct GaplessTag: Hashable {
  var delay: Int64
  var padding: Int64
  var sampleCount: Int64

  private static let name = Array("iTunSMPB".utf8)

  init?(_ text: some StringProtocol) {
    let fields = text.split(separator: " ", maxSplits: 4).prefix(4).map { Int64($0, radix: 16) }
    guard fields.count == 4, let delay = fields[1], let padding = fields[2], let count = fields[3],
      (0...Bounds.mostDelay).contains(delay), (0...Bounds.mostDelay).contains(padding),
      (1...Bounds.maxSamples).contains(count)
    else { return nil }
    self.delay = delay
    self.padding = padding
    sampleCount = count
  }

  /// Delay and length in samples of `factor` times the rate.
  func scaled(by factor: Int64) -> (delay: Int64, sampleCount: Int64) { (delay * factor, sampleCount * factor) }

  /// Out of the ID3v2 tags in front of `end`.
  init?(id3In file: FileSource, before end: Int64) {
    guard end > 0 else { return nil }
    let bytes = file.bytes(at: 0, count: Int(min(end, Int64(Bounds.gaplessSearch))))
    // A frame's text has one byte or two a character; without the zeros both are the same.
    let text = bytes.filter { $0 != 0 }
    guard text.count > Self.name.count else { return nil }
    for start in 0..<(text.count - Self.name.count)
    where text[start] == Self.name[0] && text[start..<start + Self.name.count].elementsEqual(Self.name) {
      let row = text[(start + Self.name.count)...].prefix(120).drop { $0 != 0x20 }
      if let tag = GaplessTag(String(decoding: row, as: UTF8.self)) {
        self = tag
        return
      }
    }
    return nil
  }
}
