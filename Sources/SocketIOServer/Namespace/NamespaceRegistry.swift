import Logging
import NIOCore
import SocketIO
import Synchronization

/// Keeps a namespace that was made by pattern: it is there as long as somebody is in it, on the way into it, or lost and
/// may come back. For one that was made by name it does nothing.
final class NamespaceHold: Sendable {
  let namespace: Namespace
  private let release: (@Sendable (Namespace) -> Void)?

  fileprivate init(_ namespace: Namespace, release: (@Sendable (Namespace) -> Void)?) {
    self.namespace = namespace
    self.release = release
  }

  deinit { release?(namespace) }
}

/// The namespaces of a server, by name and by pattern.
final class NamespaceRegistry: Sendable {
  /// Says whether a name is to be a namespace, for a client with that auth.
  enum Pattern: Sendable {
    case immediate(@Sendable (String, SocketValue) -> Bool)
    case waiting(@Sendable (String, SocketValue) async -> Bool)
  }

  /// What is known at once of a namespace that a client asks for.
  enum Finding {
    case found(NamespaceHold)
    case nowhere
    /// A pattern must be waited for: ``NamespaceRegistry/search(_:auth:)`` says it.
    case undecided
  }

  private struct Entry {
    let namespace: Namespace
    /// Whose pattern it was made by.
    var parent: ParentNamespace?
    /// How many hold it; nil for one that stays.
    var holds: Int?
    /// What is kept in it for those who may come back, as it was left; nil while nobody waits for that time to be over.
    var lingeringBytes: Int?
    /// Whether it has been left once more since.
    var wasLeftAgain = false
  }

  private struct State {
    var byName: [BytewiseName: Entry] = [:]
    var parents: [(pattern: Pattern, parent: ParentNamespace)] = []
    /// Namespaces that are kept, though nobody may be in them, for those who may come back; and what is in them.
    var lingering: (count: Int, bytes: Int) = (0, 0)
  }

  private let state = Mutex(State())
  private let logger: Logger
  private let codec: SocketCodec
  private let cleansUp: Bool
  /// What all sockets may have waiting for their handlers.
  let eventBudget: EventBudget
  /// What is answered to a CONNECT that is too large.
  let oversizedConnect: ConnectError
  private let ackIDs = AckIDs()
  private let recovery: SocketIOServer.Configuration.Recovery?
  private let makeAdapter: @Sendable (String, any LocalSockets) -> any SocketAdapter

  /// - Parameter cleansUp: whether a namespace by pattern goes with the last who is in it.
  init(
    logger: Logger, codec: SocketCodec = .json, cleansUp: Bool = true,
    recovery: SocketIOServer.Configuration.Recovery?, eventBudget: EventBudget = EventBudget(.init()),
    oversizedConnect: ConnectError = .oversized,
    makeAdapter: @escaping @Sendable (String, any LocalSockets) -> any SocketAdapter
  ) {
    self.logger = logger
    self.codec = codec
    self.cleansUp = cleansUp
    self.eventBudget = eventBudget
    self.oversizedConnect = oversizedConnect
    self.recovery = recovery
    self.makeAdapter = makeAdapter
  }

  func namespace(_ name: String) -> Namespace {
    let namespace = state.withLock { state -> Namespace in
      if let existing = state.byName[BytewiseName(name)]?.namespace {
        // Whoever asks for it by name has it for good.
        state.byName[BytewiseName(name)]?.holds = nil
        return existing
      }
      let namespace = Namespace(
        name: name, logger: logger, codec: codec, setup: NamespaceSetup(), recovery: recovery, ackIDs: ackIDs,
        makeAdapter: makeAdapter)
      state.byName[BytewiseName(name)] = Entry(namespace: namespace)
      return namespace
    }
    namespace.joinCluster()
    return namespace
  }

  /// The namespace of that name, if there is one now.
  func existing(_ name: String) -> Namespace? { state.withLock { $0.byName[BytewiseName(name)]?.namespace } }

  /// Namespaces that there are now.
  var count: Int { state.withLock { $0.byName.count } }

  func parent(_ pattern: Pattern) -> ParentNamespace {
    let parent = ParentNamespace { [weak self] parent in self?.children(of: parent) ?? [] }
    state.withLock { $0.parents.append((pattern, parent)) }
    return parent
  }

  private func children(of parent: ParentNamespace) -> [Namespace] {
    state.withLock { $0.byName.values.filter { $0.parent === parent }.map(\.namespace) }
  }

