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

  public init(rooms: [String] = [], except: [String] = [], isVolatile: Bool = false, isLocal: Bool = false) {
    self.rooms = rooms
    self.except = except
    self.isVolatile = isVolatile
    self.isLocal = isLocal
  }
}

/// What one namespace of this process can do with its own sockets; given to an adapter.
public protocol LocalSockets: Sendable {
  /// Sends the packet to the sockets of this process that the scope names.
  func deliver(_ packet: SocketPacket, scope: BroadcastScope)
  func join(_ rooms: [String], scope: BroadcastScope)
  func leave(_ rooms: [String], scope: BroadcastScope)
  func disconnect(scope: BroadcastScope, close: Bool)
  /// An event of another process, given to `onServerSideEvent`.
  func serverSideEvent(_ name: String, _ arguments: [SocketValue])
}

/// Where broadcasts go: to the sockets of this process, and, in a cluster, to the other processes too.
///
/// Every method may be called on any thread. The in-process adapter does what `LocalSockets` does and nothing else.
public protocol SocketAdapter: Sendable {
  func broadcast(_ packet: SocketPacket, scope: BroadcastScope)
  func join(_ rooms: [String], scope: BroadcastScope)
  func leave(_ rooms: [String], scope: BroadcastScope)
  func disconnect(scope: BroadcastScope, close: Bool)
  /// Sends an event to the other processes of the cluster.
  func serverSideEmit(_ name: String, _ arguments: [SocketValue])
}

/// The adapter of a server that is alone.
public struct InProcessAdapter: SocketAdapter {
  private let local: any LocalSockets

  public init(local: any LocalSockets) {
    self.local = local
  }

  public func broadcast(_ packet: SocketPacket, scope: BroadcastScope) { local.deliver(packet, scope: scope) }
  public func join(_ rooms: [String], scope: BroadcastScope) { local.join(rooms, scope: scope) }
  public func leave(_ rooms: [String], scope: BroadcastScope) { local.leave(rooms, scope: scope) }
  public func disconnect(scope: BroadcastScope, close: Bool) { local.disconnect(scope: scope, close: close) }
  public func serverSideEmit(_ name: String, _ arguments: [SocketValue]) {}
}
