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
public final class Socket: @unchecked Sendable {
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
  public internal(set) var isConnected = true
  /// The rooms it joined; the room of its own id is not among them. Event loop only.
  public internal(set) var rooms: [String] = []

  /// What only some sockets need, so that the others don't pay for it.
  struct Extras {
    var handlers: [BytewiseName: [@Sendable (SocketEvent) -> Void]] = [:]
    var onAny: [@Sendable (SocketEvent) -> Void] = []
    var onDisconnecting: [@Sendable (DisconnectReason) -> Void] = []
    var onDisconnect: [@Sendable (DisconnectReason) -> Void] = []
    var onWritabilityChange: [@Sendable (Bool) -> Void] = []
  }

  final class ExtrasBox {
    var extras = Extras()
  }

  var extras: ExtrasBox?
  var acks: PendingAcks?

  init(
    connection: SocketConnection, client: Client, privateID: String?, hold: NamespaceHold,
    restored: ConnectionRecovery.Restored?
  ) {
    self.hold = hold
    id = restored?.session.socketID ?? connection.id
    self.privateID = restored?.session.privateID ?? privateID
    wasRecovered = restored != nil
    recoveredUpTo = restored?.next ?? 0
    recoveryTrace = connection.namespace.recovery.map { .init(restored?.session.trace ?? $0.newTrace()) }
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
      let box = extras ?? ExtrasBox()
      extras = box
      body(&box.extras)
    }
  }

  /// Calls `handler` for each event of that name, on the event loop, in the order of registration.
  public func on(_ event: String, _ handler: @escaping @Sendable (SocketEvent) -> Void) {
    change { $0.handlers[BytewiseName(event), default: []].append(handler) }
  }

  /// Forgets all handlers of an event.
  public func off(_ event: String) {
    change { $0.handlers[BytewiseName(event)] = nil }
  }

  /// Calls `handler` for every event, before the event's own handlers.
  public func onAny(_ handler: @escaping @Sendable (SocketEvent) -> Void) {
    change { $0.onAny.append(handler) }
  }

  /// Calls `handler` when the socket is leaving and its rooms are still there.
  public func onDisconnecting(_ handler: @escaping @Sendable (DisconnectReason) -> Void) {
    change { $0.onDisconnecting.append(handler) }
  }

  /// Calls `handler` when the socket has left.
  public func onDisconnect(_ handler: @escaping @Sendable (DisconnectReason) -> Void) {
    change { $0.onDisconnect.append(handler) }
  }

  /// Calls `handler` when ``isWritable`` changes.
  public func onWritabilityChange(_ handler: @escaping @Sendable (Bool) -> Void) {
    change { $0.onWritabilityChange.append(handler) }
  }

  /// Handles an event whose first argument is a `Value` in a task of its own, and acknowledges with what comes back.
  ///
  /// An argument that isn't a `Value`, or an error, is acknowledged with `{error: {message}}`.
  public func on<Value: Decodable & Sendable, Reply: Encodable & SendableMetatype>(
    _ event: String, as type: Value.Type, _ handler: @escaping @Sendable (Value, Socket) async throws -> Reply
  ) {
    on(event) { $0.handle(as: type, handler) }
  }
}

extension Socket: Hashable {
  public static func == (left: Socket, right: Socket) -> Bool { left === right }
  public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}
