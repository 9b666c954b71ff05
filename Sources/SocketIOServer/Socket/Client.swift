import EngineIO
import Logging
import NIOCore
import SocketIO

/// Socket.IO over one Engine.IO session: the sockets of its namespaces.
///
/// Invariant of `@unchecked Sendable`: all mutable state is touched on the session's event loop only.
final class Client: EngineReceiver, @unchecked Sendable {
  let engine: EngineSocket
  private let namespaces: NamespaceRegistry
  private let connectTimeout: TimeAmount
  let codec: SocketCodec
  private var decoder: SocketPacketDecoder
  private var state = ClientState()
  private var sockets: [Socket] = []
  private var waiting = WaitingEvents()
  private var connectTimer: Scheduled<Void>?
  private var share: AssemblyShare
  private let ask: Asking

  /// Asks a namespace's middlewares, one after the other; answers once, on any thread.
  typealias Asking =
    @Sendable ([Middleware], SocketConnection, Logger, @escaping @Sendable (ConnectError?) -> Void) -> Void
  typealias Middleware = @Sendable (SocketConnection) async throws -> Void

  /// A CONNECT that a namespace is being asked about.
  private struct Attempt: Sendable {
    let number: UInt64
    let connection: SocketConnection
    let hold: NamespaceHold
  }

  var logger: Logger { engine.server.logger }
  var eventBudget: EventBudget { namespaces.eventBudget }

  init(
    engine: EngineSocket, namespaces: NamespaceRegistry, configuration: SocketIOServer.Configuration,
    ask: @escaping Asking = Client.askInTask
  ) {
    self.ask = ask
    share = AssemblyShare(of: engine.server.assembly)
    self.engine = engine
    self.namespaces = namespaces
    connectTimeout = TimeAmount(configuration.connectTimeout)
    codec = configuration.codec
    decoder = SocketPacketDecoder(codec: configuration.codec, bounds: configuration.packetBounds)
  }

  func start() {
    engine.receiver = self
    startTimer()
  }

  private func startTimer() {
    guard connectTimer == nil else { return }
    connectTimer = engine.eventLoop.scheduleTask(in: connectTimeout) { [weak self] in
      guard let self else { return }
      self.connectTimer = nil
      guard self.sockets.isEmpty else { return }
      self.engine.close(.forcedClose, detail: "no namespace was joined in time")
    }
  }

  /// A client that is in no namespace any more, and asks for none, is what it was before it joined one.
  private func becomeGuestIfAlone() {
    guard state.isEmpty, sockets.isEmpty, !engine.isClosed else { return }
    engine.becomeGuest()
    startTimer()
  }

  // MARK: Receiving

  func received(text: ByteBuffer) {
    do throws(SocketPacketError) {
      let packet = try decoder.decode(text: text) { name, id in socket(name)?.acks?.isAwaited(id) ?? false }
      if let packet {
        handle(packet)
      } else if let awaited = decoder.awaited, !state.takesAttachments(in: awaited.namespace) {
        endOutOfState()
      }
    } catch {
      refuse(error)
    }
    holdShare()
  }

  func received(binary: ByteBuffer) {
    do throws(SocketPacketError) {
      if let packet = try decoder.decode(binary: binary) { handle(packet) }
    } catch {
      refuse(error)
    }
    holdShare()
  }

  private func holdShare() {
    guard !engine.isClosed else { return }
    share.hold(decoder.heldBytes + waiting.bytes, of: engine.holder) {
      { [weak engine, eventLoop = engine.eventLoop] in
        // Later: it may be this very share that is being changed.
        eventLoop.execute { [weak engine] in engine?.close(.overloaded) }
      }
    }
  }

  private func refuse(_ error: SocketPacketError) {
    logger.debug("a packet was refused", metadata: ["sid": "\(engine.id)", "error": "\(error)"])
    switch error {
    case .connectTooLarge(let namespace):
      // Nobody is asked, but the client is told: it may have other namespaces on this connection.
      handle(SocketPacket(.connect, namespace: namespace), refusal: namespaces.oversizedConnect)
    case .tooLarge(let limit):
      engine.close(.messageTooLarge, detail: "message too large: limit \(limit) bytes with its attachments")
    default: engine.close(.parseError, detail: nil)
    }
  }

