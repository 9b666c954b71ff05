/// Which namespaces one connection is in or on its way into, and what its packets mean there; no I/O.
public struct ClientState: ~Copyable, Sendable {
  private enum Phase {
    case connecting
    case connected
  }

  private var namespaces: [(name: String, phase: Phase)] = []

  public init() {}

  /// What to do about a packet.
  public enum Action: Sendable, Equatable {
    /// Ask the namespace; then say ``connected(_:)`` or ``refused(_:)``.
    case connect(namespace: String, auth: SocketValue?)
    /// Hand the event to the namespace's socket.
    case event(namespace: String, id: UInt64?, elements: [SocketValue])
    /// Settle what waits for this ack.
    case ack(namespace: String, id: UInt64, arguments: [SocketValue])
    /// The client leaves the namespace.
    case disconnect(namespace: String)
    /// The packet has no place here: end the connection.
    case close
  }

  /// A packet came.
  public mutating func packetArrived(_ packet: SocketPacket) -> Action {
    let place = namespaces.firstIndex { $0.name == packet.namespace }
    switch (packet.kind, place.map { namespaces[$0].phase }) {
    case (.connect, nil):
      guard namespaces.count < SocketIOLimits.maxNamespacesPerConnection else { return .close }
      namespaces.append((packet.namespace, .connecting))
      return .connect(namespace: packet.namespace, auth: packet.data)
    case (.event, .connected):
      guard case .array(let elements) = packet.data else { return .close }
      return .event(namespace: packet.namespace, id: packet.id, elements: elements)
    case (.ack, .connected):
      guard let id = packet.id, case .array(let arguments) = packet.data else { return .close }
      return .ack(namespace: packet.namespace, id: id, arguments: arguments)
    case (.disconnect, .connected), (.disconnect, .connecting):
      if let place { namespaces.remove(at: place) }
      return .disconnect(namespace: packet.namespace)
    default:
      return .close
    }
  }

  /// The namespace took the socket. False: the client has left it in the meantime.
  public mutating func connected(_ namespace: String) -> Bool {
    guard let place = namespaces.firstIndex(where: { $0.name == namespace }) else { return false }
    namespaces[place].phase = .connected
    return true
  }

  /// The namespace refused the socket, or the server threw it out. False: the client had left.
  public mutating func refused(_ namespace: String) -> Bool {
    guard let place = namespaces.firstIndex(where: { $0.name == namespace }) else { return false }
    namespaces.remove(at: place)
    return true
  }

  /// Whether the client has a namespace, or is asking for one; if not, `connectTimeout` runs.
  public var isEmpty: Bool { namespaces.isEmpty }
}
