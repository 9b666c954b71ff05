public import NIOCore

extension ByteBuffer {
  /// Writes a value as MessagePack: whole numbers in the shortest form, others as doubles.
  public mutating func writeMessagePack(_ value: SocketValue) {
    switch value {
    case .null: writeInteger(0xc0 as UInt8)
    case .bool(let value): writeInteger(value ? 0xc3 : 0xc2 as UInt8)
    case .int(let value): writeMessagePackNumber(value)
    case .double(let value): writeMultipleIntegers(0xcb as UInt8, value.bitPattern)
    case .string(let value): writeMessagePackString(value)
    case .binary(let bytes):
      writeMessagePackLength(bytes.readableBytes, short: nil, marks: (0xc4, 0xc5, 0xc6))
      writeImmutableBuffer(bytes)
    case .array(let elements):
      writeMessagePackLength(elements.count, short: (0x90, 15), marks: (nil, 0xdc, 0xdd))
      for element in elements { writeMessagePack(element) }
    case .object(let entries):
      writeMessagePackLength(entries.count, short: (0x80, 15), marks: (nil, 0xde, 0xdf))
      for (key, value) in entries {
        writeMessagePackString(key)
        writeMessagePack(value)
      }
    }
  }

  private mutating func writeMessagePackString(_ text: String) {
    writeMessagePackLength(text.utf8.count, short: (0xa0, 31), marks: (0xd9, 0xda, 0xdb))
    writeString(text)
  }

  /// Writes the mark of a kind and a length: within the mark if it is `short`, else behind it in one, two or four bytes.
  private mutating func writeMessagePackLength(
    _ length: Int, short: (mark: UInt8, limit: Int)?, marks: (UInt8?, UInt8, UInt8)
  ) {
    if let short, length <= short.limit {
      writeInteger(short.mark | UInt8(length))
    } else if let mark = marks.0, let length = UInt8(exactly: length) {
      writeMultipleIntegers(mark, length)
    } else if let length = UInt16(exactly: length) {
      writeMultipleIntegers(marks.1, length)
    } else {
      writeMultipleIntegers(marks.2, UInt32(length))
    }
  }

  private mutating func writeMessagePackNumber(_ value: Int64) {
    if value >= 0 {
      if value < 0x80 {
        writeInteger(UInt8(value))
      } else if let number = UInt8(exactly: value) {
        writeMultipleIntegers(0xcc as UInt8, number)
      } else if let number = UInt16(exactly: value) {
        writeMultipleIntegers(0xcd as UInt8, number)
      } else if let number = UInt32(exactly: value) {
        writeMultipleIntegers(0xce as UInt8, number)
      } else {
        writeMultipleIntegers(0xcf as UInt8, value)
      }
    } else if value >= -0x20 {
      writeInteger(Int8(value))
    } else if let number = Int8(exactly: value) {
      writeMultipleIntegers(0xd0 as UInt8, number)
    } else if let number = Int16(exactly: value) {
      writeMultipleIntegers(0xd1 as UInt8, number)
    } else if let number = Int32(exactly: value) {
      writeMultipleIntegers(0xd2 as UInt8, number)
    } else {
      writeMultipleIntegers(0xd3 as UInt8, value)
    }
  }
}
