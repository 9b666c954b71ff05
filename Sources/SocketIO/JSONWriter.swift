import EngineIO
public import NIOCore

/// Writes JSON (RFC 8259) straight into a buffer.
extension SocketValue {
  /// Reads one JSON text; binary can't come of it.
  ///
  /// - Throws: ``JSONError``; malformed UTF-8 is `malformed(offset: 0)`.
  public init(
    json: ByteBuffer, maxDepth: Int = SocketIOLimits.maxDepth, maxValues: Int = SocketIOLimits.maxValues
  ) throws(JSONError) {
    guard json.isValidUTF8 else { throw .malformed(offset: 0) }
    self = try JSONParser.parse(json, maxDepth: maxDepth, maxValues: maxValues)
  }

  /// Writes the value as JSON; binary inside is written as a base64 string.
  public func writeJSON(into buffer: inout ByteBuffer) {
    write(into: &buffer) { bytes, buffer in
      buffer.writeInteger(UInt8(ascii: "\""))
      buffer.writeBase64(bytes)
      buffer.writeInteger(UInt8(ascii: "\""))
    }
  }

  /// Writes the value as JSON with `{"_placeholder":true,"num":n}` for each binary, which is appended to `attachments`.
  public func writeJSON(into buffer: inout ByteBuffer, attachments: inout [ByteBuffer]) {
    write(into: &buffer) { bytes, buffer in
      buffer.writeStaticString("{\"_placeholder\":true,\"num\":")
      buffer.writeDecimal(Int64(attachments.count))
      buffer.writeInteger(UInt8(ascii: "}"))
      attachments.append(bytes)
    }
  }

  private func write(into buffer: inout ByteBuffer, binary: (ByteBuffer, inout ByteBuffer) -> Void) {
    switch self {
    case .null: buffer.writeStaticString("null")
    case .bool(let value): buffer.writeStaticString(value ? "true" : "false")
    case .int(let value): buffer.writeDecimal(value)
    case .double(let value): buffer.writeJSONNumber(value)
    case .string(let value): buffer.writeJSONString(value)
    case .binary(let bytes): binary(bytes, &buffer)
    case .array(let elements):
      buffer.writeInteger(UInt8(ascii: "["))
      for (place, element) in elements.enumerated() {
        if place > 0 { buffer.writeInteger(UInt8(ascii: ",")) }
        element.write(into: &buffer, binary: binary)
      }
      buffer.writeInteger(UInt8(ascii: "]"))
    case .object(let entries):
      buffer.writeInteger(UInt8(ascii: "{"))
      for (place, key) in entries.keys.enumerated() {
        if place > 0 { buffer.writeInteger(UInt8(ascii: ",")) }
        buffer.writeJSONString(key)
        buffer.writeInteger(UInt8(ascii: ":"))
        entries.values[place].write(into: &buffer, binary: binary)
      }
      buffer.writeInteger(UInt8(ascii: "}"))
    }
  }
}

extension ByteBuffer {
  /// Writes a quoted string with the escapes that JSON asks for.
  public mutating func writeJSONString(_ string: String) {
    var string = string
    writeInteger(UInt8(ascii: "\""))
    string.withUTF8 { text in
      var start = 0
      for index in text.indices {
        let byte = text[index]
        guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else { continue }
        writeBytes(text[start..<index])
        start = index + 1
        writeJSONEscape(byte)
      }
      writeBytes(text[start...])
    }
    writeInteger(UInt8(ascii: "\""))
  }

  private mutating func writeJSONEscape(_ byte: UInt8) {
    switch byte {
    case UInt8(ascii: "\""): writeStaticString("\\\"")
    case UInt8(ascii: "\\"): writeStaticString("\\\\")
    case 0x08: writeStaticString("\\b")
    case 0x09: writeStaticString("\\t")
    case 0x0a: writeStaticString("\\n")
    case 0x0c: writeStaticString("\\f")
    case 0x0d: writeStaticString("\\r")
    default:
      let digits = "0123456789abcdef".utf8.map { $0 }
      writeStaticString("\\u00")
      writeMultipleIntegers(digits[Int(byte >> 4)], digits[Int(byte & 15)])
    }
  }

  /// Writes a number, the shortest that reads back the same; null if it is not finite.
  public mutating func writeJSONNumber(_ value: Double) {
    guard value.isFinite else {
      writeStaticString("null")
      return
    }
    if let whole = Int64(exactly: value), abs(value) < 1e15, !(value == 0 && value.sign == .minus) {
      writeDecimal(whole)
    } else {
      writeString(value.description)
    }
  }

  /// Writes a whole number in decimal, without making a string of it.
  public mutating func writeDecimal(_ value: Int64) {
    var magnitude = value.magnitude
    if value < 0 { writeInteger(UInt8(ascii: "-")) }
    var count = 1
    var bound: UInt64 = 10
    while magnitude >= bound {
      count += 1
      let (next, overflow) = bound.multipliedReportingOverflow(by: 10)
      if overflow { break }
      bound = next
    }
    writeWithUnsafeMutableBytes(minimumWritableBytes: count) { target in
      for place in (0..<count).reversed() {
        target[place] = UInt8(ascii: "0") + UInt8(magnitude % 10)
        magnitude /= 10
      }
      return count
    }
  }
}
