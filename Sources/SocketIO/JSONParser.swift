import NIOCore

/// Why a text is not JSON, or more than we take.
public enum JSONError: Error, Sendable, Equatable {
  /// Not what RFC 8259 allows, at this byte.
  case malformed(offset: Int)
  /// Nested deeper than ``PacketBounds/maxDepth``.
  case tooDeep
  /// More values than ``PacketBounds/maxValues``.
  case tooManyValues
}

/// Reads one JSON text (RFC 8259), strictly: nothing before it or behind it but white space.
///
/// The bytes must be valid UTF-8. A lone surrogate (`\ud800`), which a Swift string can't hold, becomes U+FFFD.
struct JSONParser {
  private let bytes: UnsafeRawBufferPointer
  private var index = 0
  private let maxDepth: Int
  private var valuesLeft: Int

  static func parse(_ buffer: ByteBuffer, maxDepth: Int, maxValues: Int) throws(JSONError) -> SocketValue {
    let result = buffer.withUnsafeReadableBytes { bytes -> Result<SocketValue, JSONError> in
      var parser = JSONParser(bytes: bytes, maxDepth: maxDepth, maxValues: maxValues)
      do throws(JSONError) {
        return .success(try parser.document())
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  private init(bytes: UnsafeRawBufferPointer, maxDepth: Int, maxValues: Int) {
    self.bytes = bytes
    self.maxDepth = maxDepth
    valuesLeft = maxValues
  }

  private var malformed: JSONError { .malformed(offset: index) }

  private mutating func document() throws(JSONError) -> SocketValue {
    let value = try value(depth: 0)
    skipWhiteSpace()
    guard index == bytes.count else { throw malformed }
    return value
  }

  private mutating func skipWhiteSpace() {
    while index < bytes.count {
      switch bytes[index] {
      case 0x20, 0x09, 0x0a, 0x0d: index += 1
      default: return
      }
    }
  }

  private func peek() -> UInt8? { index < bytes.count ? bytes[index] : nil }

  private mutating func expect(_ byte: UInt8) throws(JSONError) {
    guard peek() == byte else { throw malformed }
    index += 1
  }

  private mutating func expect(_ word: StaticString) throws(JSONError) {
    let end = index + word.utf8CodeUnitCount
    guard end <= bytes.count, memcmpEqual(word, at: index) else { throw malformed }
    index = end
  }

  private func memcmpEqual(_ word: StaticString, at start: Int) -> Bool {
    word.withUTF8Buffer { $0.elementsEqual(bytes[start..<start + $0.count]) }
  }

  private mutating func value(depth: Int) throws(JSONError) -> SocketValue {
    guard depth <= maxDepth else { throw .tooDeep }
    guard valuesLeft > 0 else { throw .tooManyValues }
    valuesLeft -= 1
    skipWhiteSpace()
    switch peek() {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"):
      try expect("true")
      return .bool(true)
    case UInt8(ascii: "f"):
      try expect("false")
      return .bool(false)
    case UInt8(ascii: "n"):
      try expect("null")
      return .null
    default: return try number()
    }
  }

  private mutating func array(depth: Int) throws(JSONError) -> SocketValue {
    index += 1
    var elements: [SocketValue] = []
    skipWhiteSpace()
    if peek() == UInt8(ascii: "]") {
      index += 1
      return .array(elements)
    }
    while true {
      elements.append(try value(depth: depth + 1))
      skipWhiteSpace()
      switch peek() {
      case UInt8(ascii: ","): index += 1
      case UInt8(ascii: "]"):
        index += 1
        return .array(elements)
      default: throw malformed
      }
    }
  }

  private mutating func object(depth: Int) throws(JSONError) -> SocketValue {
    index += 1
    var entries = SocketObject()
    skipWhiteSpace()
    if peek() == UInt8(ascii: "}") {
      index += 1
      return .object(entries)
    }
    while true {
      skipWhiteSpace()
      guard peek() == UInt8(ascii: "\"") else { throw malformed }
      let key = try string()
      skipWhiteSpace()
      try expect(UInt8(ascii: ":"))
      entries[key] = try value(depth: depth + 1)
      skipWhiteSpace()
      switch peek() {
      case UInt8(ascii: ","): index += 1
      case UInt8(ascii: "}"):
        index += 1
        return .object(entries)
      default: throw malformed
      }
    }
  }

  private mutating func number() throws(JSONError) -> SocketValue {
    let start = index
    let negative = peek() == UInt8(ascii: "-")
    if negative { index += 1 }
    let integerStart = index
    try digits()
    if bytes[integerStart] == UInt8(ascii: "0"), index - integerStart > 1 { throw .malformed(offset: integerStart) }
    let integerEnd = index
    if peek() == UInt8(ascii: ".") {
      index += 1
      try digits()
    }
    if peek() == UInt8(ascii: "e") || peek() == UInt8(ascii: "E") {
      index += 1
      if peek() == UInt8(ascii: "+") || peek() == UInt8(ascii: "-") { index += 1 }
      try digits()
    }
    if index == integerEnd, let value = integer(integerStart..<integerEnd, negative: negative) { return .int(value) }
    let text = String(decoding: bytes[start..<index], as: UTF8.self)
    guard let value = Double(text), value.isFinite else { throw .malformed(offset: start) }
    return .double(value)
  }

  private mutating func digits() throws(JSONError) {
    let start = index
    while let byte = peek(), byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") { index += 1 }
    guard index > start else { throw malformed }
  }

  /// The digits as a number, unless they are «-0» (a double in JavaScript) or don't fit.
  private func integer(_ range: Range<Int>, negative: Bool) -> Int64? {
    var value: Int64 = 0
    for place in range {
      let digit = Int64(bytes[place] &- UInt8(ascii: "0"))
      let (tenfold, overflow) = value.multipliedReportingOverflow(by: 10)
      let (next, carry) =
        negative ? tenfold.subtractingReportingOverflow(digit) : tenfold.addingReportingOverflow(digit)
      if overflow || carry { return nil }
      value = next
    }
    return negative && value == 0 ? nil : value
  }

  private mutating func string() throws(JSONError) -> String {
    index += 1
    let start = index
    while let byte = peek() {
      switch byte {
      case UInt8(ascii: "\""):
        defer { index += 1 }
        return String(decoding: bytes[start..<index], as: UTF8.self)
      case UInt8(ascii: "\\"): return try escapedString(from: start)
      case 0..<0x20: throw malformed
      default: index += 1
      }
    }
    throw malformed
  }

  /// A string with an escape in it, whose first one stands at `index`.
  private mutating func escapedString(from start: Int) throws(JSONError) -> String {
    var text: [UInt8] = Array(bytes[start..<index])
    while let byte = peek() {
      switch byte {
      case UInt8(ascii: "\""):
        index += 1
        return String(decoding: text, as: UTF8.self)
      case UInt8(ascii: "\\"):
        index += 1
        try escape(into: &text)
      case 0..<0x20: throw malformed
      default:
        text.append(byte)
        index += 1
      }
    }
    throw malformed
  }

  private mutating func escape(into text: inout [UInt8]) throws(JSONError) {
    guard let byte = peek() else { throw malformed }
    index += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0c)
    case UInt8(ascii: "n"): text.append(0x0a)
    case UInt8(ascii: "r"): text.append(0x0d)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"):
      // Without a string for each: a megabyte holds 170,000 of them.
      for byte in UTF8.encode(try unicodeEscape()) ?? UTF8.encodedReplacementCharacter { text.append(byte) }
    default: throw .malformed(offset: index - 1)
    }
  }

  private mutating func unicodeEscape() throws(JSONError) -> Unicode.Scalar {
    let unit = try hexUnit()
    if let scalar = Unicode.Scalar(unit) { return scalar }
    guard unit < 0xdc00, index + 1 < bytes.count, bytes[index] == UInt8(ascii: "\\"),
      bytes[index + 1] == UInt8(ascii: "u")
    else { return "\u{fffd}" }
    let here = index
    index += 2
    let low = try hexUnit()
    guard low >= 0xdc00, low < 0xe000 else {
      // Not its other half: what follows stands for itself and is read again.
      index = here
      return "\u{fffd}"
    }
    return Unicode.Scalar((unit - 0xd800) << 10 + (low - 0xdc00) + 0x10000) ?? "\u{fffd}"
  }

  private mutating func hexUnit() throws(JSONError) -> UInt32 {
    var unit: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = peek() else { throw malformed }
      let digit: UInt8
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
      case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
      default: throw malformed
      }
      unit = unit << 4 | UInt32(digit)
      index += 1
    }
    return unit
  }
}
