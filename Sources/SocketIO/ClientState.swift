/// Which namespaces one connection is in or on its way into, and what its packets mean there; no I/O.
///
/// Each CONNECT is an attempt with a number of its own. Asking the namespace takes time, and the client may leave or ask
/// anew meanwhile (the official one sends CONNECT twice and no DISCONNECT when a program says `disconnect(); connect()`
/// before the first answer): only the latest attempt counts, whatever becomes of the others, and in whichever order.
///
/// A client may not have heard yet that its socket has ended. What it sends there is dropped; the other namespaces of
/// the connection must not end over it. And one whose CONNECT has crossed the answer to the one before takes itself to
/// be in: its events wait for the socket that it is about to have.
public struct ClientState: ~Copyable, Sendable {
  private enum Phase {
    case connecting(attempt: UInt64)
    case connected
    /// The socket has ended, and not by the client's will.
    case ended
  }

  private struct Entry {
    let name: String
    var phase: Phase
    /// Whether there was a socket before, whose packets may still be on their way.
    var hadSocket = false
    /// Packets that came for the last of them.
    var latePackets = 0

    mutating func socketEnded() {
      hadSocket = true
      latePackets = 0
    }
  }

  private var namespaces: [Entry] = []
  private var lastAttempt: UInt64 = 0
  private var runningAttempts = 0

  public init() {}

  /// What to do about a packet.
  public enum Action: Sendable, Equatable {
    /// Ask the namespace; then say ``connected(_:attempt:)`` or ``refused(_:attempt:)``. If it `replaces` a socket, that
    /// one has been left by the client.
    case connect(namespace: String, auth: SocketValue?, attempt: UInt64, replaces: Bool)
    /// Hand the event to the namespace's socket.
    case event(namespace: String, id: UInt64?, elements: [SocketValue])
    /// Keep the event for the socket that the latest attempt makes; drop it if that is refused, or the client leaves.
    case wait(namespace: String, id: UInt64?, elements: [SocketValue])
    /// Settle what waits for this ack.
    case ack(namespace: String, id: UInt64, arguments: [SocketValue])
    /// The client leaves the namespace.
    case disconnect(namespace: String)
    /// The packet is for a socket that has ended: nothing.
    case ignore
    /// The packet has no place here: end the connection.
    case close
  }

  /// A packet came.
  public mutating func packetArrived(_ packet: SocketPacket) -> Action {
    guard let place = place(of: packet.namespace) else {
      return packet.kind == .connect ? connect(packet) : .close
    }
    switch (packet.kind, namespaces[place].phase) {
    case (.connect, _): return connectAgain(packet, place)
    case (.disconnect, .ended):
      namespaces.remove(at: place)
      return .ignore
    case (.disconnect, _):
      namespaces.remove(at: place)
      return .disconnect(namespace: packet.namespace)
    case (.event, .connected):
      guard case .array(let elements) = packet.data else { return .close }
      return .event(namespace: packet.namespace, id: packet.id, elements: elements)
    case (.event, .connecting) where namespaces[place].hadSocket:
      guard case .array(let elements) = packet.data, countLatePacket(place) else { return .close }
      return .wait(namespace: packet.namespace, id: packet.id, elements: elements)
    case (.ack, .connected):
      guard let id = packet.id, case .array(let arguments) = packet.data else { return .close }
      return .ack(namespace: packet.namespace, id: id, arguments: arguments)
    case (.event, _) where namespaces[place].hadSocket, (.ack, _) where namespaces[place].hadSocket:
      return countLatePacket(place) ? .ignore : .close
    default: return .close
    }
  }

  private mutating func countLatePacket(_ place: Int) -> Bool {
    namespaces[place].latePackets += 1
    return namespaces[place].latePackets <= SocketIOLimits.maxLatePackets
  }

  private mutating func connect(_ packet: SocketPacket) -> Action {
    if namespaces.count >= SocketIOLimits.maxNamespacesPerConnection {
      // What has ended is remembered only as long as there is room for it.
      let forgotten = namespaces.firstIndex { entry in if case .ended = entry.phase { true } else { false } }
      guard let forgotten else { return .close }
      namespaces.remove(at: forgotten)
    }
    guard let attempt = begin() else { return .close }
    namespaces.append(Entry(name: packet.namespace, phase: .connecting(attempt: attempt)))
    return .connect(namespace: packet.namespace, auth: packet.data, attempt: attempt, replaces: false)
  }

  private mutating func connectAgain(_ packet: SocketPacket, _ place: Int) -> Action {
    guard let attempt = begin() else { return .close }
    var replaces = false
    if case .connected = namespaces[place].phase { replaces = true }
    if replaces { namespaces[place].socketEnded() }
    namespaces[place].phase = .connecting(attempt: attempt)
    return .connect(namespace: packet.namespace, auth: packet.data, attempt: attempt, replaces: replaces)
  }

  /// Attempts run until somebody has said how they went, also when they don't count any more.
  private mutating func begin() -> UInt64? {
    guard runningAttempts < SocketIOLimits.maxNamespacesPerConnection else { return nil }
    runningAttempts += 1
    lastAttempt += 1
    return lastAttempt
  }

  /// Whether an attempt still counts: the client has neither left nor tried again meanwhile.
  public func isLatest(_ namespace: String, attempt: UInt64) -> Bool {
    guard let place = place(of: namespace), case .connecting(attempt) = namespaces[place].phase else { return false }
    return true
  }

  /// The namespace takes the socket of an attempt. False: the client has left, or tried again, meanwhile.
  public mutating func connected(_ namespace: String, attempt: UInt64) -> Bool {
    guard let place = finish(namespace, attempt) else { return false }
    namespaces[place].phase = .connected
    return true
  }

  /// The namespace refused an attempt. False: the client has left, or tried again, meanwhile.
  public mutating func refused(_ namespace: String, attempt: UInt64) -> Bool {
    guard let place = finish(namespace, attempt) else { return false }
    if namespaces[place].hadSocket {
      namespaces[place].phase = .ended
    } else {
      namespaces.remove(at: place)
    }
    return true
  }

  private mutating func finish(_ namespace: String, _ attempt: UInt64) -> Int? {
    runningAttempts -= 1
    guard let place = place(of: namespace), case .connecting(attempt) = namespaces[place].phase else { return nil }
    return place
  }

  /// The server threw the socket out of a namespace.
  public mutating func thrownOut(of namespace: String) {
    guard let place = place(of: namespace), case .connected = namespaces[place].phase else { return }
    namespaces[place].phase = .ended
    namespaces[place].socketEnded()
  }

  /// Whether attachments of an event or an ack in that namespace are to be waited for. Nobody whom a namespace doesn't
  /// know may make the server keep them.
  public func takesAttachments(in namespace: String) -> Bool {
    guard let place = place(of: namespace) else { return false }
    if case .connected = namespaces[place].phase { return true }
    return namespaces[place].hadSocket
  }

  /// Whether the client has no namespace and isn't asking for one.
  public var isEmpty: Bool {
    namespaces.allSatisfy { entry in if case .ended = entry.phase { true } else { false } }
  }

  private func place(of namespace: String) -> Int? {
    namespaces.firstIndex { $0.name.isBytewiseEqual(to: namespace) }
  }
}
