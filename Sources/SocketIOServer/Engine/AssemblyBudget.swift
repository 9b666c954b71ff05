import Synchronization

/// Bytes of messages that aren't whole yet, over all sessions of a server: parts of frames and fragments, packets that
/// wait for their attachments, bodies that are being read.
///
/// When there are more than the budget, room is made by whoever takes it: those whom nobody knows before those who have
/// been let in, then the owner who holds most over all of his sessions, and of his the one that has taken longest.
/// Whoever means it is done within a moment, and nobody's hoard costs another his session.
final class AssemblyBudget: Sendable {
  /// Who answers for what a session holds.
  struct Owner: Hashable, Sendable {
    enum Name: Hashable, Sendable {
      case account(String)
      /// Nil for all of whom there is no address.
      case address(AddressBlock?)
    }

    var isGuest: Bool
    var name: Name
  }

  private struct Holder {
    var bytes: Int
    var owner: Owner
    let shed: @Sendable () -> Void
  }

  /// What one owner holds, of all sessions.
  private struct Hoard {
    var bytes = 0
    /// In the order they began.
    var numbers: [UInt64] = []

    mutating func insert(_ number: UInt64) {
      // From the back: nearly always it is the latest.
      var place = numbers.endIndex
      while place > 0, numbers[place - 1] > number { place -= 1 }
      numbers.insert(number, at: place)
    }
  }

  private struct State {
    var bytes = 0
    var holders: [UInt64: Holder] = [:]
    var hoards: [Owner: Hoard] = [:]
    var next: UInt64 = 0

    mutating func put(_ holder: Holder, _ number: UInt64) {
      holders[number] = holder
      bytes += holder.bytes
      hoards[holder.owner, default: Hoard()].bytes += holder.bytes
      hoards[holder.owner]?.insert(number)
    }

    mutating func remove(_ number: UInt64) -> Holder? {
      guard let holder = holders.removeValue(forKey: number) else { return nil }
      bytes -= holder.bytes
      hoards[holder.owner]?.bytes -= holder.bytes
      hoards[holder.owner]?.numbers.removeAll { $0 == number }
      if hoards[holder.owner]?.numbers.isEmpty == true { hoards[holder.owner] = nil }
      return holder
    }

    mutating func change(_ number: UInt64, to bytes: Int, of owner: Owner) {
      guard let holder = holders[number] else { return }
      guard holder.owner == owner else {
        _ = remove(number)
        return put(Holder(bytes: bytes, owner: owner, shed: holder.shed), number)
      }
      holders[number]?.bytes = bytes
      hoards[owner]?.bytes += bytes - holder.bytes
      self.bytes += bytes - holder.bytes
    }

    mutating func victims(beyond limit: Int) -> [Holder] {
      var victims: [Holder] = []
      while bytes > limit, let number = hoards.max(by: Self.keepsRather)?.value.numbers.first,
        let holder = remove(number)
      {
        victims.append(holder)
      }
      return victims
    }

    /// Whether the first is the one to keep of two.
    private static func keepsRather(_ first: (key: Owner, value: Hoard), _ second: (key: Owner, value: Hoard)) -> Bool {
      if first.key.isGuest != second.key.isGuest { return second.key.isGuest }
      if first.value.bytes != second.value.bytes { return first.value.bytes < second.value.bytes }
      return (first.value.numbers.first ?? .max) > (second.value.numbers.first ?? .max)
    }
  }

  private let limit: Int
  private let state = Mutex(State())

  init(limit: Int) {
    self.limit = limit
  }

  /// What all hold now, beside what is too little to be counted.
  var bytes: Int { state.withLock { $0.bytes } }

  fileprivate func set(
    _ number: UInt64?, to bytes: Int, of owner: Owner, _ shed: () -> @Sendable () -> Void
  ) -> UInt64 {
    let (number, victims) = state.withLock { state -> (UInt64, [Holder]) in
      if let number {
        // One that was told to go may not have gone yet: it is no holder any more.
        state.change(number, to: bytes, of: owner)
        return (number, state.victims(beyond: limit))
      }
      let number = state.next
      state.next += 1
      state.put(Holder(bytes: bytes, owner: owner, shed: shed()), number)
      return (number, state.victims(beyond: limit))
    }
    for victim in victims { victim.shed() }
    return number
  }

  fileprivate func release(_ number: UInt64) {
    state.withLock { _ = $0.remove(number) }
  }
}

/// What one assembler holds of the budget. What is no more than a connection has anyway isn't counted, so the usual small
/// message takes no lock.
struct AssemblyShare: ~Copyable {
  private let budget: AssemblyBudget
  private var number: UInt64?

  init(of budget: AssemblyBudget) {
    self.budget = budget
  }

  /// - Parameters:
  ///   - bytes: held now.
  ///   - owner: whose they are.
  ///   - shed: makes what ends the assembler if others need the place: called on any thread, also from within this call
  ///     and for the caller itself, whose share is being changed. So it must not end anything at once, but later.
  mutating func hold(
    _ bytes: Int, of owner: @autoclosure () -> AssemblyBudget.Owner, orElse shed: () -> @Sendable () -> Void
  ) {
    if bytes > ServerLimits.uncountedAssemblyBytes {
      number = budget.set(number, to: bytes, of: owner(), shed)
    } else {
      release()
    }
  }

  mutating func release() {
    guard let held = number else { return }
    number = nil
    budget.release(held)
  }

  deinit {
    if let number { budget.release(number) }
  }
}
