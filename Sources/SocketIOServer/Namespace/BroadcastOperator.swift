import Logging
import NIOCore
public import SocketIO

/// Whom to tell: built up by `to`, `except` and flags, ended by what to do.
///
/// `namespace.to("news").except("muted").volatile.emit("headline", "…")`
public struct BroadcastOperator: Sendable {
  let namespace: Namespace
  var scope: BroadcastScope

  /// Also the sockets in these rooms; a socket in several gets it once.
  public func to(_ rooms: String...) -> BroadcastOperator { to(rooms) }
  /// The same with an array; an empty one changes nothing.
  public func to(_ rooms: [String]) -> BroadcastOperator { with { $0.rooms += rooms } }
  /// The same as `to`.
  public func `in`(_ rooms: String...) -> BroadcastOperator { to(rooms) }
  /// The same as `to`.
  public func `in`(_ rooms: [String]) -> BroadcastOperator { to(rooms) }
  /// Not the sockets in these rooms.
  public func except(_ rooms: String...) -> BroadcastOperator { except(rooms) }
  /// The same with an array.
  public func except(_ rooms: [String]) -> BroadcastOperator { with { $0.except += rooms } }
  /// Whoever can't take it now misses it.
  public var volatile: BroadcastOperator { with { $0.isVolatile = true } }
  /// Whether the event may be compressed for those that agreed to that; it may unless this says no.
  public func compress(_ mayCompress: Bool) -> BroadcastOperator { with { $0.mayCompress = mayCompress } }
  /// Only sockets of this process.
  public var local: BroadcastOperator { with { $0.isLocal = true } }

  private func with(_ change: (inout BroadcastScope) -> Void) -> BroadcastOperator {
    var copy = self
    change(&copy.scope)
    return copy
  }

  /// Sends an event; it is encoded once. Any thread.
  public func emit(_ event: String, _ arguments: SocketValue...) { emit(event, arguments: arguments) }

  /// Sends an event with arguments in an array.
  public func emit(_ event: String, arguments: some Sequence<SocketValue>) {
    guard namespace.mayEmit(event) else { return }
    namespace.adapter.broadcast(.event(event, Array(arguments), namespace: namespace.name), scope: scope)
  }

  /// Sends an event with one encodable argument.
  public func emit(_ event: String, encoding value: some Encodable) throws {
    emit(event, arguments: [try SocketValue(encoding: value)])
  }

  /// Sends an event and waits for everybody's answer.
  ///
  /// - Parameters:
  ///   - event: its name.
  ///   - arguments: what goes with it.
  ///   - timeout: for how long; whoever hasn't answered then is counted as missing.
  public func emitWithAck(_ event: String, _ arguments: SocketValue..., timeout: Duration) async -> BroadcastReplies {
    await emitWithAck(event, arguments: arguments, timeout: timeout)
  }

  /// The same with arguments in an array.
  public func emitWithAck(
    _ event: String, arguments: some Sequence<SocketValue>, timeout: Duration
  ) async -> BroadcastReplies {
    guard namespace.mayEmit(event) else { return BroadcastReplies() }
    return await namespace.adapter.broadcastWithAck(
      .event(event, Array(arguments), namespace: namespace.name), scope: scope, timeout: timeout)
  }

  /// Makes the sockets join rooms.
  public func socketsJoin(_ rooms: String...) { socketsJoin(rooms) }
  /// The same with an array.
  public func socketsJoin(_ rooms: [String]) { namespace.adapter.join(rooms, scope: scope) }
  /// Makes the sockets leave rooms.
  public func socketsLeave(_ rooms: String...) { socketsLeave(rooms) }
  /// The same with an array.
  public func socketsLeave(_ rooms: [String]) { namespace.adapter.leave(rooms, scope: scope) }
  /// Throws the sockets out.
  public func disconnectSockets(close: Bool = false) { namespace.adapter.disconnect(scope: scope, close: close) }

  /// The sockets of this process.
  public func localSockets() async -> [Socket] { await namespace.localSockets(scope) }

  /// The sockets of all processes of the cluster.
  ///
  /// - Parameter timeout: for how long the other processes are asked.
  /// - Throws: `ClusterTimeout` with what was found, when some process didn't answer.
  public func fetchSockets(timeout: Duration = .seconds(5)) async throws(ClusterTimeout) -> [RemoteSocket] {
    guard !scope.isLocal else {
      return await LocalNamespace(namespace: namespace).describe(scope: scope).map {
        RemoteSocket($0, namespace: namespace)
      }
    }
    return try await namespace.adapter.fetchSockets(scope: scope, timeout: timeout).map {
      RemoteSocket($0, namespace: namespace)
    }
  }
}

extension Namespace {
  /// Everyone in the namespace.
  var everyone: BroadcastOperator { BroadcastOperator(namespace: self, scope: BroadcastScope()) }

  public func to(_ rooms: String...) -> BroadcastOperator { everyone.to(rooms) }
  public func to(_ rooms: [String]) -> BroadcastOperator { everyone.to(rooms) }
  public func `in`(_ rooms: String...) -> BroadcastOperator { everyone.to(rooms) }
  public func `in`(_ rooms: [String]) -> BroadcastOperator { everyone.to(rooms) }
  public func except(_ rooms: String...) -> BroadcastOperator { everyone.except(rooms) }
  public func except(_ rooms: [String]) -> BroadcastOperator { everyone.except(rooms) }
  public var volatile: BroadcastOperator { everyone.volatile }
  public var local: BroadcastOperator { everyone.local }
  public func compress(_ mayCompress: Bool) -> BroadcastOperator { everyone.compress(mayCompress) }
  public func emit(_ event: String, _ arguments: SocketValue...) { everyone.emit(event, arguments: arguments) }
  public func emit(_ event: String, arguments: some Sequence<SocketValue>) {
    everyone.emit(event, arguments: arguments)
  }
  public func emit(_ event: String, encoding value: some Encodable) throws { try everyone.emit(event, encoding: value) }
  public func emitWithAck(_ event: String, _ arguments: SocketValue..., timeout: Duration) async -> BroadcastReplies {
    await everyone.emitWithAck(event, arguments: arguments, timeout: timeout)
  }
  public func emitWithAck(
    _ event: String, arguments: some Sequence<SocketValue> & Sendable, timeout: Duration
  ) async -> BroadcastReplies {
    await everyone.emitWithAck(event, arguments: arguments, timeout: timeout)
  }
  public func localSockets() async -> [Socket] { await everyone.localSockets() }
  public func fetchSockets(timeout: Duration = .seconds(5)) async throws(ClusterTimeout) -> [RemoteSocket] {
    try await everyone.fetchSockets(timeout: timeout)
  }
  public func socketsJoin(_ rooms: String...) { everyone.socketsJoin(rooms) }
  public func socketsJoin(_ rooms: [String]) { everyone.socketsJoin(rooms) }
  public func socketsLeave(_ rooms: String...) { everyone.socketsLeave(rooms) }
  public func socketsLeave(_ rooms: [String]) { everyone.socketsLeave(rooms) }
  public func disconnectSockets(close: Bool = false) { everyone.disconnectSockets(close: close) }

  /// Reserved names mean something else to clients: to emit one is the program's mistake, told in the log.
  func mayEmit(_ event: String) -> Bool {
    guard SocketPacket.reservedEvents.containsBytewise(event) else { return true }
    logger.error("a reserved event name was not sent", metadata: ["event": "\(event)"])
    return false
  }
}
