/// The one thing of a RIFF header that libavformat passes over: whether all of its data is there.
enum WAVHeader {
  /// Bytes that the `data` chunk declares beyond the end of the file; 0 for other containers and for lengths left open.
  static func missingBytes(file: FileSource, container: String) -> Int64 {
    guard container == "wav", file.bytes(at: 0, count: 4).starts(with: Array("RIFF".utf8)) else { return 0 }
    var offset: Int64 = 12
    // A chunk is at least eight bytes; a real header has a handful of them.
    for _ in 0..<256 {
      let head = file.bytes(at: offset, count: 8)
      guard head.count == 8 else { return 0 }
      let size = (4..<8).reversed().reduce(Int64(0)) { $0 << 8 | Int64(head[$1]) }
      if head.starts(with: Array("data".utf8)) {
        // Writers that could not seek back leave 0 or all ones: the data goes to the end.
        let isOpen = size == 0 || size >= 0xFFFF_FF00 || size == 0x7FFF_FFFF
        return isOpen ? 0 : max(offset + 8 + size - file.size, 0)
      }
      offset += 8 + size + (size & 1)
    }
    return 0
  }
}
