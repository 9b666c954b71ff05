import Logging
import SocketIO
import Synchronization

/// Keeps a namespace that was made by pattern: it is there as long as somebody is in it, or on the way into it. For one
/// that was made by name it does nothing.
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
  private struct Entry {
    let namespace: Namespace
    /// How many hold it; nil for one that stays.
    var holds: Int?
  }

  private struct State {
    var byName: [BytewiseName: Entry] = [:]
    var parents: [(matches: @Sendable (String, SocketValue) -> Bool, parent: ParentNamespace)] = []
  }

  private let state = Mutex(State())
  private let logger: Logger
  private let recovery: SocketIOServer.Configuration.Recovery?
  private let makeAdapter: @Sendable (String, any LocalSockets) -> any SocketAdapter

  init(
    logger: Logger, recovery: SocketIOServer.Configuration.Recovery?,
    makeAdapter: @escaping @Sendable (String, any LocalSockets) -> any SocketAdapter
  ) {
    self.logger = logger
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
        name: name, logger: logger, setup: NamespaceSetup(), recovery: recovery, makeAdapter: makeAdapter)
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

  func parent(_ matches: @escaping @Sendable (String, SocketValue) -> Bool) -> ParentNamespace {
    let parent = ParentNamespace()
    state.withLock { $0.parents.append((matches, parent)) }
    return parent
  }

  /// The namespace that a client asks for, if there is one. One made by pattern goes with the last who holds it: found and
  /// held in one step, so that nobody is let into a namespace that has just gone.
  func find(_ name: String, auth: SocketValue) -> NamespaceHold? {
    let (existing, parents) = state.withLock { state in (hold(name, in: &state), state.parents) }
    if let existing { return existing }
    // Outside the lock: the pattern is the user's code.
    guard let parent = parents.first(where: { $0.matches(name, auth) })?.parent else { return nil }
    let made = state.withLock { state -> NamespaceHold? in
      if state.byName[BytewiseName(name)] == nil {
        let namespace = Namespace(
          name: name, logger: logger, setup: parent.setup, recovery: recovery, makeAdapter: makeAdapter)
        state.byName[BytewiseName(name)] = Entry(namespace: namespace, holds: 0)
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
    // Goes outside of the lock: what its adapter does as it goes is the user's code.
    _ = state.withLock { state -> Namespace? in
      guard let entry = state.byName[name], entry.namespace === namespace, let holds = entry.holds else { return nil }
      state.byName[name]?.holds = holds - 1
      return holds == 1 ? state.byName.removeValue(forKey: name)?.namespace : nil
    }
  }
}
