public import NIOCore

/// What an event carries: JSON, with binary anywhere inside (Socket.IO protocol v5, "Packet encoding").
///
/// Two strings are equal when their bytes are, as in JavaScript; see ``BytewiseName``.
public enum SocketValue: Sendable {
  case null
  case bool(Bool)
  /// A number without fraction or exponent that fits.
  case int(Int64)
  /// Any other number. Not finite ones are written as null, as JavaScript does.
  case double(Double)
  case string(String)
  case array([SocketValue])
  case object(SocketObject)
  /// An attachment on the wire.
  case binary(ByteBuffer)
}

extension SocketValue: Hashable {
  public static func == (left: SocketValue, right: SocketValue) -> Bool {
    switch (left, right) {
    case (.null, .null): true
    case (.bool(let left), .bool(let right)): left == right
    case (.int(let left), .int(let right)): left == right
    case (.double(let left), .double(let right)): left == right
    case (.string(let left), .string(let right)): left.isBytewiseEqual(to: right)
    case (.array(let left), .array(let right)): left == right
    case (.object(let left), .object(let right)): left == right
    case (.binary(let left), .binary(let right)): left == right
    default: false
    }
  }

  public func hash(into hasher: inout Hasher) {
    switch self {
    case .null: hasher.combine(0 as UInt8)
    case .bool(let value): hasher.combine(value)
    case .int(let value): hasher.combine(value)
    case .double(let value): hasher.combine(value)
    case .string(let value): hasher.combine(BytewiseName(value))
    case .array(let value): hasher.combine(value)
    case .object(let value): hasher.combine(value)
    case .binary(let value): hasher.combine(value)
    }
  }
}

extension SocketValue {
  public var isNull: Bool { self == .null }

  /// About what it takes in memory, without encoding it.
  package var approximateBytes: Int {
    switch self {
    case .null, .bool, .int, .double: 32
    case .string(let text): 32 + text.utf8.count
    case .binary(let bytes): 32 + bytes.readableBytes
    case .array(let elements): elements.reduce(64) { $0 + $1.approximateBytes }
    case .object(let object):
      object.values.reduce(object.keys.reduce(128) { $0 + 16 + $1.utf8.count }) { $0 + $1.approximateBytes }
    }
  }

  public var bool: Bool? {
    if case .bool(let value) = self { value } else { nil }
  }

  /// The number, if it is an integer (also `2.0`).
  public var int: Int64? {
    switch self {
    case .int(let value): value
    case .double(let value): Int64(exactly: value)
    default: nil
    }
  }

  /// The number, integer or not.
  public var double: Double? {
    switch self {
    case .int(let value): Double(value)
    case .double(let value): value
    default: nil
    }
  }

  public var string: String? {
    if case .string(let value) = self { value } else { nil }
  }

  public var array: [SocketValue]? {
    if case .array(let value) = self { value } else { nil }
  }

  public var object: SocketObject? {
    if case .object(let value) = self { value } else { nil }
  }

  public var binary: ByteBuffer? {
    if case .binary(let value) = self { value } else { nil }
  }

  /// The value of an object's key; nil if there is none, or this is no object.
  public subscript(key: String) -> SocketValue? { object?[key] }

  /// The element of an array; nil if there is none, or this is no array.
  public subscript(index: Int) -> SocketValue? {
    guard let array, array.indices.contains(index) else { return nil }
    return array[index]
  }

  /// What it is, for messages to people.
  var typeName: String {
    switch self {
    case .null: "null"
    case .bool: "a boolean"
    case .int, .double: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    case .binary: "binary"
    }
  }
}

extension SocketValue: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByFloatLiteral, ExpressibleByStringInterpolation, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  public init(nilLiteral: ()) { self = .null }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  public init(integerLiteral value: Int64) { self = .int(value) }
  public init(floatLiteral value: Double) { self = .double(value) }
  public init(stringLiteral value: String) { self = .string(value) }
  public init(arrayLiteral elements: SocketValue...) { self = .array(elements) }
  public init(dictionaryLiteral elements: (String, SocketValue)...) { self = .object(SocketObject(elements)) }
}
