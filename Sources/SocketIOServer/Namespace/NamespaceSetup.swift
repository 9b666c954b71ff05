import SocketIO
import Synchronization

/// What was set on a namespace, or on a parent for all its children: middlewares and handlers.
final class NamespaceSetup: Sendable {
  struct Content: Sendable {
    var middlewares: [@Sendable (SocketConnection) async throws -> Void] = []
    var onConnection: [@Sendable (Socket) -> Void] = []
    var onDisconnect: [@Sendable (Socket, DisconnectReason) -> Void] = []
    var handlers: [BytewiseName: [@Sendable (SocketEvent) -> Void]] = [:]
    var serverSideHandlers: [BytewiseName: [@Sendable (ServerSideEvent) -> Void]] = [:]
  }

  private let content = Mutex(Content())

  var current: Content { content.withLock { $0 } }

  func change(_ body: (inout Content) -> Void) {
    content.withLock { body(&$0) }
  }

  func handlers(for event: String) -> [@Sendable (SocketEvent) -> Void] {
    content.withLock { $0.handlers[BytewiseName(event)] ?? [] }
  }
}

/// What a namespace, and a parent of namespaces, can be told.
public protocol NamespaceConfiguring {
  /// Asks before a socket connects; to throw refuses it. Middlewares run one after the other in the order they were
  /// added.
  ///
  /// A `ConnectError` is sent as it is; of any other error the client learns nothing.
  func use(_ middleware: @escaping @Sendable (SocketConnection) async throws -> Void)
  /// Called for every socket that connects, on its event loop, before its first event.
  func onConnection(_ handler: @escaping @Sendable (Socket) -> Void)
  /// Called for every socket that has left, on its event loop.
  func onDisconnect(_ handler: @escaping @Sendable (Socket, DisconnectReason) -> Void)
  /// Called for an event of any socket, on its event loop. One handler for all sockets costs no memory per socket.
  func on(_ event: String, _ handler: @escaping @Sendable (SocketEvent) -> Void)
}

extension NamespaceConfiguring {
  /// Handles an event of any socket whose first argument is a `Value` in a task of its own, and acknowledges with what
  /// comes back.
  ///
  /// An argument that isn't a `Value`, or an error, is acknowledged with `{error: {message}}`.
  public func on<Value: Decodable & Sendable, Reply: Encodable & SendableMetatype>(
    _ event: String, as type: Value.Type, _ handler: @escaping @Sendable (Value, Socket) async throws -> Reply
  ) {
    on(event) { $0.handle(as: type, handler) }
  }
}

/// Namespaces that are made when a client asks for one and a pattern says yes.
public final class ParentNamespace: Sendable, NamespaceConfiguring {
  let setup = NamespaceSetup()

  public func use(_ middleware: @escaping @Sendable (SocketConnection) async throws -> Void) {
    setup.change { $0.middlewares.append(middleware) }
  }

  public func onConnection(_ handler: @escaping @Sendable (Socket) -> Void) {
    setup.change { $0.onConnection.append(handler) }
  }

  public func onDisconnect(_ handler: @escaping @Sendable (Socket, DisconnectReason) -> Void) {
    setup.change { $0.onDisconnect.append(handler) }
  }

  public func on(_ event: String, _ handler: @escaping @Sendable (SocketEvent) -> Void) {
    setup.change { $0.handlers[BytewiseName(event), default: []].append(handler) }
  }
}
