import SocketIO

/// What listens to clients' events: a socket to its own, a namespace to those of all its sockets, which costs no memory
/// for each of them.
///
/// A handler is one of two kinds. One that doesn't wait runs on the socket's event loop as the event comes. One that
/// does (`async`) runs off it; those of one socket run one after the other in the order in which its events came, and
/// no more than ``SocketIOServer/SocketIOServer/Configuration/EventQueue`` says may be waiting: an event beyond that is
/// refused with `EventError.tooManyWaiting`. A handler that waits for an event which an asynchronous handler of the
/// same socket takes waits for ever; acks don't wait.
///
/// What an asynchronous handler throws is the event's ack if it asks for one and got none yet: of an `EventError` the
/// client gets `{error: {message, data?}}`, of any other `{error: {message: "internal error"}}`.
///
/// For an event come first the handlers of every event, the socket's and then the namespace's; then those of that
/// event in the same order.
public protocol EventListening {
  /// Changes the handlers. The methods of the extension are the ways to do it.
  func changeHandlers(_ change: @escaping @Sendable (inout EventHandlers) -> Void)
}

extension EventListening {
  /// Calls `handler` for each event of that name, in the order in which handlers were added.
  @discardableResult
  public func on(_ event: String, _ handler: @escaping @Sendable (SocketEvent) -> Void) -> HandlerID {
    add(.immediate(handler), for: event)
  }

  /// Calls `handler` for each event of that name, behind the socket's earlier ones.
  @discardableResult
  public func on(_ event: String, _ handler: @escaping @Sendable (SocketEvent) async throws -> Void) -> HandlerID {
    add(.queued(handler), for: event)
  }

  /// Calls `handler` for the next event of that name and for no other; of a namespace, for the next one of any socket.
  @discardableResult
  public func once(_ event: String, _ handler: @escaping @Sendable (SocketEvent) -> Void) -> HandlerID {
    add(.immediate(handler), for: event, isOnce: true)
  }

  /// The same with a handler that waits.
  @discardableResult
  public func once(_ event: String, _ handler: @escaping @Sendable (SocketEvent) async throws -> Void) -> HandlerID {
    add(.queued(handler), for: event, isOnce: true)
  }

  /// Handles an event whose first argument is a `Value`, and acknowledges with what comes back.
  ///
  /// An argument that isn't a `Value` is acknowledged with `{error: {message}}`.
  @discardableResult
  public func on<Value: Decodable & Sendable, Reply: Encodable & SendableMetatype>(
    _ event: String, as type: Value.Type, _ handler: @escaping @Sendable (Value, Socket) async throws -> Reply
  ) -> HandlerID {
    on(event) { event in
      try event.acknowledge(encoding: try await handler(try event.decodeOrRefuse(type), event.socket))
    }
  }

  /// Handles an event whose first argument is a `Value`, and acknowledges with no arguments when that is done.
  ///
  /// An argument that isn't a `Value` is acknowledged with `{error: {message}}`.
  @discardableResult
  public func on<Value: Decodable & Sendable>(
    _ event: String, as type: Value.Type, _ handler: @escaping @Sendable (Value, Socket) async throws -> Void
  ) -> HandlerID {
    on(event) { event in
      try await handler(try event.decodeOrRefuse(type), event.socket)
      event.acknowledge()
    }
  }

  /// Forgets all handlers of an event.
  public func off(event: String) { changeHandlers { $0.remove(event: event) } }

  /// Forgets one handler, whatever it listens to.
  public func off(_ handler: HandlerID) { changeHandlers { $0.remove(handler) } }

  /// Calls `handler` for every event, before the event's own handlers.
  @discardableResult
  public func onAny(_ handler: @escaping @Sendable (SocketEvent) -> Void) -> HandlerID {
    addForAny(.immediate(handler))
  }

  /// The same with a handler that waits.
  @discardableResult
  public func onAny(_ handler: @escaping @Sendable (SocketEvent) async throws -> Void) -> HandlerID {
    addForAny(.queued(handler))
  }

  /// The same as `onAny`, in front of those that are there.
  @discardableResult
  public func prependAny(_ handler: @escaping @Sendable (SocketEvent) -> Void) -> HandlerID {
    addForAny(.immediate(handler), inFront: true)
  }

  /// The same with a handler that waits.
  @discardableResult
  public func prependAny(_ handler: @escaping @Sendable (SocketEvent) async throws -> Void) -> HandlerID {
    addForAny(.queued(handler), inFront: true)
  }

  /// Forgets all handlers of every event.
  public func offAny() { changeHandlers { $0.any = EventHandlers.List() } }

  /// Forgets one handler of every event.
  public func offAny(_ handler: HandlerID) { off(handler) }

  private func add(_ handler: EventHandlers.Handler, for event: String, isOnce: Bool = false) -> HandlerID {
    let id = HandlerID()
    changeHandlers { $0.add(handler, for: event, id: id, isOnce: isOnce) }
    return id
  }

  private func addForAny(_ handler: EventHandlers.Handler, inFront: Bool = false) -> HandlerID {
    let id = HandlerID()
    changeHandlers { $0.any.add(handler, id: id, inFront: inFront) }
    return id
  }
}
