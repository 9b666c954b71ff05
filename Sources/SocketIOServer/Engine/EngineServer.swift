public import EngineIO
public import Logging
public import NIOCore
import NIOPosix
import SocketIO
import Synchronization

/// An Engine.IO v4 server: sessions over WebSocket and HTTP long polling. Socket.IO stands on it; it can be used alone.
///
/// ```swift
/// let server = EngineServer(logger: logger) { socket in
///   socket.receiver = Echo(socket)
/// }
/// let app = Application(router: router, server: .engineIO(server))
/// ```
public final class EngineServer: Sendable {
  /// What was set.
  public let configuration: Configuration
  /// Where it logs; nothing above `debug` in good order.
  public let logger: Logger

  private struct State {
    var sessions: [String: EngineSocket] = [:]
    var guests: GuestList
    var loops: [ObjectIdentifier: EngineLoop] = [:]
    var isClosing = false
    var opened = 0
    var wave = ConnectionWave()

    /// Whoever was struck off the list of guests leaves the table at once, whatever the end of the session takes.
    mutating func takeOut(_ sids: [String]) -> [EngineSocket] {
      sids.compactMap { sessions.removeValue(forKey: $0) }
    }

    mutating func loop(_ eventLoop: any EventLoop) -> EngineLoop {
      let key = ObjectIdentifier(eventLoop)
      let loop = loops[key] ?? EngineLoop(eventLoop: eventLoop)
      loops[key] = loop
      return loop
    }
  }

  private let state: Mutex<State>
  private let policy: Mutex<CORSPolicy>
  let assembly: AssemblyBudget
  private let hasGuests: Bool
  private let accept: @Sendable (EngineSocket) -> Void
  let webSockets = Atomic<Int>(0)

  /// - Parameters:
  ///   - configuration: what to set.
  ///   - logger: where to log.
  ///   - onConnection: called for every session that opens, on the session's event loop, before its first message.
  public convenience init(
    configuration: Configuration = Configuration(), logger: Logger,
    onConnection: @escaping @Sendable (EngineSocket) -> Void
  ) {
    self.init(configuration: configuration, logger: logger, hasGuests: false, onConnection: onConnection)
  }

  /// - Parameter hasGuests: whether sessions are guests until ``EngineSocket/becomeMember()``.
  init(
    configuration: Configuration, logger: Logger, hasGuests: Bool,
    onConnection: @escaping @Sendable (EngineSocket) -> Void
  ) {
    precondition(
      configuration.path.hasPrefix("/") && configuration.path.hasSuffix("/"), "the path must begin and end with /")
    self.configuration = configuration
    self.logger = logger
    self.hasGuests = hasGuests
    policy = Mutex(configuration.cors)
    accept = onConnection
    assembly = AssemblyBudget(limit: configuration.maxAssemblyBytes)
    state = Mutex(
      State(
        guests: GuestList(
          maxCount: configuration.maxGuests, maxPerAddress: configuration.maxGuestsPerAddress,
          maxBytes: ServerLimits.guestHandshakeBytes)))
  }

  /// Pages of which origins may use the server: the configuration's, until it is set anew. Sessions that are open stay.
  public var cors: CORSPolicy {
    get { policy.withLock { $0 } }
    set { policy.withLock { $0 = newValue } }
  }

  /// Why no session could be opened.
  enum Refusal: Error {
    case full
    case closing
    /// Too many sessions of this connection have joined nothing.
    case tooManyOfOneConnection
  }

  /// Opens a session on `eventLoop`, which must be the caller's.
  func open(handshake full: Handshake, on eventLoop: any EventLoop) throws(Refusal) -> EngineSocket {
    eventLoop.assertInEventLoop()
    let address = configuration.address(of: full)
    let handshake = full.keeping(configuration.keptHeaders, upTo: ServerLimits.maxHandshakeBytes)
    let packetsPerPoll = PollingTransport.packetsPerPoll(of: full.header("user-agent"))
    let wanted = configuration.generateID?(full)
    var displaced: [EngineSocket] = []
    let result = state.withLock { state -> Result<EngineSocket, Refusal> in
      guard !state.isClosing else { return .failure(.closing) }
      if state.sessions.count >= configuration.maxSessions {
        guard let oldest = state.guests.removeOldest() else { return .failure(.full) }
        displaced += state.takeOut([oldest])
      }
      let loop = state.loop(eventLoop)
      let sid = sessionID(wanted, &state)
      var guest: UInt64?
      if hasGuests {
        let added = state.guests.add(.init(sid: sid, address: address, bytes: handshake.bytes))
        displaced += state.takeOut(added.displaced)
        guest = added.number
      }
      let socket = EngineSocket(
        id: sid, handshake: handshake, server: self, loop: loop, address: address, packetsPerPoll: packetsPerPoll,
        guest: guest)
      state.sessions[sid] = socket
      state.opened += 1
      state.wave.rose(to: state.sessions.count)
      return .success(socket)
    }
    for session in displaced { session.close(.overloaded) }
    return try result.get()
  }

