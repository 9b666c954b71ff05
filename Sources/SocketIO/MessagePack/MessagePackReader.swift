import EngineIO
public import NIOCore

/// Why bytes are not MessagePack, or more than we take.
public enum MessagePackError: Error, Sendable, Equatable {
  /// Not what the specification allows, at this byte.
  case malformed(offset: Int)
  /// The bytes end inside a value, or announce more than there is.
  case truncated
  /// Nested deeper than ``PacketBounds/maxDepth``.
  case tooDeep
  /// More values than ``PacketBounds/maxValues``.
  case tooManyValues
  /// An extension that stands for nothing here.
  case unsupportedExtension(type: Int8, bytes: Int)
}

/// Reads one value of MessagePack (the specification of 2017, with timestamps), strictly: nothing behind it.
///
/// What `SocketValue` has no case for becomes what JSON would make of it: a timestamp the text of its moment, a
/// whole number as a key its digits, and `undefined` (notepack's extension 0) null. Lengths are held against what has
/// arrived before anything is done with them.
struct MessagePackReader {
  private var buffer: ByteBuffer
  private let start: Int
  private let messageBytes: Int
  private let maxDepth: Int
  private var valuesLeft: Int

  static func parse(_ buffer: ByteBuffer, maxDepth: Int, maxValues: Int) throws(MessagePackError) -> SocketValue {
    var reader = MessagePackReader(buffer: buffer, maxDepth: maxDepth, maxValues: maxValues)
    let value = try reader.value(depth: 0)
    guard reader.buffer.readableBytes == 0 else { throw reader.malformed }
    return value
  }

  private init(buffer: ByteBuffer, maxDepth: Int, maxValues: Int) {
    self.buffer = buffer
    start = buffer.readerIndex
    messageBytes = buffer.readableBytes
    self.maxDepth = maxDepth
    valuesLeft = maxValues
  }

  private var malformed: MessagePackError { .malformed(offset: buffer.readerIndex - start) }

  private mutating func integer<Number: FixedWidthInteger>(_ type: Number.Type) throws(MessagePackError) -> Number {
    guard let number = buffer.readInteger(as: type) else { throw .truncated }
    return number
  }

  private mutating func value(depth: Int) throws(MessagePackError) -> SocketValue {
    guard depth <= maxDepth else { throw .tooDeep }
    guard valuesLeft > 0 else { throw .tooManyValues }
    valuesLeft -= 1
    let mark = try integer(UInt8.self)
    switch mark {
    case 0x00...0x7f: return .int(Int64(mark))
    case 0xe0...0xff: return .int(Int64(Int8(bitPattern: mark)))
    case 0x80...0x8f: return try object(count: Int(mark & 0x0f), depth: depth)
    case 0x90...0x9f: return try array(count: Int(mark & 0x0f), depth: depth)
    case 0xc0: return .null
    case 0xc2: return .bool(false)
    case 0xc3: return .bool(true)
    case 0xca: return .double(Double(Float(bitPattern: try integer(UInt32.self))))
    case 0xcb: return .double(Double(bitPattern: try integer(UInt64.self)))
    case 0xcc...0xcf, 0xd0...0xd3: return try number(mark)
    case 0xdc: return try array(count: Int(try integer(UInt16.self)), depth: depth)
    case 0xdd: return try array(count: Int(try integer(UInt32.self)), depth: depth)
    case 0xde: return try object(count: Int(try integer(UInt16.self)), depth: depth)
    case 0xdf: return try object(count: Int(try integer(UInt32.self)), depth: depth)
    case 0xc4...0xc6: return .binary(try binary(mark))
    case 0xc7...0xc9, 0xd4...0xd8: return try extended(mark)
    case 0xa0...0xbf, 0xd9...0xdb: return .string(try string(mark))
    default:
      buffer.moveReaderIndex(to: buffer.readerIndex - 1)
      throw malformed
    }
  }

  private mutating func number(_ mark: UInt8) throws(MessagePackError) -> SocketValue {
    switch mark {
    case 0xcc: return .int(Int64(try integer(UInt8.self)))
    case 0xcd: return .int(Int64(try integer(UInt16.self)))
    case 0xce: return .int(Int64(try integer(UInt32.self)))
    case 0xcf:
      let number = try integer(UInt64.self)
      return Int64(exactly: number).map { .int($0) } ?? .double(Double(number))
    case 0xd0: return .int(Int64(try integer(Int8.self)))
    case 0xd1: return .int(Int64(try integer(Int16.self)))
    case 0xd2: return .int(Int64(try integer(Int32.self)))
    default: return .int(try integer(Int64.self))
    }
  }

