import FoundationEssentials
import NIOCore

extension SocketValue {
  /// Makes a value of anything `Encodable`. `ByteBuffer`, `Data` and `[UInt8]` become binary.
  ///
  /// - Throws: what the value's own `encode(to:)` throws.
  public init(encoding value: some Encodable) throws {
    self = try EncodingNode.make(value, path: []).value
  }
}

/// A value that is being built; containers share it by reference.
final class EncodingNode {
  private enum Content {
    case single(SocketValue)
    case array([EncodingNode])
    case object([(String, EncodingNode)])
  }

  private var content: Content = .single(.object([:]))

  var value: SocketValue {
    switch content {
    case .single(let value): value
    case .array(let nodes): .array(nodes.map(\.value))
    case .object(let entries): .object(SocketObject(entries.lazy.map { ($0.0, $0.1.value) }))
    }
  }

  var count: Int {
    if case .array(let nodes) = content { nodes.count } else { 0 }
  }

  func set(_ value: SocketValue) { content = .single(value) }

  func becomeArray() {
    if case .array = content { return }
    content = .array([])
  }

  func becomeObject() {
    if case .object = content { return }
    content = .object([])
  }

  func append(_ node: EncodingNode) {
    guard case .array(var nodes) = content else { return }
    content = .array([])
    nodes.append(node)
    content = .array(nodes)
  }

  func set(_ node: EncodingNode, for key: String) {
    guard case .object(var entries) = content else { return }
    content = .object([])
    entries.append((key, node))
    content = .object(entries)
  }

  static func make(_ value: some Encodable, path: [any CodingKey]) throws -> EncodingNode {
    let node = EncodingNode()
    switch value {
    case let value as SocketValue: node.set(value)
    case let value as ByteBuffer: node.set(.binary(value))
    case let value as Data: node.set(.binary(ByteBuffer(bytes: value)))
    case let value as [UInt8]: node.set(.binary(ByteBuffer(bytes: value)))
    default: try value.encode(to: NodeEncoder(node: node, codingPath: path))
    }
    return node
  }
}

private struct NodeEncoder: Encoder {
  let node: EncodingNode
  let codingPath: [any CodingKey]
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    node.becomeObject()
    return KeyedEncodingContainer(KeyedNodes(node: node, codingPath: codingPath))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer {
    node.becomeArray()
    return UnkeyedNodes(node: node, codingPath: codingPath)
  }

  func singleValueContainer() -> any SingleValueEncodingContainer { SingleNode(node: node, codingPath: codingPath) }
}

private struct SingleNode: SingleValueEncodingContainer {
  let node: EncodingNode
  let codingPath: [any CodingKey]

  func encodeNil() { node.set(.null) }
  func encode(_ value: Bool) { node.set(.bool(value)) }
  func encode(_ value: String) { node.set(.string(value)) }
  func encode(_ value: Double) { node.set(.double(value)) }
  func encode(_ value: Float) { node.set(.double(Double(value))) }
  func encode(_ value: Int) { integer(value) }
  func encode(_ value: Int8) { integer(value) }
  func encode(_ value: Int16) { integer(value) }
  func encode(_ value: Int32) { integer(value) }
  func encode(_ value: Int64) { integer(value) }
  func encode(_ value: UInt) { integer(value) }
  func encode(_ value: UInt8) { integer(value) }
  func encode(_ value: UInt16) { integer(value) }
  func encode(_ value: UInt32) { integer(value) }
  func encode(_ value: UInt64) { integer(value) }
  func encode(_ value: some Encodable) throws { node.set(try EncodingNode.make(value, path: codingPath).value) }

  private func integer(_ value: some BinaryInteger) {
    node.set(Int64(exactly: value).map(SocketValue.int) ?? .double(Double(value)))
  }
}

private struct KeyedNodes<Key: CodingKey>: KeyedEncodingContainerProtocol {
  let node: EncodingNode
  let codingPath: [any CodingKey]

  private func child(_ key: any CodingKey) -> EncodingNode {
    let child = EncodingNode()
    node.set(child, for: key.stringValue)
    return child
  }

  func encodeNil(forKey key: Key) { child(key).set(.null) }

  func encode(_ value: some Encodable, forKey key: Key) throws {
    node.set(try EncodingNode.make(value, path: codingPath + [key]), for: key.stringValue)
  }

  func nestedContainer<Nested: CodingKey>(keyedBy: Nested.Type, forKey key: Key) -> KeyedEncodingContainer<Nested> {
    NodeEncoder(node: child(key), codingPath: codingPath + [key]).container(keyedBy: Nested.self)
  }

  func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
    NodeEncoder(node: child(key), codingPath: codingPath + [key]).unkeyedContainer()
  }

  func superEncoder() -> any Encoder { superEncoder(named: SocketCodingKey(stringValue: "super")) }
  func superEncoder(forKey key: Key) -> any Encoder { superEncoder(named: key) }

  private func superEncoder(named key: any CodingKey) -> any Encoder {
    NodeEncoder(node: child(key), codingPath: codingPath + [key])
  }
}

private struct UnkeyedNodes: UnkeyedEncodingContainer {
  let node: EncodingNode
  let codingPath: [any CodingKey]
  var count: Int { node.count }

  private var nextPath: [any CodingKey] { codingPath + [SocketCodingKey(intValue: count)] }

  private func child() -> EncodingNode {
    let child = EncodingNode()
    node.append(child)
    return child
  }

  func encodeNil() { child().set(.null) }
  func encode(_ value: some Encodable) throws { node.append(try EncodingNode.make(value, path: nextPath)) }

  func nestedContainer<Nested: CodingKey>(keyedBy: Nested.Type) -> KeyedEncodingContainer<Nested> {
    let path = nextPath
    return NodeEncoder(node: child(), codingPath: path).container(keyedBy: Nested.self)
  }

  func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
    let path = nextPath
    return NodeEncoder(node: child(), codingPath: path).unkeyedContainer()
  }

  func superEncoder() -> any Encoder {
    let path = nextPath
    return NodeEncoder(node: child(), codingPath: path)
  }
}
