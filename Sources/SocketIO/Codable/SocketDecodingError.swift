/// Why a value could not be read as a type, and where.
public struct SocketDecodingError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Where it went wrong, as `queue[2].trackId`; empty for the value itself.
  public var path: String
  /// What went wrong, for people; it holds no values.
  public var message: String

  public init(path: String, message: String) {
    self.path = path
    self.message = message
  }

  public var description: String { path.isEmpty ? message : "\(path): \(message)" }

  init(_ error: DecodingError) {
    switch error {
    case .keyNotFound(let key, let context): self.init(context.codingPath + [key], "is missing")
    case .valueNotFound(_, let context), .typeMismatch(_, let context):
      self.init(context.codingPath, context.debugDescription)
    case .dataCorrupted(let context): self.init(context.codingPath, context.debugDescription)
    @unknown default: self.init(path: "", message: "can't be read")
    }
  }

  private init(_ path: [any CodingKey], _ message: String) {
    var text = ""
    for key in path {
      if let index = key.intValue {
        text += "[\(index)]"
      } else {
        text += text.isEmpty ? key.stringValue : ".\(key.stringValue)"
      }
    }
    self.init(path: text, message: message)
  }
}

/// A key by name or by index.
struct SocketCodingKey: CodingKey {
  var stringValue: String
  var intValue: Int?

  init(stringValue: String) { self.stringValue = stringValue }
  init(intValue: Int) {
    stringValue = String(intValue)
    self.intValue = intValue
  }
}
