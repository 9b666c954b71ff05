/// The sessions that were opened over one connection and have joined nothing: one client has one, a hundred pipelined
/// handshakes are no client.
///
/// Lives on the connection's event loop, and so do the sessions.
final class ConnectionGuests {
  private struct Guest {
    weak var session: EngineSocket?
  }

  private var guests: [Guest] = []

  /// Whether one more may be opened.
  func hasPlace() -> Bool {
    guests.removeAll { guest in guest.session.map { !$0.isGuest || $0.isClosed } ?? true }
    return guests.count < ServerLimits.guestsPerConnection
  }

  func add(_ session: EngineSocket) {
    guests.append(Guest(session: session))
  }
}
