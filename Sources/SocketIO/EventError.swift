/// Why an event isn't handled: what a handler or a middleware throws, in words for the client.
public struct EventError: Error, Sendable, Equatable {
  /// For people.
  public var message: String
  /// For programs.
  public var data: SocketValue?

  public init(_ message: String, data: SocketValue? = nil) {
    self.message = message
    self.data = data
  }

  /// More events of a socket wait for their handlers than may.
  public static let tooManyWaiting = EventError("too many events are waiting")

  /// The argument of the ack: `{error: {message, data?}}`.
  public var payload: SocketValue {
    var error: SocketObject = ["message": .string(message)]
    if let data { error["data"] = data }
    return ["error": .object(error)]
  }
}
