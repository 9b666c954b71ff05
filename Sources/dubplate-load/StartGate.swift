import Synchronization

/// Holds the listeners of all event loops back until the last of them has arrived (`--together`).
final class StartGate: Sendable {
  private struct State {
    var arrived = 0
    var action: (@Sendable () -> Void)?
  }

  private let expected: Int
  private let state = Mutex(State())

  init(expected: Int) { self.expected = expected }

  /// Sets what happens, once, on the thread of the last to arrive. To be called before anyone arrives.
  func onComplete(_ action: @escaping @Sendable () -> Void) {
    state.withLock { $0.action = action }
  }

  func arrive() {
    let action: (@Sendable () -> Void)? = state.withLock { state in
      state.arrived += 1
      return state.arrived == expected ? state.action.take() : nil
    }
    action?()
  }
}
