public import SocketIO

/// Namespaces that are made when a client asks for one and a pattern says yes.
///
/// What it is told to send goes to everyone in those of them that there are; to nobody if there is none.
public final class ParentNamespace: Sendable, NamespaceConfiguring {
  public let setup = NamespaceSetup()
  private let find: @Sendable (ParentNamespace) -> [Namespace]

  init(find: @escaping @Sendable (ParentNamespace) -> [Namespace]) { self.find = find }

  /// Those that there are now.
  public var children: [Namespace] { find(self) }

  private var everyone: ParentBroadcast { ParentBroadcast(parent: self, scope: BroadcastScope()) }

  public func to(_ rooms: String...) -> ParentBroadcast { everyone.to(rooms) }
  public func to(_ rooms: [String]) -> ParentBroadcast { everyone.to(rooms) }
  public func `in`(_ rooms: String...) -> ParentBroadcast { everyone.to(rooms) }
  public func `in`(_ rooms: [String]) -> ParentBroadcast { everyone.to(rooms) }
  public func except(_ rooms: String...) -> ParentBroadcast { everyone.except(rooms) }
  public func except(_ rooms: [String]) -> ParentBroadcast { everyone.except(rooms) }
  public var volatile: ParentBroadcast { everyone.volatile }
  public var local: ParentBroadcast { everyone.local }
  public func compress(_ mayCompress: Bool) -> ParentBroadcast { everyone.compress(mayCompress) }
  public func emit(_ event: String, _ arguments: SocketValue...) { everyone.emit(event, arguments: arguments) }
  public func emit(_ event: String, arguments: some Sequence<SocketValue>) {
    everyone.emit(event, arguments: arguments)
  }
  public func emit(_ event: String, encoding value: some Encodable) throws { try everyone.emit(event, encoding: value) }
  public func fetchSockets(timeout: Duration = .seconds(5)) async throws(ClusterTimeout) -> [RemoteSocket] {
    try await everyone.fetchSockets(timeout: timeout)
  }
  public func socketsJoin(_ rooms: String...) { everyone.socketsJoin(rooms) }
  public func socketsJoin(_ rooms: [String]) { everyone.socketsJoin(rooms) }
  public func socketsLeave(_ rooms: String...) { everyone.socketsLeave(rooms) }
  public func socketsLeave(_ rooms: [String]) { everyone.socketsLeave(rooms) }
  public func disconnectSockets(close: Bool = false) { everyone.disconnectSockets(close: close) }
}

/// Whom to tell in all namespaces of a pattern: ``BroadcastOperator`` in each of them.
public struct ParentBroadcast: Sendable {
  let parent: ParentNamespace
  var scope: BroadcastScope

  /// Also the sockets in these rooms; a socket in several gets it once.
  public func to(_ rooms: String...) -> ParentBroadcast { to(rooms) }
  /// The same with an array; an empty one changes nothing.
  public func to(_ rooms: [String]) -> ParentBroadcast { with { $0.rooms += rooms } }
  /// The same as `to`.
  public func `in`(_ rooms: String...) -> ParentBroadcast { to(rooms) }
  /// The same as `to`.
  public func `in`(_ rooms: [String]) -> ParentBroadcast { to(rooms) }
  /// Not the sockets in these rooms.
  public func except(_ rooms: String...) -> ParentBroadcast { except(rooms) }
  /// The same with an array.
  public func except(_ rooms: [String]) -> ParentBroadcast { with { $0.except += rooms } }
  /// Whoever can't take it now misses it.
  public var volatile: ParentBroadcast { with { $0.isVolatile = true } }
  /// Whether the event may be compressed for those that agreed to that; it may unless this says no.
  public func compress(_ mayCompress: Bool) -> ParentBroadcast { with { $0.mayCompress = mayCompress } }
  /// Only sockets of this process.
  public var local: ParentBroadcast { with { $0.isLocal = true } }

  private func with(_ change: (inout BroadcastScope) -> Void) -> ParentBroadcast {
    var copy = self
    change(&copy.scope)
    return copy
  }

  private var each: [BroadcastOperator] { parent.children.map { BroadcastOperator(namespace: $0, scope: scope) } }

  /// Sends an event; it is encoded once for each namespace. Any thread.
  public func emit(_ event: String, _ arguments: SocketValue...) { emit(event, arguments: arguments) }
  /// Sends an event with arguments in an array.
  public func emit(_ event: String, arguments: some Sequence<SocketValue>) {
    let arguments = Array(arguments)
    for one in each { one.emit(event, arguments: arguments) }
  }
  /// Sends an event with one encodable argument.
  public func emit(_ event: String, encoding value: some Encodable) throws {
    emit(event, arguments: [try SocketValue(encoding: value)])
  }

  /// Makes the sockets join rooms.
  public func socketsJoin(_ rooms: String...) { socketsJoin(rooms) }
  /// The same with an array.
  public func socketsJoin(_ rooms: [String]) { for one in each { one.socketsJoin(rooms) } }
  /// Makes the sockets leave rooms.
  public func socketsLeave(_ rooms: String...) { socketsLeave(rooms) }
  /// The same with an array.
  public func socketsLeave(_ rooms: [String]) { for one in each { one.socketsLeave(rooms) } }
  /// Throws the sockets out.
  public func disconnectSockets(close: Bool = false) { for one in each { one.disconnectSockets(close: close) } }

  /// The sockets of all processes of the cluster, in the namespaces that this process has.
  ///
  /// - Parameter timeout: for how long the other processes are asked for each of them.
  /// - Throws: `ClusterTimeout` with what was found in the namespace in which some process didn't answer.
  public func fetchSockets(timeout: Duration = .seconds(5)) async throws(ClusterTimeout) -> [RemoteSocket] {
    var found: [RemoteSocket] = []
    for one in each { found += try await one.fetchSockets(timeout: timeout) }
    return found
  }
}