  private mutating func array(count: Int, depth: Int) throws(MessagePackError) -> SocketValue {
    // Every element takes a byte at least.
    guard count <= buffer.readableBytes else { throw .truncated }
    guard count <= valuesLeft else { throw .tooManyValues }
    var elements: [SocketValue] = []
    elements.reserveCapacity(count)
    for _ in 0..<count { elements.append(try value(depth: depth + 1)) }
    return .array(elements)
  }

  private mutating func object(count: Int, depth: Int) throws(MessagePackError) -> SocketValue {
    guard count <= buffer.readableBytes / 2 else { throw .truncated }
    guard count <= valuesLeft else { throw .tooManyValues }
    var entries = SocketObject()
    for _ in 0..<count {
      let key = try key()
      entries[key] = try value(depth: depth + 1)
    }
    return .object(entries)
  }

  private mutating func key() throws(MessagePackError) -> String {
    let mark = try integer(UInt8.self)
    switch mark {
    case 0xa0...0xbf, 0xd9...0xdb: return try string(mark)
    case 0x00...0x7f: return String(mark)
    case 0xe0...0xff: return String(Int8(bitPattern: mark))
    case 0xcc...0xcf, 0xd0...0xd3:
      guard case .int(let number) = try number(mark) else { throw malformed }
      return String(number)
    default:
      buffer.moveReaderIndex(to: buffer.readerIndex - 1)
      throw malformed
    }
  }

  /// The length behind a mark whose first of three sizes is `first`.
  private mutating func length(_ mark: UInt8, first: UInt8) throws(MessagePackError) -> Int {
    switch mark - first {
    case 0: Int(try integer(UInt8.self))
    case 1: Int(try integer(UInt16.self))
    default: Int(try integer(UInt32.self))
    }
  }

  private mutating func bytes(_ count: Int) throws(MessagePackError) -> ByteBuffer {
    guard let slice = buffer.readSlice(length: count) else { throw .truncated }
    return slice
  }

  private mutating func string(_ mark: UInt8) throws(MessagePackError) -> String {
    let count = mark < 0xc0 ? Int(mark & 0x1f) : try length(mark, first: 0xd9)
    let text = try bytes(count)
    guard text.isValidUTF8 else { throw malformed }
    return String(buffer: text)
  }

  private mutating func binary(_ mark: UInt8) throws(MessagePackError) -> ByteBuffer {
    let slice = try bytes(try length(mark, first: 0xc4))
    // What is most of the message shares its memory; a small part mustn't keep all of it alive.
    guard slice.readableBytes < messageBytes / 2 else { return slice }
    var copy = ByteBufferAllocator().buffer(capacity: slice.readableBytes)
    copy.writeImmutableBuffer(slice)
    return copy
  }

  private mutating func extended(_ mark: UInt8) throws(MessagePackError) -> SocketValue {
    let count = mark >= 0xd4 ? 1 << Int(mark - 0xd4) : try length(mark, first: 0xc7)
    let type = try integer(Int8.self)
    var content = try bytes(count)
    let milliseconds: Int64?
    switch (type, count) {
    case (0, 1): return .null
    case (0, 8): milliseconds = content.readInteger()
    case (-1, 4): milliseconds = content.readInteger(as: UInt32.self).map { Int64($0) * 1_000 }
    case (-1, 8):
      milliseconds = content.readInteger(as: UInt64.self).map { Self.milliseconds(Int64($0 & (1 << 34 - 1)), $0 >> 34) }
    case (-1, 12):
      let nanoseconds = content.readInteger(as: UInt32.self) ?? 0
      milliseconds = content.readInteger(as: Int64.self).map { Self.milliseconds($0, UInt64(nanoseconds)) }
    default: throw .unsupportedExtension(type: type, bytes: count)
    }
    // No such moment is what JavaScript calls an invalid date, whose JSON is null.
    return milliseconds.flatMap(MomentText.init).map { .string($0.text) } ?? .null
  }

  private static func milliseconds(_ seconds: Int64, _ nanoseconds: UInt64) -> Int64 {
    let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000)
    let (sum, carry) = whole.addingReportingOverflow(Int64(nanoseconds / 1_000_000))
    return overflow || carry ? .max : sum
  }
}

extension SocketValue {
  /// Reads one value of MessagePack, and nothing behind it.
  ///
  /// - Throws: ``MessagePackError``.
  public init(
    messagePack: ByteBuffer, maxDepth: Int = SocketIOLimits.maxDepth, maxValues: Int = SocketIOLimits.maxValues
  ) throws(MessagePackError) {
    self = try MessagePackReader.parse(messagePack, maxDepth: maxDepth, maxValues: maxValues)
  }
}
