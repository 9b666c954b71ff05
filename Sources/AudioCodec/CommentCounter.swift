/// Counts the comments of a Vorbis comment header (xiph.org/vorbis/doc/v-comment.html), which may come in pieces.
///
/// What the header declares is not believed: counted is what is there.
struct CommentCounter {
  private enum Field { case vendor, count, comment }

  /// Bytes that the next piece begins with and that don't matter.
  private(set) var skipped: Int
  private(set) var count = 0
  private var field = Field.vendor
  private var number: [UInt8] = []
  private var declared = UInt32.max

  /// - Parameter skipped: bytes in front of the header.
  init(skipping skipped: Int) { self.skipped = skipped }

  var isDone: Bool { count >= declared || count > Bounds.maxTags }

  /// Passes over bytes that needn't be read.
  mutating func skip(_ bytes: Int) { skipped -= bytes }

  mutating func feed(_ bytes: ArraySlice<UInt8>) {
    var rest = bytes
    while !rest.isEmpty, !isDone {
      let passed = min(skipped, rest.count)
      skipped -= passed
      rest = rest.dropFirst(passed)
      let taken = rest.prefix(4 - number.count)
      number += taken
      rest = rest.dropFirst(taken.count)
      guard number.count == 4 else { return }
      let value = number.reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      number = []
      switch field {
      case .vendor:
        skipped = Int(value)
        field = .count
      case .count:
        declared = value
        field = .comment
      case .comment:
        skipped = Int(value)
        count += 1
      }
    }
  }
}
