public import EngineIO
import Logging
public import NIOCore
public import SocketIO

/// One client in one namespace.
///
/// It lives on one event loop: handlers run there, and there everything is at hand. Methods may be called on any thread
/// and hop if they must; what says «event loop only» may not.
///
/// Invariant of `@unchecked Sendable`: all mutable state is touched on `eventLoop` only.
public final class Socket: EventListening, @unchecked Sendable {
  /// 20 characters; not the session's id, which is a secret of the connection.
  public let id: String
  /// The request that opened the session, and the `auth` that came with CONNECT.
  public let handshake: Handshake
  /// Where it is connected.
  public let namespace: Namespace
  let client: Client
  let loop: NamespaceLoop

  /// What the client names when it comes back after its connection was lost; nil without recovery.
  let privateID: String?
  /// Whether this is a client that came back, with its id, its rooms and its ``context`` of before.
  public let wasRecovered: Bool
  /// The namespace's events with a lower number reached it before it was recovered.
  let recoveredUpTo: UInt64
  /// What it has been sent, for when it's lost; nil without recovery. Event loop only.
  let recoveryTrace: ConnectionRecovery.Trace?
  /// Keeps a namespace by pattern until the socket has left it. Event loop only.
  var hold: NamespaceHold?

  /// Anything of yours, set by a middleware or here; stays in this process. Event loop only.
  public var context: (any Sendable)?
  /// What other processes of the cluster may know of it: ``RemoteSocket/data``. Event loop only.
  public var data: SocketValue

  /// Whether it is connected. Event loop only.
  public var isConnected: Bool { endReason == nil }
  /// Why it has left; nil while it's connected. Event loop only.
  var endReason: DisconnectReason?
  /// The rooms it joined; the room of its own id is not among them. Event loop only.
  public internal(set) var rooms: [String] = []

  /// What only some sockets need, so that the others don't pay for it.
  struct Extras {
    var events = EventHandlers()
    var onAnyOutgoing = HandlerList<OutgoingHandler>()
    var onError: [@Sendable (SocketEvent, any Error) -> Void] = []
    var onDisconnecting: [@Sendable (DisconnectReason) -> Void] = []
    var onDisconnect: [@Sendable (DisconnectReason) -> Void] = []
    var onWritabilityChange: [@Sendable (Bool) -> Void] = []
  }

  final class ExtrasBox {
    var extras = Extras()
  }

  typealias OutgoingHandler = @Sendable (String, [SocketValue]) -> Void

  var extras: ExtrasBox?
  var acks: PendingAcks?
  /// What events have left to do off the event loop; nil until one has.
  var queue: EventQueue?

  init(
    connection: SocketConnection, client: Client, privateID: String?, hold: NamespaceHold,
    restored: ConnectionRecovery.Restored?
  ) {
    self.hold = hold
    id = restored?.session.socketID ?? connection.id
    self.privateID = restored?.session.privateID ?? privateID
    wasRecovered = restored != nil
    recoveredUpTo = restored?.next ?? 0
    let offset = connection.handshake.auth["offset"]?.string
    recoveryTrace = connection.namespace.recovery.map {
      .init(restored?.session.trace ?? $0.newTrace(after: offset))
    }
    handshake = connection.handshake
    namespace = connection.namespace
    context = restored?.session.context.own ?? connection.context
    data = restored?.session.context.data ?? connection.data
    self.client = client
    loop = connection.namespace.loop(client.engine.eventLoop)
  }

  /// Where the socket lives.
  public var eventLoop: any EventLoop { client.engine.eventLoop }
  /// How its bytes travel now. Event loop only.
  public var transport: EngineTransport { client.engine.transport }

  /// What other processes see of it. Event loop only.
  var description: SocketDescription {
    SocketDescription(id: id, handshake: handshake.object, rooms: [id] + rooms, data: data)
  }

  /// Runs `body` now if on the event loop, else there.
  func onLoop(_ body: @escaping @Sendable () -> Void) {
    if eventLoop.inEventLoop { body() } else { eventLoop.execute(body) }
  }

  // MARK: Listening

  private func change(_ body: @escaping @Sendable (inout Extras) -> Void) {
    onLoop { [self] in
      // Of one that has left, handlers would never be called and never be let go.
      guard isConnected else { return }
      let box = extras ?? ExtrasBox()
      extras = box
      body(&box.extras)
    }
  }

  public func changeHandlers(_ change: @escaping @Sendable (inout EventHandlers) -> Void) {
    self.change { change(&$0.events) }
  }

  /// Lets every event pass through `middleware` before its handlers, on the event loop: it may change the arguments, or
  /// refuse the event by a throw, which ``onError(_:)`` hears of. Middlewares run in the order they were added, behind
  /// the namespace's.
  ///
  /// If the event asks for an ack, a refusal is one: of an `EventError` the client gets `{error: {message, data?}}`, of
  /// any other `{error: {message: "internal error"}}`.
  public func use(_ middleware: @escaping @Sendable (inout SocketEvent) throws -> Void) {
    changeHandlers { $0.middlewares.append(.immediate(middleware)) }
  }

  /// The same with a middleware that waits: all events of the socket then go through a queue, and stay in order.
  public func use(_ middleware: @escaping @Sendable (inout SocketEvent) async throws -> Void) {
    changeHandlers { $0.middlewares.append(.queued(middleware)) }
  }

  /// Calls `handler` for an event that isn't handled: a middleware refused it, or too many wait.
  public func onError(_ handler: @escaping @Sendable (SocketEvent, any Error) -> Void) {
    change { $0.onError.append(handler) }
  }

  /// Calls `handler` with the name and the arguments of every event that is sent to this client, also by a broadcast.
  /// Acks aren't events, and what is sent by the raw path isn't seen.
  @discardableResult
  public func onAnyOutgoing(_ handler: @escaping @Sendable (String, [SocketValue]) -> Void) -> HandlerID {
    addForAnyOutgoing(handler, inFront: false)
  }

  /// The same, in front of those that are there.
  @discardableResult
  public func prependAnyOutgoing(_ handler: @escaping @Sendable (String, [SocketValue]) -> Void) -> HandlerID {
    addForAnyOutgoing(handler, inFront: true)
  }

  /// Forgets all handlers of events that are sent.
  public func offAnyOutgoing() { change { $0.onAnyOutgoing = HandlerList() } }

  /// Forgets one of them.
  public func offAnyOutgoing(_ handler: HandlerID) { change { $0.onAnyOutgoing.remove(handler) } }

  private func addForAnyOutgoing(_ handler: @escaping OutgoingHandler, inFront: Bool) -> HandlerID {
    let id = HandlerID()
    change { $0.onAnyOutgoing.add(handler, id: id, inFront: inFront) }
    return id
  }

  /// Calls `handler` when the socket is leaving and its rooms are still there.
  public func onDisconnecting(_ handler: @escaping @Sendable (DisconnectReason) -> Void) {
    change { $0.onDisconnecting.append(handler) }
  }

  /// Calls `handler` when the socket has left; at once if it has already, so that nothing that begins with a socket is
  /// left behind.
  public func onDisconnect(_ handler: @escaping @Sendable (DisconnectReason) -> Void) {
    onLoop { [self] in
      if let endReason { handler(endReason) } else { change { $0.onDisconnect.append(handler) } }
    }
  }

  /// Calls `handler` when ``isWritable`` changes.
  public func onWritabilityChange(_ handler: @escaping @Sendable (Bool) -> Void) {
    change { $0.onWritabilityChange.append(handler) }
  }
}

extension Socket: Hashable {
  public static func == (left: Socket, right: Socket) -> Bool { left === right }
  public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}