  /// The namespace that a client asks for, if there is one. One made by pattern goes with the last who holds it: found and
  /// held in one step, so that nobody is let into a namespace that has just gone.
  func find(_ name: String, auth: SocketValue) -> Finding {
    let (existing, parents) = state.withLock { state in (hold(name, in: &state), state.parents) }
    if let existing { return .found(existing) }
    // Outside the lock: the pattern is the user's code.
    for (pattern, parent) in parents {
      guard case .immediate(let matches) = pattern else { return .undecided }
      if matches(name, auth) { return make(name, of: parent).map { .found($0) } ?? .nowhere }
    }
    return .nowhere
  }

  /// The same, asking the patterns that must be waited for as well; all in the order in which they were added.
  func search(_ name: String, auth: SocketValue) async -> NamespaceHold? {
    for (pattern, parent) in state.withLock({ $0.parents }) {
      let matches =
        switch pattern {
        case .immediate(let matches): matches(name, auth)
        case .waiting(let matches): await matches(name, auth)
        }
      if matches { return make(name, of: parent) }
    }
    return nil
  }

  private func make(_ name: String, of parent: ParentNamespace) -> NamespaceHold? {
    let made = state.withLock { state -> NamespaceHold? in
      if state.byName[BytewiseName(name)] == nil {
        let namespace = Namespace(
          name: name, logger: logger, codec: codec, setup: parent.setup, recovery: recovery, ackIDs: ackIDs,
          makeAdapter: makeAdapter)
        state.byName[BytewiseName(name)] = Entry(
          namespace: namespace, parent: parent, holds: cleansUp ? 0 : nil)
      }
      return hold(name, in: &state)
    }
    made?.namespace.joinCluster()
    return made
  }

  private func hold(_ name: String, in state: inout State) -> NamespaceHold? {
    guard let entry = state.byName[BytewiseName(name)] else { return nil }
    guard let holds = entry.holds else { return NamespaceHold(entry.namespace, release: nil) }
    state.byName[BytewiseName(name)]?.holds = holds + 1
    return NamespaceHold(entry.namespace) { [weak self] in self?.release($0) }
  }

  private func release(_ namespace: Namespace) {
    let name = BytewiseName(namespace.name)
    let bytes = namespace.recovery?.bytesForLost
    // Goes outside of the lock: what its adapter does as it goes is the user's code.
    let (gone, lingers) = state.withLock { state -> (Namespace?, Bool) in
      guard let entry = state.byName[name], entry.namespace === namespace, let holds = entry.holds else {
        return (nil, false)
      }
      state.byName[name]?.holds = holds - 1
      guard holds == 1 else { return (nil, false) }
      if entry.lingeringBytes != nil {
        state.byName[name]?.wasLeftAgain = true
        return (nil, false)
      }
      guard let recovery, let bytes, state.lingering.count < recovery.maxSessions,
        state.lingering.bytes + bytes <= recovery.maxBytes
      else { return (state.byName.removeValue(forKey: name)?.namespace, false) }
      state.lingering.count += 1
      state.lingering.bytes += bytes
      state.byName[name]?.lingeringBytes = bytes
      return (nil, true)
    }
    withExtendedLifetime(gone) { if lingers { linger(namespace) } }
  }

  /// Lets a namespace go when nobody who was lost in it can come back any more.
  private func linger(_ namespace: Namespace) {
    // Who was lost was on one.
    guard let recovery, let loop = namespace.loops.first else { return }
    _ = loop.eventLoop.scheduleTask(in: TimeAmount(recovery.maxDisconnectionDuration)) { [weak self, weak namespace] in
      if let namespace { self?.hasLingered(namespace) }
    }
  }

  private func hasLingered(_ namespace: Namespace) {
    let name = BytewiseName(namespace.name)
    let lingersOn = state.withLock { state -> Bool in
      guard let entry = state.byName[name], entry.namespace === namespace, let bytes = entry.lingeringBytes else {
        return false
      }
      if entry.wasLeftAgain, entry.holds == 0 {
        state.byName[name]?.wasLeftAgain = false
        return true
      }
      state.lingering.count -= 1
      state.lingering.bytes -= bytes
      state.byName[name]?.lingeringBytes = nil
      state.byName[name]?.wasLeftAgain = false
      if entry.holds == 0 { state.byName[name] = nil }
      return false
    }
    if lingersOn { linger(namespace) }
  }
}