  /// The session is no guest any more.
  func strikeOff(_ session: EngineSocket) {
    state.withLock { state in
      if let guest = session.guest { state.guests.remove(guest) }
      session.guest = nil
    }
  }

  /// The session is a guest again: behind those who came before, and before those who come.
  func putDown(_ session: EngineSocket) {
    let displaced = state.withLock { state -> [EngineSocket] in
      guard state.sessions[session.id] === session else { return [] }
      let added = state.guests.add(
        .init(sid: session.id, address: session.address, bytes: session.handshake.bytes))
      session.guest = added.number
      return state.takeOut(added.displaced)
    }
    for session in displaced { session.close(.overloaded) }
  }

  private func sessionID(_ wanted: String?, _ state: inout State) -> String {
    if let wanted {
      if SessionID.isValid(wanted, maxLength: ServerLimits.maxSessionIDLength), state.sessions[wanted] == nil {
        return wanted
      }
      logger.error("a session id of the program's is taken or malformed; the server made one")
    }
    var random = SystemRandomNumberGenerator()
    return SessionID.make(using: &random)
  }

  /// What is kept for an event loop.
  func loop(_ eventLoop: any EventLoop) -> EngineLoop {
    state.withLock { $0.loop(eventLoop) }
  }

  /// Hands an open session to whoever uses the server.
  func announce(_ socket: EngineSocket) {
    accept(socket)
  }

  func session(_ sid: String) -> EngineSocket? {
    guard let session = state.withLock({ $0.sessions[sid] }), session.id.isBytewiseEqual(to: sid) else { return nil }
    return session
  }

  /// Takes a session out of the table, unless another has its id by now.
  func remove(_ session: EngineSocket) {
    let hasEbbed = state.withLock { state in
      guard state.sessions[session.id] === session else { return false }
      state.sessions[session.id] = nil
      if let guest = session.guest { state.guests.remove(guest) }
      // A dictionary doesn't shrink by itself; after a wave of connections its memory is to come back.
      if state.sessions.isEmpty { state.sessions = [:] }
      return state.wave.fell(to: state.sessions.count)
    }
    if hasEbbed { returnMemory(session.eventLoop) }
  }

  /// Gives what a wave of connections has left behind back to the system, off the event loops, a moment later: others
  /// are leaving too.
  private func returnMemory(_ eventLoop: any EventLoop) {
    eventLoop.scheduleTask(in: ServerLimits.memoryReturnDelay) {
      self.state.withLock { $0.wave.returned(at: $0.sessions.count) }
      NIOThreadPool.singleton.submit { _ in FreedMemory.giveBack() }
    }
  }

  /// Whether there is a place for one more session. Between the question and the opening others may come.
  var isFull: Bool {
    state.withLock {
      $0.isClosing || $0.sessions.count >= configuration.maxSessions && $0.guests.count == 0
    }
  }

  /// Whether ``close()`` was called.
  var isClosing: Bool { state.withLock { $0.isClosing } }

  /// Closes every session with `serverShuttingDown` and opens none any more. Returns when they have been told.
  public func close() async {
    let sessions = state.withLock { state in
      state.isClosing = true
      return Array(state.sessions.values)
    }
    for session in sessions {
      // Fails only when the event loop is gone, and the session with it.
      _ = try? await session.eventLoop.submit { session.close(.serverShuttingDown) }.get()
    }
  }

  /// Numbers for metrics; cheap, from any thread.
  public struct Counters: Sendable, Equatable {
    /// Sessions that are open now.
    public var sessions = 0
    /// Sessions among them that have joined nothing yet.
    public var guests = 0
    /// WebSocket connections that are open now, probing ones included.
    public var webSockets = 0
    /// Sessions opened since the start.
    public var sessionsOpened = 0
    public var bytesIn = 0
    public var bytesOut = 0
    public var messagesIn = 0
    public var messagesOut = 0
    /// Bytes of messages that aren't whole yet, as far as they are counted.
    public var assemblyBytes = 0
  }

  /// What the counters say now. Bytes are those of messages, without framing.
  public func counters() -> Counters {
    state.withLock { state in
      var counters = Counters()
      counters.sessions = state.sessions.count
      counters.guests = state.guests.count
      counters.assemblyBytes = assembly.bytes
      counters.sessionsOpened = state.opened
      counters.webSockets = webSockets.load(ordering: .relaxed)
      for loop in state.loops.values {
        counters.bytesIn += loop.bytesIn.load(ordering: .relaxed)
        counters.bytesOut += loop.bytesOut.load(ordering: .relaxed)
        counters.messagesIn += loop.messagesIn.load(ordering: .relaxed)
        counters.messagesOut += loop.messagesOut.load(ordering: .relaxed)
      }
      return counters
    }
  }
}

/// What becomes of a session's messages. All is called on the session's event loop.
public protocol EngineReceiver: AnyObject {
  func received(text: ByteBuffer)
  func received(binary: ByteBuffer)
  func closed(_ reason: EngineCloseReason)
  func writabilityChanged(_ isWritable: Bool)
}

extension EngineReceiver {
  public func writabilityChanged(_ isWritable: Bool) {}
}
