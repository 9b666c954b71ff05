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
  /// Connections that one address may have, of IPv6 one network of 64 bits, and a sixteenth more that are on their way
  /// out; 0 bounds none.
  public let perAddress: Int
  private let unbounded: [AddressRange]

  /// The connections of one address.
  private struct Places {
    var tickets: [ObjectIdentifier: Ticket] = [:]
    /// How many were refused since one was admitted.
    var refusals = 0
  }

  private struct State {
    /// By address; those without one, and those of an address that isn't bounded, under nil.
    var places: [AddressBlock?: Places] = [:]
    /// Connections that were told to go and haven't yet.
    var leaving = 0
  }

  private let state = Mutex(State())
  private let accepted = Atomic<Int>(0)

  /// - Parameter unbounded: addresses that may have any number: everybody behind a proxy has the proxy's.
  public init(total: Int, perAddress: Int, unbounded: [AddressRange] = AddressRange.loopback) {
    precondition(total > 0 && perAddress >= 0)
    self.unbounded = unbounded
    self.total = total
    self.perAddress = perAddress
  }

  /// One connection's place.
  final class Ticket: Sendable {
    let block: AddressBlock?
    /// Since when nothing is owed to it, in nanoseconds; 0 while something is, or once it was told to go.
    private let idleSince: Atomic<UInt64>
    private let isLeaving = Atomic<Bool>(false)
    private let leave: @Sendable (Ticket) -> Void

    fileprivate init(block: AddressBlock?, now: NIODeadline, leave: @escaping @Sendable (Ticket) -> Void) {
      self.block = block
      self.leave = leave
      idleSince = Atomic(now.uptimeNanoseconds)
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

  /// What becomes of a connection that has come.
  enum Admission {
    case place(Ticket)
    /// Its address has no more. It is to go at once, and holds nothing meanwhile.
    /// - Parameter isTold: whether it's worth a word: to somebody who keeps coming it isn't.
    case refused(isTold: Bool)
  }

  /// Whether connections have to go.
  var isFull: Bool { accepted.load(ordering: .relaxed) >= total }

  /// A connection is there. Somebody may have to go for it, but for one that is refused nobody.
  /// - Parameter leave: tells it to go, from any thread. If it can't go at once, it says ``stays(_:)``.
  func admit(
    _ address: SocketAddress?, now: NIODeadline = .now(), leave: @escaping @Sendable (Ticket) -> Void
  ) -> Admission {
    let isUnbounded = address?.ipAddress.map { address in unbounded.contains { $0.contains(address) } } ?? true
    let block = isUnbounded ? nil : AddressBlock(address)
    return state.withLock { state in
      // In place, here and below: a copy of all that are there for each that comes would be quadratic.
      if block != nil, perAddress > 0, !makeRoom(of: block, in: &state) {
        state.places[block, default: Places()].refusals += 1
        return .refused(isTold: state.places[block]?.refusals ?? 0 <= HTTPLimits.toldRefusals)
      }
      makeRoom(in: &state)
      let ticket = Ticket(block: block, now: now, leave: leave)
      state.places[block, default: Places()].tickets[ObjectIdentifier(ticket)] = ticket
      state.places[block]?.refusals = 0
      return .place(ticket)
    }
  }

  /// Returns whether one address may have another connection; some of its own may have to go for it. Who was told to go
  /// may stay for a while, reading the last answer: there are no more than so many of them.
  private func makeRoom(of block: AddressBlock?, in state: inout State) -> Bool {
    guard let tickets = state.places[block]?.tickets, tickets.count >= perAddress else { return true }
    let atOnce = max(1, perAddress / 16)
    var hasRoom = tickets.values.count(where: { !$0.hasToLeave }) < perAddress
    if !hasRoom {
      let gone = Self.longestIdle(tickets.values, count: atOnce)
      state.leaving += gone.count
      for ticket in gone { ticket.tellToLeave() }
      hasRoom = !gone.isEmpty
    }
    return hasRoom && tickets.count < perAddress + atOnce
  }

  /// One who was told to go has something to do, or must be read to its end. It keeps its place, and isn't asked again
  /// before it is idle anew.
  func stays(_ ticket: Ticket) {
    ticket.noteBusy()
    state.withLock { state in
      // It may have gone meanwhile, and been counted.
      guard ticket.hasToLeave, state.places[ticket.block]?.tickets[ObjectIdentifier(ticket)] != nil else { return }
      ticket.stay()
      state.leaving -= 1
    }
  }

  /// A connection has ended.
  func left(_ ticket: Ticket) {
    state.withLock { state in
      let key = ObjectIdentifier(ticket)
      guard state.places[ticket.block]?.tickets.removeValue(forKey: key) != nil else { return }
      if ticket.hasToLeave { state.leaving -= 1 }
      if state.places[ticket.block]?.tickets.isEmpty == true { state.places[ticket.block] = nil }
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

  /// The same for all addresses together. Not before a connection is admitted: for one of an address that has no more
  /// nobody else goes.
  private func makeRoom(in state: inout State) {
    let count = accepted.load(ordering: .relaxed)
    guard count - state.leaving > total else { return }
    // A few more than is needed: the next ones come at once, and looking takes a walk over all.
    let wanted = max(count - state.leaving - total, min(HTTPLimits.evictionsAtOnce, total / 16))
    let gone = Self.longestIdle(state.places.values.lazy.flatMap(\.tickets.values), count: wanted)
    state.leaving += gone.count
    for ticket in gone { ticket.tellToLeave() }
  }

  // MARK: AvailableConnectionsDelegate

  public func connectionOpened() {
    accepted.wrappingAdd(1, ordering: .relaxed)
  }

  public func connectionClosed() {
    accepted.wrappingSubtract(1, ordering: .relaxed)
  }

  public func isAcceptingNewConnections() -> Bool {
    accepted.load(ordering: .relaxed) < total + HTTPLimits.acceptedAtOnce
  }
}
