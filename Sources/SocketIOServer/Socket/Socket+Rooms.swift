import Logging
import NIOCore
import SocketIO

extension Socket {
  /// Joins rooms. Any thread. At most `SocketIOLimits.maxRoomsPerSocket`; more are told in the log and not joined.
  public func join(_ rooms: String...) { join(rooms) }

  /// The same with an array.
  public func join(_ names: [String]) {
    onLoop { [self] in
      guard isConnected else { return }
      for name in names where !name.isBytewiseEqual(to: id) && !rooms.containsBytewise(name) {
        guard rooms.count < SocketIOLimits.maxRoomsPerSocket else {
          client.logger.warning(
            "a socket is in too many rooms", metadata: ["limit": "\(SocketIOLimits.maxRoomsPerSocket)"])
          return
        }
        rooms.append(name)
        loop.rooms.insert(self, into: name)
      }
    }
  }

  /// Leaves rooms. Any thread.
  public func leave(_ rooms: String...) { leave(rooms) }

  /// The same with an array.
  public func leave(_ names: [String]) {
    onLoop { [self] in
      for name in names {
        guard let place = rooms.firstIndex(where: { $0.isBytewiseEqual(to: name) }) else { continue }
        rooms.remove(at: place)
        loop.rooms.remove(self, from: name)
      }
    }
  }

  /// The sockets in these rooms, except this one.
  public func to(_ rooms: String...) -> BroadcastOperator { to(rooms) }
  /// The same with an array.
  public func to(_ rooms: [String]) -> BroadcastOperator { broadcast.to(rooms) }
  /// The same as `to`.
  public func `in`(_ rooms: String...) -> BroadcastOperator { to(rooms) }
  /// The same as `to`.
  public func `in`(_ rooms: [String]) -> BroadcastOperator { to(rooms) }
  /// Everyone else, but for those in these rooms.
  public func except(_ rooms: String...) -> BroadcastOperator { except(rooms) }
  /// The same with an array.
  public func except(_ rooms: [String]) -> BroadcastOperator { broadcast.except(rooms) }
  /// Everyone else of this process.
  public var local: BroadcastOperator { broadcast.local }

  /// Everyone else in the namespace.
  public var broadcast: BroadcastOperator {
    BroadcastOperator(namespace: namespace, scope: BroadcastScope(except: [id]))
  }

  /// Throws the client out of the namespace, or with `close` off the server. Any thread.
  public func disconnect(close: Bool = false) {
    onLoop { [self] in
      guard isConnected else { return }
      if close {
        client.disconnectAll()
      } else {
        client.send(SocketPacket(.disconnect, namespace: namespace.name))
        client.remove(self, reason: .serverNamespaceDisconnect)
      }
    }
  }

  /// The socket has left: tells handlers, leaves rooms, fails what waits for acks.
  func end(_ reason: DisconnectReason) {
    guard isConnected else { return }
    let setup = namespace.setup.current
    extras?.extras.onDisconnecting.forEach { $0(reason) }
    isConnected = false
    if let recovery = namespace.recovery, let privateID {
      recovery.keep(
        .init(
          socketID: id, privateID: privateID, rooms: rooms, context: .init(own: context, data: data),
          trace: recoveryTrace?.value), after: reason)
    }
    for room in rooms { loop.rooms.remove(self, from: room) }
    rooms = []
    loop.remove(self)
    namespace.socketLeft()
    hold = nil
    let extras = extras
    self.extras = nil
    extras?.extras.onDisconnect.forEach { $0(reason) }
    setup.onDisconnect.forEach { $0(self, reason) }
    let acks = acks
    self.acks = nil
    acks?.failAll(.disconnected)
  }
}
