/// Reads here and there in a file by the window: what is asked for next lies in it as a rule.
struct ReadWindow {
  /// Bytes that are read at once.
  private let width: Int
  private let read: (Int64, Int) -> [UInt8]
  private var start: Int64 = 0
  private var window: [UInt8] = []

  /// - Parameter read: as many of so many bytes at an offset as there are.
  init(width: Int, _ read: @escaping (Int64, Int) -> [UInt8]) {
    self.width = width
    self.read = read
  }

  /// As many of `count` bytes at `offset` as there are.
  mutating func bytes(at offset: Int64, count: Int) -> ArraySlice<UInt8> {
    if offset < start || offset + Int64(count) > start + Int64(window.count) {
      (start, window) = (offset, read(offset, max(count, width)))
    }
    let first = Int(offset - start)
    return window[first..<min(first + count, window.count)]
  }
}
