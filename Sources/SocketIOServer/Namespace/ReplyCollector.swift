import SocketIO
import Synchronization

/// Gathers the acks of one broadcast.
final class ReplyCollector: Sendable {
  private struct State {
    var expected = 0
    var settled = 0
    var replies: [SocketArguments] = []
    var waiter: CheckedContinuation<BroadcastReplies, Never>?

    /// The result, once nobody is waited for.
    var result: BroadcastReplies? {
      settled == expected ? BroadcastReplies(replies: replies, missing: expected - replies.count) : nil
    }
  }

  private let state = Mutex(State())

  func expectOne() {
    state.withLock { $0.expected += 1 }
  }

  func settle(_ reply: Result<SocketArguments, AckError>) {
    let (waiter, result) = state.withLock { state in
      state.settled += 1
      if case .success(let arguments) = reply { state.replies.append(arguments) }
      guard let waiter = state.waiter, let result = state.result else {
        return (CheckedContinuation<BroadcastReplies, Never>?.none, BroadcastReplies?.none)
      }
      state.waiter = nil
      return (waiter, result)
    }
    if let waiter, let result { waiter.resume(returning: result) }
  }

  /// To be called once, when everyone has been asked.
  func replies() async -> BroadcastReplies {
    await withCheckedContinuation { continuation in
      let result = state.withLock { state in
        if state.result == nil { state.waiter = continuation }
        return state.result
      }
      if let result { continuation.resume(returning: result) }
    }
  }
}
