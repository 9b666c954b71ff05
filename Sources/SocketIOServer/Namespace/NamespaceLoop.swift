import NIOCore
import SocketIO

/// The sockets and rooms of one namespace on one event loop.
///
/// Rooms are kept per loop, so joining, leaving and broadcasting from the loop itself lock nothing.
/// The room of a socket's own id is not kept: it is the table of sockets.
///
/// Invariant of `@unchecked Sendable`: everything mutable is touched on `eventLoop` only.
final class NamespaceLoop: @unchecked Sendable {
  let eventLoop: any EventLoop
  let namespace: String
  private(set) var sockets: [BytewiseName: Socket] = [:]
  var rooms = RoomTable<Socket>()

  init(eventLoop: any EventLoop, namespace: String) {
    self.eventLoop = eventLoop
    self.namespace = namespace
  }

  func insert(_ socket: Socket) {
    sockets[BytewiseName(socket.id)] = socket
  }

  func remove(_ socket: Socket) {
    sockets[BytewiseName(socket.id)] = nil
    // A dictionary doesn't shrink by itself; after a wave of connections its memory is to come back.
    if sockets.isEmpty { sockets = [:] }
  }

  /// The sockets that a scope names, each once.
  func matching(_ scope: BroadcastScope) -> [Socket] {
    var found: [Socket]
    switch scope.rooms.count {
    case 0: found = Array(sockets.values)
    case 1: found = members(of: scope.rooms[0])
    default:
      var seen = Set<Socket>()
      found = scope.rooms.flatMap(members).filter { seen.insert($0).inserted }
    }
    guard !scope.except.isEmpty else { return found }
    return found.filter { socket in
      !scope.except.contains { $0.isBytewiseEqual(to: socket.id) || rooms.contains(socket, in: $0) }
    }
  }

  private func members(of room: String) -> [Socket] {
    var members: [Socket] = []
    if let own = sockets[BytewiseName(room)] { members.append(own) }
    rooms.forEach(in: room) { if !$0.id.isBytewiseEqual(to: room) { members.append($0) } }
    return members
  }
}