  private func endOutOfState() {
    engine.close(.parseError, detail: "a packet came out of state")
  }

  /// - Parameter refusal: what a CONNECT is answered without anybody being asked.
  private func handle(_ packet: SocketPacket, refusal: ConnectError? = nil) {
    switch state.packetArrived(packet) {
    case .connect(let name, let auth, let attempt, let replaces):
      if replaces, let socket = socket(name) { forget(socket, reason: .clientNamespaceDisconnect) }
      if let refusal {
        refuse(name, attempt: attempt, refusal)
      } else {
        connect(name, auth ?? .object([:]), attempt: attempt)
      }
    case .event(let name, let id, let elements): socket(name)?.received(id: id, elements: elements)
    case .wait(let name, let id, let elements):
      waiting.add(.init(namespace: name, id: id, elements: elements))
      if waiting.bytes > eventBudget.bounds.maxBytes { engine.close(.overloaded) }
    case .ack(let name, let id, let arguments): socket(name)?.acks?.settle(id, .success(SocketArguments(arguments)))
    case .disconnect(let name):
      _ = waiting.take(name)
      if let socket = socket(name) { forget(socket, reason: .clientNamespaceDisconnect) }
      becomeGuestIfAlone()
    case .ignore: break
    case .close: endOutOfState()
    }
  }

  func closed(_ reason: EngineCloseReason) {
    connectTimer?.cancel()
    connectTimer = nil
    decoder.discard()
    waiting = WaitingEvents()
    share.release()
    let all = sockets
    sockets = []
    for socket in all { socket.end(.connection(reason)) }
  }

  func writabilityChanged(_ isWritable: Bool) {
    for socket in sockets { socket.extras?.extras.onWritabilityChange.forEach { $0(isWritable) } }
  }

  private func socket(_ namespace: String) -> Socket? {
    sockets.first { $0.namespace.name.isBytewiseEqual(to: namespace) }
  }

  // MARK: Connecting

  private func connect(_ name: String, _ auth: SocketValue, attempt number: UInt64) {
    switch namespaces.find(name, auth: auth) {
    case .found(let hold): enter(hold, auth, attempt: number)
    case .nowhere: refuse(name, attempt: number, Self.unknownNamespace)
    case .undecided:
      Task {
        let hold = await namespaces.search(name, auth: auth)
        engine.eventLoop.execute {
          guard !self.engine.isClosed else { return }
          if let hold {
            self.enter(hold, auth, attempt: number)
          } else {
            self.refuse(name, attempt: number, Self.unknownNamespace)
          }
        }
      }
    }
  }

  private static let unknownNamespace = ConnectError("Invalid namespace")

  private func enter(_ hold: NamespaceHold, _ auth: SocketValue, attempt number: UInt64) {
    let namespace = hold.namespace
    var random = SystemRandomNumberGenerator()
    var handshake = engine.handshake
    handshake.auth = auth
    let connection = SocketConnection(id: SessionID.make(using: &random), handshake: handshake, namespace: namespace)
    let attempt = Attempt(number: number, connection: connection, hold: hold)
    // Taken, not asked for: a claim that two connections make at once is good for one of them.
    if namespace.recovery?.skipsMiddlewares == true, state.isLatest(namespace.name, attempt: number),
      let restored = restore(connection)
    {
      finishConnecting(attempt, restored: restored)
      return
    }
    let middlewares = namespace.setup.current.middlewares
    guard !middlewares.isEmpty else {
      finishConnecting(attempt, restored: nil)
      return
    }
    ask(middlewares, connection, logger) { [self] refusal in
      engine.eventLoop.execute {
        if let refusal {
          self.refuse(namespace.name, attempt: number, refusal)
        } else {
          self.finishConnecting(attempt, restored: nil)
        }
      }
    }
  }

  private static func askInTask(
    _ middlewares: [Middleware], _ connection: SocketConnection, _ logger: Logger,
    _ answer: @escaping @Sendable (ConnectError?) -> Void
  ) {
    Task {
      do {
        for middleware in middlewares { try await middleware(connection) }
        answer(nil)
      } catch let error as ConnectError {
        answer(error)
      } catch {
        logger.debug(
          "a middleware failed", metadata: ["namespace": "\(connection.namespace.name)", "error": "\(error)"])
        answer(ConnectError("Internal error"))
      }
    }
  }

