import SocketIO

/// What is called for events, and what they pass through before: the part of a socket or of a namespace that
/// ``EventListening`` changes.
public struct EventHandlers: Sendable {
  /// How a handler is run.
  enum Handler: Sendable {
    /// On the event loop, as the event comes.
    case immediate(@Sendable (SocketEvent) -> Void)
    /// Off it, behind what the socket's earlier events left to do.
    case queued(@Sendable (SocketEvent) async throws -> Void)
  }

  enum Middleware: Sendable {
    case immediate(@Sendable (inout SocketEvent) throws -> Void)
    case queued(@Sendable (inout SocketEvent) async throws -> Void)

    var isQueued: Bool {
      if case .queued = self { true } else { false }
    }
  }

  typealias List = HandlerList<Handler>

  var middlewares: [Middleware] = []
  var any = List()
  private var named: [BytewiseName: List] = [:]

  mutating func add(
    _ handler: Handler, for event: String, id: HandlerID, isOnce: Bool
  ) {
    named[BytewiseName(event), default: List()].add(handler, id: id, isOnce: isOnce)
  }

  mutating func remove(event: String) {
    named[BytewiseName(event)] = nil
  }

  mutating func remove(_ id: HandlerID) {
    any.remove(id)
    for event in named.keys {
      named[event]?.remove(id)
      if named[event]?.isEmpty == true { named[event] = nil }
    }
  }

  /// The handlers of an event, to be called now; whoever is there for one call leaves.
  mutating func take(for event: String) -> [List.Entry] {
    let name = BytewiseName(event)
    guard let entries = named[name]?.take() else { return [] }
    if named[name]?.isEmpty == true { named[name] = nil }
    return entries
  }
}
