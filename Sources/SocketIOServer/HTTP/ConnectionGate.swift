public import HummingbirdCore
import NIOCore
import Synchronization

/// How many connections there may be, of all and of one address, and who makes room for whom.
///
/// While there are too many, those go first that have waited longest for nothing, and those that are answered go with
/// their answer. Where nobody can go, no more are accepted: they wait in the kernel, and nothing spins.
///
/// ```swift
/// let gate = ConnectionGate(total: 10_000, perAddress: 1_000)
/// Application(
///   router: router, server: .socketIO(io, connections: gate),
///   configuration: .init(availableConnectionsDelegate: gate))
/// ```
public final class ConnectionGate: AvailableConnectionsDelegate, Sendable {
  /// Connections that there may be.
  public let total: Int
  /// Connections that one address may have, of IPv6 one network of 64 bits; 0 bounds none. Those of this machine are
  /// never bounded by it: everybody behind a proxy has the proxy's address.
  public let perAddress: Int

  private struct State {
    /// By address; those without one, and this machine's, under nil.
    var tickets: [AddressBlock?: [ObjectIdentifier: Ticket]] = [:]
    /// Connections that were told to go and haven't yet.
    var leaving = 0
  }

  private let state = Mutex(State())
  private let accepted = Atomic<Int>(0)

  public init(total: Int, perAddress: Int) {
    precondition(total > 0 && perAddress >= 0)
    self.total = total
    self.perAddress = perAddress
  }

  /// One connection's place.
  final class Ticket: Sendable {
    let block: AddressBlock?
    /// Whether there was none: it is to be told so, and to go.
    let isRefused: Bool
    /// Since when nothing is owed to it, in nanoseconds; 0 while something is, or once it was told to go.
    private let idleSince: Atomic<UInt64>
    private let isLeaving = Atomic<Bool>(false)
    private let leave: @Sendable (Ticket) -> Void

    fileprivate init(
      block: AddressBlock?, isRefused: Bool, now: NIODeadline, leave: @escaping @Sendable (Ticket) -> Void
    ) {
      self.block = block
      self.isRefused = isRefused
      self.leave = leave
      idleSince = Atomic(isRefused ? 0 : now.uptimeNanoseconds)
    }

    var isIdle: Bool { idle > 0 }
    fileprivate var idle: UInt64 { idleSince.load(ordering: .relaxed) }
    fileprivate var hasToLeave: Bool { isLeaving.load(ordering: .relaxed) }

    func noteIdle(now: NIODeadline = .now()) { idleSince.store(now.uptimeNanoseconds, ordering: .relaxed) }
    func noteBusy() { idleSince.store(0, ordering: .relaxed) }

    fileprivate func tellToLeave() {
      isLeaving.store(true, ordering: .relaxed)
      leave(self)
    }

    fileprivate func stay() { isLeaving.store(false, ordering: .relaxed) }
  }

  /// Whether connections have to go.
  var isFull: Bool { accepted.load(ordering: .relaxed) >= total }

  /// A connection is there.
  /// - Parameter leave: tells it to go, from any thread. If it isn't idle any more, it says ``stays(_:)``.
  func admit(
    _ address: SocketAddress?, now: NIODeadline = .now(), leave: @escaping @Sendable (Ticket) -> Void
  ) -> Ticket {
    let block = AddressBlock(address).flatMap { $0.isLoopback ? nil : $0 }
    return state.withLock { state in
      let isBounded = block != nil && perAddress > 0
      let isRefused = isBounded && !makeRoom(of: block, in: &state)
      let ticket = Ticket(block: block, isRefused: isRefused, now: now, leave: leave)
      // In place: a copy of all that are there for each that comes would be quadratic.
      state.tickets[block, default: [:]][ObjectIdentifier(ticket)] = ticket
      return ticket
    }
  }

  /// Returns whether one address may have another connection; one of its own may have to go for it.
  private func makeRoom(of block: AddressBlock?, in state: inout State) -> Bool {
    guard let count = state.tickets[block]?.count, count >= perAddress else { return true }
    guard state.tickets[block]?.values.count(where: { !$0.hasToLeave }) ?? 0 >= perAddress else { return true }
    let gone = Self.longestIdle(state.tickets[block, default: [:]].values, count: max(1, perAddress / 16))
    state.leaving += gone.count
    for ticket in gone { ticket.tellToLeave() }
    return !gone.isEmpty
  }

  /// One who was told to go has something to do.
  func stays(_ ticket: Ticket) {
    state.withLock { state in
      // It may have gone meanwhile, and been counted.
      guard ticket.hasToLeave, state.tickets[ticket.block]?[ObjectIdentifier(ticket)] != nil else { return }
      ticket.stay()
      state.leaving -= 1
    }
  }

  /// A connection has ended.
  func left(_ ticket: Ticket) {
    state.withLock { state in
      guard state.tickets[ticket.block]?.removeValue(forKey: ObjectIdentifier(ticket)) != nil else { return }
      if ticket.hasToLeave { state.leaving -= 1 }
      if state.tickets[ticket.block]?.isEmpty == true { state.tickets[ticket.block] = nil }
    }
  }

  /// Of those that are idle the ones that have been for longest, the first of them first. One pass: there may be as many
  /// as files, and all of them in the way of who comes.
  private static func longestIdle(_ tickets: some Sequence<Ticket>, count: Int) -> [Ticket] {
    var found: [(since: UInt64, ticket: Ticket)] = []
    for ticket in tickets {
      let since = ticket.idle
      guard since > 0, !ticket.hasToLeave, found.count < count || since < found[found.count - 1].since else { continue }
      let place = found.firstIndex { since < $0.since } ?? found.count
      found.insert((since, ticket), at: place)
      if found.count > count { found.removeLast() }
    }
    return found.map(\.ticket)
  }

  private func makeRoom() {
    let count = accepted.load(ordering: .relaxed)
    state.withLock { state in
      guard count - state.leaving > total else { return }
      // A few more than is needed: the next ones come at once, and looking takes a walk over all.
      let wanted = max(count - state.leaving - total, min(HTTPLimits.evictionsAtOnce, total / 16))
      let gone = Self.longestIdle(state.tickets.values.lazy.flatMap(\.values), count: wanted)
      state.leaving += gone.count
      for ticket in gone { ticket.tellToLeave() }
    }
  }

  // MARK: AvailableConnectionsDelegate

  public func connectionOpened() {
    if accepted.wrappingAdd(1, ordering: .relaxed).newValue > total { makeRoom() }
  }

  public func connectionClosed() {
    accepted.wrappingSubtract(1, ordering: .relaxed)
  }

  public func isAcceptingNewConnections() -> Bool {
    accepted.load(ordering: .relaxed) < total + HTTPLimits.acceptedAtOnce
  }
}
