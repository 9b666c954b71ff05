import DequeModule
import SocketIO
import Synchronization

/// What the sockets of a server may have waiting for asynchronous handlers.
final class EventBudget: Sendable {
  let bounds: SocketIOServer.Configuration.EventQueue
  private let bytes = Atomic<Int>(0)

  init(_ bounds: SocketIOServer.Configuration.EventQueue) { self.bounds = bounds }

  fileprivate func take(_ count: Int) -> Bool {
    guard bytes.wrappingAdd(count, ordering: .relaxed).newValue <= bounds.maxBytesInAll else {
      giveBack(count)
      return false
    }
    return true
  }

  fileprivate func giveBack(_ count: Int) {
    bytes.wrappingSubtract(count, ordering: .relaxed)
  }
}

/// What one socket's events have left to do off the event loop: one thing after the other, in the order they came.
///
/// It is worked off to its end also when the socket has left meanwhile: what was accepted is handled.
final class EventQueue: Sendable {
  typealias Step = @Sendable () async -> Void

  private struct State {
    var waiting = Deque<(step: Step, bytes: Int)>()
    /// Those that wait and the one that runs, and their bytes.
    var count = 0
    var bytes = 0
  }

  private let budget: EventBudget
  private let state = Mutex(State())

  init(budget: EventBudget) { self.budget = budget }

  /// Puts a step behind the others. False: it has no place; nothing happens.
  func add(bytes: Int, _ step: @escaping Step) -> Bool {
    guard budget.take(bytes) else { return false }
    let bounds = budget.bounds
    let outcome = state.withLock { state -> (isTaken: Bool, starts: Bool) in
      // One is always taken by a socket that has none, however large: the transport has bounded it.
      guard state.count == 0 || (state.count < bounds.maxEvents && state.bytes + bytes <= bounds.maxBytes) else {
        return (false, false)
      }
      state.waiting.append((step, bytes))
      state.count += 1
      state.bytes += bytes
      return (true, state.count == 1)
    }
    if !outcome.isTaken { budget.giveBack(bytes) }
    if outcome.starts { Task { await run() } }
    return outcome.isTaken
  }

  private func run() async {
    var next = state.withLock { $0.waiting.popFirst() }
    while let (step, bytes) = next {
      await step()
      budget.giveBack(bytes)
      next = state.withLock { state in
        state.count -= 1
        state.bytes -= bytes
        if state.count == 0 { state.waiting = [] }
        return state.waiting.popFirst()
      }
    }
  }
}
