import EngineIO
import NIOCore

/// With this module's own coders a value passes as it is; to any other coder it is plain JSON, with binary as base64.
extension SocketValue: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(Bool.self) {
      self = .bool(value)
    } else if let value = try? container.decode(Int64.self) {
      self = .int(value)
    } else if let value = try? container.decode(Double.self) {
      self = .double(value)
    } else if let value = try? container.decode(String.self) {
      self = .string(value)
    } else if let value = try? container.decode([SocketValue].self) {
      self = .array(value)
    } else {
      let keyed = try decoder.container(keyedBy: SocketCodingKey.self)
      self = .object(
        SocketObject(try keyed.allKeys.map { ($0.stringValue, try keyed.decode(SocketValue.self, forKey: $0)) }))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    if case .object(let entries) = self {
      var keyed = encoder.container(keyedBy: SocketCodingKey.self)
      for (key, value) in entries { try keyed.encode(value, forKey: SocketCodingKey(stringValue: key)) }
      return
    }
    var single = encoder.singleValueContainer()
    switch self {
    case .object: break
    case .null: try single.encodeNil()
    case .bool(let value): try single.encode(value)
    case .int(let value): try single.encode(value)
    case .double(let value): try single.encode(value)
    case .string(let value): try single.encode(value)
    case .array(let values): try single.encode(values)
    case .binary(let bytes):
      var text = ByteBuffer()
      text.writeBase64(bytes)
      try single.encode(String(buffer: text))
    }
  }
}
