import Logging
import SocketIO
import Synchronization

/// The namespaces of a server, by name and by pattern.
final class NamespaceRegistry: Sendable {
  private struct State {
    var byName: [String: Namespace] = [:]
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
      if let existing = state.byName[name] { return existing }
      let namespace = Namespace(
        name: name, logger: logger, setup: NamespaceSetup(), recovery: recovery, makeAdapter: makeAdapter)
      state.byName[name] = namespace
      return namespace
    }
    namespace.joinCluster()
    return namespace
  }

  func parent(_ matches: @escaping @Sendable (String, SocketValue) -> Bool) -> ParentNamespace {
    let parent = ParentNamespace()
    state.withLock { $0.parents.append((matches, parent)) }
    return parent
  }

  /// The namespace that a client asks for, if there is one. One made by pattern goes when its last socket has left.
  func find(_ name: String, auth: SocketValue) -> Namespace? {
    let (existing, parents) = state.withLock { ($0.byName[name], $0.parents) }
    if let existing { return existing }
    // Outside the lock: the pattern is the user's code.
    guard let parent = parents.first(where: { $0.matches(name, auth) })?.parent else { return nil }
    let namespace = state.withLock { state -> Namespace in
      if let existing = state.byName[name] { return existing }
      let namespace = Namespace(
        name: name, logger: logger, setup: parent.setup, recovery: recovery, makeAdapter: makeAdapter)
      namespace.onEmpty { [weak self, weak namespace] in
        guard let self, let namespace else { return }
        self.state.withLock { if $0.byName[name] === namespace { $0.byName[name] = nil } }
      }
      state.byName[name] = namespace
      return namespace
    }
    namespace.joinCluster()
    return namespace
  }
}
