/// iTunes' account of delay and padding, as it stands in MP4 files and in ID3.
enum ITunesTag {
  static func text(delay: Int, padding: Int, count: Int) -> String {
    func hex(_ value: Int, _ width: Int) -> String {
      let digits = String(value, radix: 16, uppercase: true)
      return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
    return " 00000000 \(hex(delay, 8)) \(hex(padding, 8)) \(hex(count, 16)) 00000000 00000000 00000000 00000000"
  }

  /// An MP4 file whose movie box comes last, with the tag in place of all others.
  static func add(to file: [UInt8], delay: Int, padding: Int, count: Int) -> [UInt8] {
    let mark = Array("moov".utf8)
    guard let type = (4..<file.count - 4).last(where: { file[$0...].starts(with: mark) }) else { return file }
    var movie: [UInt8] = []
    var place = type + 4
    while place + 8 <= file.count {
      let size = file[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
      if !file[(place + 4)...].starts(with: Array("udta".utf8)) { movie += file[place..<place + size] }
      place += size
    }
    let value = Array(text(delay: delay, padding: padding, count: count).utf8)
    let freeForm = box(
      "----",
      box("mean", zeros(4) + Array("com.apple.iTunes".utf8))
        + box("name", zeros(4) + Array("iTunSMPB".utf8)) + box("data", [0, 0, 0, 1] + zeros(4) + value))
    let handler = box("hdlr", zeros(8) + Array("mdirappl".utf8) + zeros(9))
    let tags = box("udta", box("meta", zeros(4) + handler + box("ilst", freeForm)))
    return Array(file[0..<type - 4]) + box("moov", movie + tags)
  }

  /// An ID3v2.3 tag with nothing but the comment, in one byte or two a character.
  static func id3(_ text: String, isWide: Bool) -> [UInt8] {
    func characters(_ text: String) -> [UInt8] {
      isWide ? [0xFF, 0xFE] + text.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] } : Array(text.utf8)
    }
    let content =
      [isWide ? 1 : 0] + Array("eng".utf8) + characters("iTunSMPB") + zeros(isWide ? 2 : 1) + characters(text)
    let frame = Array("COMM".utf8) + number(content.count) + [0, 0] + content
    let size = (0..<4).reversed().map { UInt8(frame.count >> (7 * $0) & 0x7F) }
    return Array("ID3".utf8) + [3, 0, 0] + size + frame
  }

  private static func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }
  private static func number(_ value: Int) -> [UInt8] { (0..<4).reversed().map { UInt8(value >> (8 * $0) & 0xFF) } }
  private static func box(_ type: String, _ content: [UInt8]) -> [UInt8] {
    number(content.count + 8) + Array(type.utf8) + content
  }
}
