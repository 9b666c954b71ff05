import SocketIO

/// Events of a client that takes itself to be in namespaces which are being asked anew: its CONNECT has crossed the
/// answer to the one before. They belong to the socket that comes of it.
struct WaitingEvents {
  struct Event {
    let namespace: String
    let id: UInt64?
    let elements: [SocketValue]

    fileprivate var bytes: Int { elements.reduce(namespace.utf8.count) { $0 + $1.approximateBytes } }
  }

  private var events: [Event] = []
  /// About the memory that they take.
  private(set) var bytes = 0

  mutating func add(_ event: Event) {
    events.append(event)
    bytes += event.bytes
  }

  /// Takes a namespace's, in the order they came.
  mutating func take(_ namespace: String) -> [Event] {
    guard !events.isEmpty else { return [] }
    let taken = events.filter { $0.namespace.isBytewiseEqual(to: namespace) }
    events.removeAll { $0.namespace.isBytewiseEqual(to: namespace) }
    bytes -= taken.reduce(0) { $0 + $1.bytes }
    return taken
  }
}
