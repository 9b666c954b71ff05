import Foundation

/// The `"key":value` pairs of a JSON text in the order they stand there, whatever their depth, without building
/// anything.
///
/// The generator reads a few numbers of messages whose shape it knows, tens of thousands of times a second; a JSON
/// parser would cost more than everything else it does. Strings are skipped with `memchr`, so the 30 kB of a base64
/// chunk cost next to nothing. A text that is no JSON gives few or no fields and never reads out of bounds.
struct FlatFields {
  /// A pair; `value` is a string's inside without its quotes, a number's or a word's own text, empty before `{` and
  /// `[`.
  struct Field {
    var key: UnsafeRawBufferPointer.SubSequence
    var value: UnsafeRawBufferPointer.SubSequence
    var isString: Bool

    func has(key name: StaticString) -> Bool {
      key.count == name.utf8CodeUnitCount
        && key.elementsEqual(UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
    }

    /// The value as an integer, what stands behind a decimal point cut off; nil if it is none or beyond 18 digits.
    var integer: Int? {
      guard !isString else { return nil }
      return FlatFields.integer(value)
    }

    /// The value as text, at most `limit` bytes; escapes are left as they are.
    func text(limit: Int) -> String {
      String(decoding: value.prefix(limit), as: UTF8.self)
    }
  }

  private let bytes: UnsafeRawBufferPointer
  private var index: Int

  /// `bytes` must stay valid as long as the fields are used.
  init(_ bytes: UnsafeRawBufferPointer, from start: Int = 0) {
    self.bytes = bytes
    index = start
  }

  mutating func next() -> Field? {
    while let open = find(UInt8(ascii: "\""), from: index) {
      guard let close = closingQuote(of: open) else { return nil }
      index = skipSpace(from: close + 1)
      guard index < bytes.count, bytes[index] == UInt8(ascii: ":") else { continue }
      let start = skipSpace(from: index + 1)
      guard start < bytes.count else { return nil }
      let key = bytes[(open + 1)..<close]
      switch bytes[start] {
      case UInt8(ascii: "\""):
        guard let end = closingQuote(of: start) else { return nil }
        index = end + 1
        return Field(key: key, value: bytes[(start + 1)..<end], isString: true)
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        index = start + 1
        return Field(key: key, value: bytes[start..<start], isString: false)
      default:
        var end = start
        while end < bytes.count, !Self.endsWord(bytes[end]) { end += 1 }
        index = end
        return Field(key: key, value: bytes[start..<end], isString: false)
      }
    }
    return nil
  }

  /// The integer at the front of `text`; nil if there is none or it has more than 18 digits.
  static func integer(_ text: UnsafeRawBufferPointer.SubSequence) -> Int? {
    var rest = text
    let negative = rest.first == UInt8(ascii: "-")
    if negative { rest = rest.dropFirst() }
    var value = 0
    var digits = 0
    while let byte = rest.first, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") {
      digits += 1
      guard digits <= 18 else { return nil }
      value = value * 10 + Int(byte - UInt8(ascii: "0"))
      rest = rest.dropFirst()
    }
    return digits == 0 ? nil : (negative ? -value : value)
  }

  private static func endsWord(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: ",") || byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]") || byte <= UInt8(ascii: " ")
  }

  private func skipSpace(from start: Int) -> Int {
    var position = start
    while position < bytes.count, bytes[position] <= UInt8(ascii: " ") { position += 1 }
    return position
  }

  private func find(_ byte: UInt8, from start: Int) -> Int? {
    guard start < bytes.count, let base = bytes.baseAddress else { return nil }
    guard let found = memchr(base + start, Int32(byte), bytes.count - start) else { return nil }
    return UnsafeRawPointer(found) - base
  }

  private func closingQuote(of open: Int) -> Int? {
    var from = open + 1
    while let quote = find(UInt8(ascii: "\""), from: from) {
      var slashes = 0
      while quote - slashes - 1 > open, bytes[quote - slashes - 1] == UInt8(ascii: "\\") { slashes += 1 }
      if slashes % 2 == 0 { return quote }
      from = quote + 1
    }
    return nil
  }
}
