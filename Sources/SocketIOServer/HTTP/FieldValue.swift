/// Values of header fields taken apart by bytes, as every other reader does it.
///
/// By characters there would be others: a comma and a combining mark behind it are one, the Greek question mark equals a
/// semicolon, and the kelvin sign has a `k` for its lower case. A client could hide an element from us that its proxy
/// sees, or show us one that isn't there.
extension StringProtocol where UTF8View: BidirectionalCollection, UTF8View.SubSequence == Substring.UTF8View {
  /// The elements of a list without the blanks around them (RFC 9110 section 5.6.1); empty ones are none.
  func elements(separatedBy separator: UInt8 = UInt8(ascii: ",")) -> [Substring] {
    utf8.split(separator: separator).compactMap { part in
      let trimmed = Substring(part).trimmingBlanks
      return trimmed.isEmpty ? nil : trimmed
    }
  }

  /// Without the spaces and tabs at both ends.
  var trimmingBlanks: Substring {
    func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
    guard let first = utf8.firstIndex(where: { !isBlank($0) }), let last = utf8.lastIndex(where: { !isBlank($0) })
    else { return "" }
    return Substring(utf8[first...last])
  }

  /// What stands in front of a byte and what behind its first occurrence; nil without one.
  func halves(at separator: UInt8) -> (Substring, Substring)? {
    utf8.firstIndex(of: separator).map { place in
      (Substring(utf8[..<place]), Substring(utf8[utf8.index(after: place)...]))
    }
  }

  /// With ASCII's letters in lower case and all others as they are.
  var asciiLowercased: String {
    String(decoding: utf8.map { UInt8(ascii: "A")...UInt8(ascii: "Z") ~= $0 ? $0 | 0x20 : $0 }, as: UTF8.self)
  }
}