  private func refuse(_ name: String, attempt number: UInt64, _ refusal: ConnectError) {
    guard !engine.isClosed, state.refused(name, attempt: number) else { return }
    _ = waiting.take(name)
    holdShare()
    send(SocketPacket(.connectError, namespace: name, data: refusal.payload))
    becomeGuestIfAlone()
  }

  /// The state of the client's former connection, if it names one that is kept. In the same turn as the socket is made:
  /// what is broadcast in between would be lost.
  private func restore(_ connection: SocketConnection) -> ConnectionRecovery.Restored? {
    guard let recovery = connection.namespace.recovery else { return nil }
    return ConnectionRecovery.Claim(auth: connection.handshake.auth).flatMap(recovery.restore)
  }

  /// - Parameter restored: the state of the client's former connection, if that has been asked for.
  private func finishConnecting(_ attempt: Attempt, restored: ConnectionRecovery.Restored?) {
    let connection = attempt.connection
    let name = connection.namespace.name
    guard !engine.isClosed, state.connected(name, attempt: attempt.number) else { return }
    let restored = restored ?? restore(connection)
    connectTimer?.cancel()
    connectTimer = nil
    engine.becomeMember()
    var random = SystemRandomNumberGenerator()
    let privateID = connection.namespace.recovery.map { _ in SessionID.make(using: &random) }
    let socket = Socket(
      connection: connection, client: self, privateID: privateID, hold: attempt.hold, restored: restored)
    sockets.append(socket)
    socket.loop.insert(socket)
    connection.namespace.socketJoined()
    if let restored {
      socket.join(restored.session.rooms)
      // In front of the CONNECT, as the official server does.
      for packet in restored.missed where socket.isConnected { send(packet) }
    }
    var answer: SocketObject = ["sid": .string(socket.id)]
    answer["pid"] = socket.privateID.map { .string($0) }
    send(SocketPacket(.connect, namespace: name, data: .object(answer)))
    engine.sendApart()
    // A write may find that the connection has ended.
    guard socket.isConnected else { return }
    connection.namespace.setup.current.onConnection.forEach { $0(socket) }
    for event in waiting.take(name) where socket.isConnected {
      engine.metered { socket.received(id: event.id, elements: event.elements) }
    }
    holdShare()
  }

  // MARK: Leaving

  /// The server threw the socket out.
  func remove(_ socket: Socket, reason: DisconnectReason) {
    throwOut(socket, reason: reason)
    becomeGuestIfAlone()
  }

  private func throwOut(_ socket: Socket, reason: DisconnectReason) {
    state.thrownOut(of: socket.namespace.name)
    forget(socket, reason: reason)
  }

  private func forget(_ socket: Socket, reason: DisconnectReason) {
    sockets.removeAll { $0 === socket }
    socket.end(reason)
  }

  /// Throws the client off the server.
  func disconnectAll() {
    for socket in sockets {
      send(SocketPacket(.disconnect, namespace: socket.namespace.name))
      throwOut(socket, reason: .serverNamespaceDisconnect)
    }
    engine.close(.forcedClose, detail: nil)
  }

  // MARK: Sending

  func send(_ packet: SocketPacket) { send(packet.encode(codec)) }

  func send(_ packet: EncodedPacket, mayCompress: Bool = true) {
    if packet.attachments.isEmpty {
      engine.send(packet.message, flush: true, mayCompress: mayCompress)
    } else {
      engine.send(SharedPayload(packet, mayCompress: mayCompress))
    }
  }

  private static let rootTextHead = ByteBuffer(string: "2")
  private static let rootBinaryHead = ByteBuffer(string: "51-")

  /// What stands before a raw event's JSON.
  func textHead(of namespace: Namespace) -> ByteBuffer {
    if namespace.name == "/" { return Self.rootTextHead }
    var head = ByteBuffer()
    head.writeSocketPacketHead(.event, attachments: 0, namespace: namespace.name)
    return head
  }

  func binaryHead(of namespace: Namespace) -> ByteBuffer {
    if namespace.name == "/" { return Self.rootBinaryHead }
    var head = ByteBuffer()
    head.writeSocketPacketHead(.event, attachments: 1, namespace: namespace.name)
    return head
  }
}
