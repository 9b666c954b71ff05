public import SocketIO

/// A socket of any process of the cluster, as it was when ``BroadcastOperator/fetchSockets(timeout:)`` found it.
///
/// What it is told goes through the adapter, so it reaches the socket wherever it lives, and nobody if it has left.
public struct RemoteSocket: Sendable {
  private let description: SocketDescription
  private let namespace: Namespace

  init(_ description: SocketDescription, namespace: Namespace) {
    self.description = description
    self.namespace = namespace
  }

  public var id: String { description.id }
  /// The request that opened its session, with the keys of the official server: `headers`, `time`, `address`,
  /// `issued` (Unix ms), `url`, `query`, `auth`.
  public var handshake: SocketObject { description.handshake }
  /// The rooms it was in, that of its own id first.
  public var rooms: [String] { description.rooms }
  /// What the program attached to it: ``Socket/data``.
  public var data: SocketValue { description.data }

  /// Sends it an event. Any thread.
  public func emit(_ event: String, _ arguments: SocketValue...) { emit(event, arguments: arguments) }
  /// The same with arguments in an array.
  public func emit(_ event: String, arguments: some Sequence<SocketValue>) { own.emit(event, arguments: arguments) }
  /// Sends it an event with one encodable argument.
  public func emit(_ event: String, encoding value: some Encodable) throws { try own.emit(event, encoding: value) }

  /// Sends it an event and waits for its answer, from whatever process.
  ///
  /// - Returns: the arguments of the ack.
  /// - Throws: ``AckError/timedOut``; ``AckError/disconnected`` if nobody was there to be asked.
  public func emitWithAck(
    _ event: String, _ arguments: SocketValue..., timeout: Duration
  ) async throws(AckError) -> SocketArguments {
    try await emitWithAck(event, arguments: arguments, timeout: timeout)
  }
  /// The same with arguments in an array.
  public func emitWithAck(
    _ event: String, arguments: some Sequence<SocketValue> & Sendable, timeout: Duration
  ) async throws(AckError) -> SocketArguments {
    let outcome = await own.emitWithAck(event, arguments: arguments, timeout: timeout)
    guard let reply = outcome.replies.first else { throw outcome.missing > 0 ? .timedOut : .disconnected }
    return reply
  }

  /// Makes it join rooms. Any thread.
  public func join(_ rooms: String...) { own.socketsJoin(rooms) }
  /// The same with an array.
  public func join(_ rooms: [String]) { own.socketsJoin(rooms) }
  /// Makes it leave rooms. Any thread.
  public func leave(_ rooms: String...) { own.socketsLeave(rooms) }
  /// The same with an array.
  public func leave(_ rooms: [String]) { own.socketsLeave(rooms) }
  /// Throws it out of the namespace, or with `close` off the server. Any thread.
  public func disconnect(close: Bool = false) { own.disconnectSockets(close: close) }

  private var own: BroadcastOperator { namespace.to(id) }
}
