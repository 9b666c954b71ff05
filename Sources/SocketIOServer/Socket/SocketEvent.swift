import Logging
public import SocketIO
import Synchronization

/// An event of a client.
public struct SocketEvent: Sendable {
  /// The event's name.
  public let name: String
  /// What came with it; places past the end hold null. A middleware may change it for those behind it.
  public var arguments: SocketArguments
  /// Who sent it.
  public let socket: Socket
  private let acknowledgement: Acknowledgement?

  init(name: String, arguments: SocketArguments, socket: Socket, id: UInt64?) {
    self.name = name
    self.arguments = arguments
    self.socket = socket
    acknowledgement = id.map { Acknowledgement(id: $0) }
  }

  /// Whether the client waits for an ack.
  public var expectsAcknowledgement: Bool { acknowledgement != nil }

  /// Reads an argument as a type.
  ///
  /// - Throws: `SocketDecodingError`: where the value is missing or wrong. Of a missing argument the path is empty.
  public func decode<Value: Decodable>(
    _ type: Value.Type = Value.self, at index: Int = 0
  ) throws(SocketDecodingError) -> Value {
    guard arguments.indices.contains(index) else {
      throw SocketDecodingError(path: "", message: "argument \(index) is missing")
    }
    return try arguments[index].decode(type)
  }

  /// The first argument as a type; what is wrong with it goes to the client.
  func decodeOrRefuse<Value: Decodable>(_ type: Value.Type) throws(EventError) -> Value {
    do throws(SocketDecodingError) {
      return try decode(type)
    } catch {
      throw EventError("\(error)")
    }
  }

  /// Answers the event. Any thread, any time; only the first answer counts.
  ///
  /// - Returns: whether this was the first, and one was asked for.
  @discardableResult
  public func acknowledge(_ arguments: SocketValue...) -> Bool { acknowledge(arguments: arguments) }

  /// Answers the event with arguments in an array.
  @discardableResult
  public func acknowledge(arguments: some Sequence<SocketValue>) -> Bool {
    guard let acknowledgement, acknowledgement.take() else { return false }
    socket.send(
      SocketPacket(.ack, namespace: socket.namespace.name, id: acknowledgement.id, data: .array(Array(arguments))))
    return true
  }

  /// Answers the event with one encodable argument.
  @discardableResult
  public func acknowledge(encoding value: some Encodable) throws -> Bool {
    acknowledge(arguments: [try SocketValue(encoding: value)])
  }

  /// Answers the event with what went wrong: of an `EventError` its words, of others nothing but that.
  func refuse(_ error: any Error) {
    if !(error is EventError) {
      socket.client.logger.debug("an event's handler failed", metadata: ["event": "\(name)", "error": "\(error)"])
    }
    acknowledge((error as? EventError ?? EventError("internal error")).payload)
  }
}

/// An ack that is owed, once.
private final class Acknowledgement: Sendable {
  let id: UInt64
  private let taken = Atomic<Bool>(false)

  init(id: UInt64) { self.id = id }

  func take() -> Bool { !taken.exchange(true, ordering: .relaxed) }
}
