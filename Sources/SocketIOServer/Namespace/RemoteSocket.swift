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
  public func emit(_ event: String, _ arguments: SocketValue...) {
    namespace.to(id).emit(event, arguments: arguments)
  }
  /// Makes it join rooms. Any thread.
  public func join(_ rooms: String...) { namespace.adapter.join(rooms, scope: own) }
  /// Makes it leave rooms. Any thread.
  public func leave(_ rooms: String...) { namespace.adapter.leave(rooms, scope: own) }
  /// Throws it out of the namespace, or with `close` off the server. Any thread.
  public func disconnect(close: Bool = false) { namespace.adapter.disconnect(scope: own, close: close) }

  private var own: BroadcastScope { BroadcastScope(rooms: [id]) }
}
