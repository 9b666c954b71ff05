public import EngineIO
public import Logging
public import NIOCore
import NIOPosix
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
    var loops: [ObjectIdentifier: EngineLoop] = [:]
    var isClosing = false
    var opened = 0
    var wave = ConnectionWave()
  }

  private let state = Mutex(State())
  private let policy: Mutex<CORSPolicy>
  private let accept: @Sendable (EngineSocket) -> Void
  let webSockets = Atomic<Int>(0)

  /// - Parameters:
  ///   - configuration: what to set.
  ///   - logger: where to log.
  ///   - onConnection: called for every session that opens, on the session's event loop, before its first message.
  public init(
    configuration: Configuration = Configuration(), logger: Logger,
    onConnection: @escaping @Sendable (EngineSocket) -> Void
  ) {
    precondition(
      configuration.path.hasPrefix("/") && configuration.path.hasSuffix("/"), "the path must begin and end with /")
    self.configuration = configuration
    self.logger = logger
    policy = Mutex(configuration.cors)
    accept = onConnection
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
  }

  /// Opens a session on `eventLoop`, which must be the caller's.
  func open(handshake: Handshake, on eventLoop: any EventLoop) throws(Refusal) -> EngineSocket {
    eventLoop.assertInEventLoop()
    var random = SystemRandomNumberGenerator()
    let sid = SessionID.make(using: &random)
    let result = state.withLock { state -> Result<EngineSocket, Refusal> in
      guard !state.isClosing else { return .failure(.closing) }
      guard state.sessions.count < configuration.maxSessions else { return .failure(.full) }
      let loop = Self.loop(eventLoop, in: &state)
      let socket = EngineSocket(id: sid, handshake: handshake, server: self, loop: loop)
      state.sessions[sid] = socket
      state.opened += 1
      state.wave.rose(to: state.sessions.count)
      return .success(socket)
    }
    return try result.get()
  }

  /// What an event loop keeps.
  func loop(_ eventLoop: any EventLoop) -> EngineLoop { state.withLock { Self.loop(eventLoop, in: &$0) } }

  private static func loop(_ eventLoop: any EventLoop, in state: inout State) -> EngineLoop {
    let key = ObjectIdentifier(eventLoop)
    if let loop = state.loops[key] { return loop }
    let loop = EngineLoop(eventLoop: eventLoop)
    state.loops[key] = loop
    return loop
  }

  /// Hands an open session to whoever uses the server.
  func announce(_ socket: EngineSocket) {
    accept(socket)
  }

  func session(_ sid: String) -> EngineSocket? {
    state.withLock { $0.sessions[sid] }
  }

  func remove(_ sid: String, on eventLoop: any EventLoop) {
    let hasEbbed = state.withLock { state in
      guard state.sessions.removeValue(forKey: sid) != nil else { return false }
      // A dictionary doesn't shrink by itself; after a wave of connections its memory is to come back.
      if state.sessions.isEmpty { state.sessions = [:] }
      return state.wave.fell(to: state.sessions.count)
    }
    if hasEbbed { returnMemory(eventLoop) }
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
  var isFull: Bool { state.withLock { $0.isClosing || $0.sessions.count >= configuration.maxSessions } }

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
    /// WebSocket connections that are open now, probing ones included.
    public var webSockets = 0
    /// Sessions opened since the start.
    public var sessionsOpened = 0
    public var bytesIn = 0
    public var bytesOut = 0
    public var messagesIn = 0
    public var messagesOut = 0
  }

  /// What the counters say now. Bytes are those of messages, without framing.
  public func counters() -> Counters {
    state.withLock { state in
      var counters = Counters()
      counters.sessions = state.sessions.count
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
