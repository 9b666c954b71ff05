import Synchronization

/// Bytes of messages that aren't whole yet, over all sessions of a server: parts of frames and fragments, packets that
/// wait for their attachments, bodies that are being read.
///
/// When there are more than the budget, the ones that have taken longest go: whoever means it is done within a moment,
/// and whoever holds back can't keep others out.
final class AssemblyBudget: Sendable {
  private struct Holder {
    var bytes: Int
    let shed: @Sendable () -> Void
  }

  private struct State {
    var bytes = 0
    var holders: [UInt64: Holder] = [:]
    /// No holder has a lower number.
    var oldest: UInt64 = 0
    var next: UInt64 = 0

    mutating func victims(beyond limit: Int) -> [Holder] {
      var victims: [Holder] = []
      while bytes > limit, oldest < next {
        if let holder = holders.removeValue(forKey: oldest) {
          bytes -= holder.bytes
          victims.append(holder)
        }
        oldest += 1
      }
      return victims
    }
  }

  private let limit: Int
  private let state = Mutex(State())

  init(limit: Int) {
    self.limit = limit
  }

  /// What all hold now, beside what is too little to be counted.
  var bytes: Int { state.withLock { $0.bytes } }

  fileprivate func set(_ number: UInt64?, to bytes: Int, _ shed: () -> @Sendable () -> Void) -> UInt64 {
    let (number, victims) = state.withLock { state -> (UInt64, [Holder]) in
      let number = number ?? state.next
      if number == state.next {
        state.next += 1
        state.holders[number] = Holder(bytes: 0, shed: shed())
      }
      // One that was told to go may not have gone yet.
      guard let before = state.holders[number]?.bytes else { return (number, []) }
      state.holders[number]?.bytes = bytes
      state.bytes += bytes - before
      return (number, state.victims(beyond: limit))
    }
    for victim in victims { victim.shed() }
    return number
  }

  fileprivate func release(_ number: UInt64) {
    state.withLock { state in
      if let holder = state.holders.removeValue(forKey: number) { state.bytes -= holder.bytes }
    }
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
  ///   - shed: makes what ends the assembler, on any thread, if others need the place.
  mutating func hold(_ bytes: Int, orElse shed: () -> @Sendable () -> Void) {
    if bytes > ServerLimits.uncountedAssemblyBytes {
      number = budget.set(number, to: bytes, shed)
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
