public import SocketIO
import Synchronization

/// What was set on a namespace, or on a parent for all its children: middlewares and handlers.
public final class NamespaceSetup: Sendable {
  struct Content: Sendable {
    var middlewares: [@Sendable (SocketConnection) async throws -> Void] = []
    var onConnection: [@Sendable (Socket) -> Void] = []
    var onDisconnect: [@Sendable (Socket, DisconnectReason) -> Void] = []
    var events = EventHandlers()
    var serverSideHandlers: [BytewiseName: [@Sendable (ServerSideEvent) -> Void]] = [:]
  }

  private let content = Mutex(Content())

  var current: Content { content.withLock { $0 } }

  func change(_ body: (inout Content) -> Void) {
    content.withLock { body(&$0) }
  }

  var eventMiddlewares: [EventHandlers.Middleware] { content.withLock { $0.events.middlewares } }

  /// What is to be called for an event now: handlers of every event, and its own.
  func takeHandlers(for event: String) -> (any: [EventHandlers.List.Entry], named: [EventHandlers.List.Entry]) {
    content.withLock { ($0.events.any.take(), $0.events.take(for: event)) }
  }
}

/// What a namespace, and a parent of namespaces, can be told.
public protocol NamespaceConfiguring: EventListening {
  /// Where it is kept.
  var setup: NamespaceSetup { get }
}

extension NamespaceConfiguring {
  /// Asks before a socket connects; to throw refuses it. Middlewares run one after the other in the order they were
  /// added.
  ///
  /// A `ConnectError` is sent as it is; of any other error the client learns nothing.
  public func use(_ middleware: @escaping @Sendable (SocketConnection) async throws -> Void) {
    setup.change { $0.middlewares.append(middleware) }
  }

  /// Lets every event of every socket pass through `middleware`, as `Socket.use` does,
  /// before the socket's own.
  public func useForEvents(_ middleware: @escaping @Sendable (inout SocketEvent) throws -> Void) {
    setup.change { $0.events.middlewares.append(.immediate(middleware)) }
  }

  /// The same with a middleware that waits: all events of a socket then go through a queue, and stay in order.
  public func useForEvents(_ middleware: @escaping @Sendable (inout SocketEvent) async throws -> Void) {
    setup.change { $0.events.middlewares.append(.queued(middleware)) }
  }

  /// Called for every socket that connects, on its event loop, before its first event.
  public func onConnection(_ handler: @escaping @Sendable (Socket) -> Void) {
    setup.change { $0.onConnection.append(handler) }
  }

  /// Called for every socket that has left, on its event loop.
  public func onDisconnect(_ handler: @escaping @Sendable (Socket, DisconnectReason) -> Void) {
    setup.change { $0.onDisconnect.append(handler) }
  }

  public func changeHandlers(_ change: @escaping @Sendable (inout EventHandlers) -> Void) {
    setup.change { change(&$0.events) }
  }
}
