import Logging
import NIOCore
public import SocketIO
import Synchronization

/// A namespace: the sockets that connected to it, their rooms, and what they are told.
public final class Namespace: Sendable, NamespaceConfiguring {
  /// Its name, with the leading `/`.
  public let name: String
  let logger: Logger
  let codec: SocketCodec
  public let setup: NamespaceSetup
  /// Nil unless clients are recovered.
  let recovery: ConnectionRecovery?
  let ackIDs: AckIDs

  private struct State {
    var loops: [ObjectIdentifier: NamespaceLoop] = [:]
    var sockets = 0
    var adapter: (any SocketAdapter)?
  }

  private let state = Mutex(State())
  private let makeAdapter: @Sendable (String, any LocalSockets) -> any SocketAdapter

  init(
    name: String, logger: Logger, codec: SocketCodec, setup: NamespaceSetup,
    recovery: SocketIOServer.Configuration.Recovery?, ackIDs: AckIDs,
    makeAdapter: @escaping @Sendable (String, any LocalSockets) -> any SocketAdapter
  ) {
    self.name = name
    self.logger = logger
    self.codec = codec
    self.setup = setup
    self.recovery = recovery.map { ConnectionRecovery($0) }
    self.ackIDs = ackIDs
    self.makeAdapter = makeAdapter
  }

  /// Makes the adapter, so that the process hears of broadcasts before it has sent any. Outside of locks: an adapter is
  /// the user's code.
  func joinCluster() { _ = adapter }

  var adapter: any SocketAdapter {
    if let adapter = state.withLock({ $0.adapter }) { return adapter }
    let made = makeAdapter(name, LocalNamespace(namespace: self))
    return state.withLock { state in
      if let other = state.adapter { return other }
      state.adapter = made
      return made
    }
  }

  // MARK: Setting up

  /// Called for an event of that name which another process of the cluster sent by ``serverSideEmit(_:_:)``.
  public func onServerSide(_ event: String, _ handler: @escaping @Sendable (ServerSideEvent) -> Void) {
    setup.change { $0.serverSideHandlers[BytewiseName(event), default: []].append(handler) }
  }

  // MARK: Sockets

  /// The part of the namespace that lives on an event loop; made when the first socket of that loop comes.
  func loop(_ eventLoop: any EventLoop) -> NamespaceLoop {
    state.withLock { state in
      let key = ObjectIdentifier(eventLoop)
      if let loop = state.loops[key] { return loop }
      let loop = NamespaceLoop(eventLoop: eventLoop, namespace: name)
      state.loops[key] = loop
      return loop
    }
  }

  var loops: [NamespaceLoop] { state.withLock { Array($0.loops.values) } }

  func socketJoined() {
    state.withLock { $0.sockets += 1 }
  }

  func socketLeft() {
    state.withLock { $0.sockets -= 1 }
  }

  /// Sockets of this process that are connected to the namespace.
  public var socketCount: Int { state.withLock { $0.sockets } }

  /// Sends an event to the other processes of the cluster; it reaches no client.
  public func serverSideEmit(_ event: String, _ arguments: SocketValue...) {
    serverSideEmit(event, arguments: arguments)
  }

  /// The same with arguments in an array.
  public func serverSideEmit(_ event: String, arguments: some Sequence<SocketValue>) {
    adapter.serverSideEmit(event, Array(arguments))
  }

  /// The same, and waits for one answer of each.
  public func serverSideEmitWithAck(
    _ event: String, _ arguments: SocketValue..., timeout: Duration
  ) async -> BroadcastReplies {
    await serverSideEmitWithAck(event, arguments: arguments, timeout: timeout)
  }

  /// The same with arguments in an array.
  public func serverSideEmitWithAck(
    _ event: String, arguments: some Sequence<SocketValue> & Sendable, timeout: Duration
  ) async -> BroadcastReplies {
    await adapter.serverSideEmitWithAck(event, Array(arguments), timeout: timeout)
  }

  func localSockets(_ scope: BroadcastScope) async -> [Socket] {
    var found: [Socket] = []
    for loop in loops {
      // Fails only when the event loop is gone, and its sockets with it.
      found += (try? await loop.eventLoop.submit { loop.matching(scope) }.get()) ?? []
    }
    return found
  }
}

/// A namespace as its adapter sees it. Unowned would do, but an adapter may outlive the server.
struct LocalNamespace: LocalSockets {
  weak let namespace: Namespace?

  func deliver(_ packet: SocketPacket, scope: BroadcastScope) {
    let noted = namespace?.recovery?.note(packet, scope: scope)
    let payload = SharedPayload(
      (noted?.packet ?? packet).encode(namespace?.codec ?? .json), mayCompress: scope.mayCompress)
    each(scope) { socket in
      if scope.isVolatile, !socket.isWritable { return }
      // Who was recovered since has it already.
      if let number = noted?.mark.number, number < socket.recoveredUpTo { return }
      noted?.mark.leave(on: socket.recoveryTrace)
      socket.noteOutgoing(packet)
      socket.client.engine.send(payload)
    }
  }

  func deliverWithAck(_ packet: SocketPacket, scope: BroadcastScope, timeout: Duration) async -> BroadcastReplies {
    let collector = ReplyCollector()
    guard let namespace else { return await collector.replies() }
    var packet = packet
    packet.id = namespace.ackIDs.next()
    for loop in namespace.loops {
      // Fails only when the event loop is gone, and its sockets with it.
      try? await loop.eventLoop.submit { [packet] in
        for socket in loop.matching(scope) where !scope.isVolatile || socket.isWritable {
          collector.expectOne()
          socket.emit(packet, timeout: timeout) { collector.settle($0) }
        }
      }.get()
    }
    return await collector.replies()
  }

  func join(_ rooms: [String], scope: BroadcastScope) {
    each(scope) { $0.join(rooms) }
  }

  func leave(_ rooms: [String], scope: BroadcastScope) {
    each(scope) { $0.leave(rooms) }
  }

  func disconnect(scope: BroadcastScope, close: Bool) {
    each(scope) { $0.disconnect(close: close) }
  }

  func describe(scope: BroadcastScope) async -> [SocketDescription] {
    var found: [SocketDescription] = []
    for loop in namespace?.loops ?? [] {
      // Fails only when the event loop is gone, and its sockets with it.
      found += (try? await loop.eventLoop.submit { loop.matching(scope).map(\.description) }.get()) ?? []
    }
    return found
  }

  func serverSideEvent(_ name: String, _ arguments: [SocketValue], reply: (@Sendable (SocketArguments) -> Void)?) {
    let event = ServerSideEvent(name: name, arguments: SocketArguments(arguments), reply: reply)
    namespace?.setup.current.serverSideHandlers[BytewiseName(name)]?.forEach { $0(event) }
  }

  /// Runs `body` for each socket that the scope names, on its event loop: one hop per loop, none from the loop itself.
  private func each(_ scope: BroadcastScope, _ body: @escaping @Sendable (Socket) -> Void) {
    for loop in namespace?.loops ?? [] {
      if loop.eventLoop.inEventLoop {
        loop.matching(scope).forEach(body)
      } else {
        loop.eventLoop.execute { loop.matching(scope).forEach(body) }
      }
    }
  }
}
