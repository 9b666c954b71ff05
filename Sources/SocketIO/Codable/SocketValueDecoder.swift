import FoundationEssentials
import NIOCore

extension SocketValue {
  /// Reads the value as anything `Decodable`. `ByteBuffer`, `Data` and `[UInt8]` are read from binary.
  ///
  /// - Throws: ``SocketDecodingError``, naming the path to what is missing or wrong.
  public func decode<Value: Decodable>(_ type: Value.Type = Value.self) throws(SocketDecodingError) -> Value {
    do {
      return try ValueDecoder(value: self, codingPath: []).decode(type)
    } catch let error as SocketDecodingError {
      throw error
    } catch let error as DecodingError {
      throw SocketDecodingError(error)
    } catch {
      throw SocketDecodingError(path: "", message: "can't be read")
    }
  }
}

/// A value on its way to a type.
struct ValueDecoder: Decoder {
  let value: SocketValue
  let codingPath: [any CodingKey]
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func mismatch(_ type: Any.Type, _ wanted: String) -> DecodingError {
    .typeMismatch(type, .init(codingPath: codingPath, debugDescription: "should be \(wanted), is \(value.typeName)"))
  }

  func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
    if type == SocketValue.self, let result = value as? Value { return result }
    if case .binary(let bytes) = value {
      if type == ByteBuffer.self, let result = bytes as? Value { return result }
      if type == Data.self, let result = Data(bytes.readableBytesView) as? Value { return result }
      if type == [UInt8].self, let result = Array(bytes.readableBytesView) as? Value { return result }
    } else if type == ByteBuffer.self || type == Data.self {
      throw mismatch(type, "binary")
    }
    return try Value(from: self)
  }

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    guard let object = value.object else { throw mismatch([String: SocketValue].self, "an object") }
    return KeyedDecodingContainer(KeyedValues(object: object, codingPath: codingPath))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    guard let elements = value.array else { throw mismatch([SocketValue].self, "an array") }
    return UnkeyedValues(elements: elements, codingPath: codingPath)
  }

  func singleValueContainer() -> any SingleValueDecodingContainer { self }

  func integer<Number: FixedWidthInteger>(_ type: Number.Type) throws -> Number {
    guard value.double != nil else { throw mismatch(type, "a number") }
    guard let whole = value.int else { throw mismatch(type, "a whole number") }
    guard let number = Number(exactly: whole) else {
      throw DecodingError.dataCorrupted(.init(codingPath: codingPath, debugDescription: "is out of range"))
    }
    return number
  }
}

extension ValueDecoder: SingleValueDecodingContainer {
  func decodeNil() -> Bool { value.isNull }

  func decode(_ type: Bool.Type) throws -> Bool {
    guard let result = value.bool else { throw mismatch(type, "a boolean") }
    return result
  }

  func decode(_ type: String.Type) throws -> String {
    guard let result = value.string else { throw mismatch(type, "a string") }
    return result
  }

  func decode(_ type: Double.Type) throws -> Double {
    guard let result = value.double else { throw mismatch(type, "a number") }
    return result
  }

  func decode(_ type: Float.Type) throws -> Float { Float(try decode(Double.self)) }
  func decode(_ type: Int.Type) throws -> Int { try integer(type) }
  func decode(_ type: Int8.Type) throws -> Int8 { try integer(type) }
  func decode(_ type: Int16.Type) throws -> Int16 { try integer(type) }
  func decode(_ type: Int32.Type) throws -> Int32 { try integer(type) }
  func decode(_ type: Int64.Type) throws -> Int64 { try integer(type) }
  func decode(_ type: UInt.Type) throws -> UInt { try integer(type) }
  func decode(_ type: UInt8.Type) throws -> UInt8 { try integer(type) }
  func decode(_ type: UInt16.Type) throws -> UInt16 { try integer(type) }
  func decode(_ type: UInt32.Type) throws -> UInt32 { try integer(type) }
  func decode(_ type: UInt64.Type) throws -> UInt64 { try integer(type) }
}

private struct KeyedValues<Key: CodingKey>: KeyedDecodingContainerProtocol {
  let object: SocketObject
  let codingPath: [any CodingKey]

  var allKeys: [Key] { object.keys.compactMap(Key.init(stringValue:)) }

  func contains(_ key: Key) -> Bool { object[key.stringValue] != nil }

  private func decoder(_ key: any CodingKey) throws -> ValueDecoder {
    guard let value = object[key.stringValue] else {
      throw DecodingError.keyNotFound(key, .init(codingPath: codingPath, debugDescription: "is missing"))
    }
    return ValueDecoder(value: value, codingPath: codingPath + [key])
  }

  func decodeNil(forKey key: Key) throws -> Bool { try decoder(key).value.isNull }
  func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value { try decoder(key).decode(type) }

  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) throws -> KeyedDecodingContainer<Nested> {
    try decoder(key).container(keyedBy: type)
  }

  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
    try decoder(key).unkeyedContainer()
  }

  func superDecoder() throws -> any Decoder { try decoder(SocketCodingKey(stringValue: "super")) }
  func superDecoder(forKey key: Key) throws -> any Decoder { try decoder(key) }
}

private struct UnkeyedValues: UnkeyedDecodingContainer {
  let elements: [SocketValue]
  let codingPath: [any CodingKey]
  var currentIndex = 0

  init(elements: [SocketValue], codingPath: [any CodingKey]) {
    self.elements = elements
    self.codingPath = codingPath
  }

  var count: Int? { elements.count }
  var isAtEnd: Bool { currentIndex >= elements.count }

  private mutating func next() throws -> ValueDecoder {
    let key = SocketCodingKey(intValue: currentIndex)
    guard !isAtEnd else {
      throw DecodingError.keyNotFound(key, .init(codingPath: codingPath, debugDescription: "is missing"))
    }
    defer { currentIndex += 1 }
    return ValueDecoder(value: elements[currentIndex], codingPath: codingPath + [key])
  }

  mutating func decodeNil() throws -> Bool {
    guard !isAtEnd, elements[currentIndex].isNull else { return false }
    currentIndex += 1
    return true
  }

  mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try next().decode(type) }

  mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) throws -> KeyedDecodingContainer<Nested> {
    try next().container(keyedBy: type)
  }

  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer { try next().unkeyedContainer() }
  mutating func superDecoder() throws -> any Decoder { try next() }
}
