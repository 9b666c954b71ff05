/// Whom a broadcast is for.
public struct BroadcastScope: Sendable, Equatable {
  /// In any of these; everyone if empty.
  public var rooms: [String]
  /// In none of these. A socket is always in the room of its own id.
  public var except: [String]
  /// Drop it for whoever can't take it now.
  public var isVolatile: Bool
  /// Only sockets of this process.
  public var isLocal: Bool
  /// Whether it may be compressed for those that agreed to that.
  public var mayCompress: Bool

  public init(
    rooms: [String] = [], except: [String] = [], isVolatile: Bool = false, isLocal: Bool = false,
    mayCompress: Bool = true
  ) {
    self.rooms = rooms
    self.except = except
    self.isVolatile = isVolatile
    self.isLocal = isLocal
    self.mayCompress = mayCompress
  }
}

/// What came back from a broadcast that asked for acks.
public struct BroadcastReplies: Sendable, Equatable {
  /// The arguments of each ack, in the order in which they came.
  public var replies: [SocketArguments]
  /// Sockets that were asked and didn't answer: they left, or the time was up.
  public var missing: Int

  public init(replies: [SocketArguments] = [], missing: Int = 0) {
    self.replies = replies
    self.missing = missing
  }
}

/// A socket as other processes of a cluster see it.
public struct SocketDescription: Sendable, Equatable {
  public var id: String
  /// The request that opened its session, with the keys of the official server: `headers`, `time`, `address`,
  /// `issued` (Unix ms), `url`, `query`, `auth`.
  public var handshake: SocketObject
  /// The rooms it is in, that of its own id first.
  public var rooms: [String]
  /// What the program attached to it.
  public var data: SocketValue

  public init(id: String, handshake: SocketObject, rooms: [String], data: SocketValue) {
    self.id = id
    self.handshake = handshake
    self.rooms = rooms
    self.data = data
  }
}

/// Some processes of the cluster didn't say in time which sockets they have.
public struct ClusterTimeout: Error, Sendable, Equatable {
  /// The sockets of those that did.
  public var found: [SocketDescription]
  /// Processes that didn't answer.
  public var missing: Int

  public init(found: [SocketDescription], missing: Int) {
    self.found = found
    self.missing = missing
  }
}

/// What one namespace of this process can do with its own sockets; given to an adapter.
public protocol LocalSockets: Sendable {
  /// Sends the packet to the sockets of this process that the scope names.
  func deliver(_ packet: SocketPacket, scope: BroadcastScope)
  /// The same for an event that asks for acks (its id is set here); returns when all have answered or `timeout` is over.
  func deliverWithAck(_ packet: SocketPacket, scope: BroadcastScope, timeout: Duration) async -> BroadcastReplies
  func join(_ rooms: [String], scope: BroadcastScope)
  func leave(_ rooms: [String], scope: BroadcastScope)
  func disconnect(scope: BroadcastScope, close: Bool)
  /// The sockets of this process that the scope names.
  func describe(scope: BroadcastScope) async -> [SocketDescription]
  /// An event of another process, given to the namespace's handlers. The first answer goes to `reply`, nil if none is
  /// asked for.
  func serverSideEvent(_ name: String, _ arguments: [SocketValue], reply: (@Sendable (SocketArguments) -> Void)?)
}

/// Where broadcasts go: to the sockets of this process, and, in a cluster, to the other processes too.
///
/// Every method may be called on any thread. The in-process adapter does what `LocalSockets` does and nothing else.
public protocol SocketAdapter: Sendable {
  func broadcast(_ packet: SocketPacket, scope: BroadcastScope)
  /// Returns the answers of all processes when everybody has answered or `timeout` is over.
  func broadcastWithAck(_ packet: SocketPacket, scope: BroadcastScope, timeout: Duration) async -> BroadcastReplies
  func join(_ rooms: [String], scope: BroadcastScope)
  func leave(_ rooms: [String], scope: BroadcastScope)
  func disconnect(scope: BroadcastScope, close: Bool)
  /// The sockets of all processes that the scope names; asks for at most `timeout`.
  func fetchSockets(scope: BroadcastScope, timeout: Duration) async throws(ClusterTimeout) -> [SocketDescription]
  /// Sends an event to the other processes of the cluster.
  func serverSideEmit(_ name: String, _ arguments: [SocketValue])
  /// The same, and returns one answer of each when everybody has answered or `timeout` is over.
  func serverSideEmitWithAck(_ name: String, _ arguments: [SocketValue], timeout: Duration) async -> BroadcastReplies
}

/// The adapter of a server that is alone.
public struct InProcessAdapter: SocketAdapter {
  private let local: any LocalSockets

  public init(local: any LocalSockets) {
    self.local = local
  }

  public func broadcast(_ packet: SocketPacket, scope: BroadcastScope) { local.deliver(packet, scope: scope) }
  public func broadcastWithAck(
    _ packet: SocketPacket, scope: BroadcastScope, timeout: Duration
  ) async -> BroadcastReplies {
    await local.deliverWithAck(packet, scope: scope, timeout: timeout)
  }
  public func join(_ rooms: [String], scope: BroadcastScope) { local.join(rooms, scope: scope) }
  public func leave(_ rooms: [String], scope: BroadcastScope) { local.leave(rooms, scope: scope) }
  public func disconnect(scope: BroadcastScope, close: Bool) { local.disconnect(scope: scope, close: close) }
  public func fetchSockets(
    scope: BroadcastScope, timeout: Duration
  ) async throws(ClusterTimeout) -> [SocketDescription] {
    await local.describe(scope: scope)
  }
  public func serverSideEmit(_ name: String, _ arguments: [SocketValue]) {}
  public func serverSideEmitWithAck(
    _ name: String, _ arguments: [SocketValue], timeout: Duration
  ) async -> BroadcastReplies {
    BroadcastReplies()
  }
}
