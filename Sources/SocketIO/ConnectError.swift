/// Why a socket may not connect to a namespace: the payload of CONNECT_ERROR, `{message, data?}`.
public struct ConnectError: Error, Sendable, Equatable {
  /// For people; the client sees it as the error's message.
  public var message: String
  /// For programs; the client sees it as the error's `data`.
  public var data: SocketValue?

  public init(_ message: String, data: SocketValue? = nil) {
    self.message = message
    self.data = data
  }

  /// What is sent.
  public var payload: SocketValue {
    var object: SocketObject = ["message": .string(message)]
    if let data { object["data"] = data }
    return .object(object)
  }
}
