@preconcurrency import Dispatch
import Synchronization

/// Threads for calls that block: file systems and decoders stay away from the threads of Swift's tasks.
///
/// How many calls run at a time is the caller's to bound; ``LibraryScanner`` never has more than its width in flight.
final class BlockingWork: Sendable {
  private let queue: DispatchQueue
  /// Calls that have not ended, and that nobody waits for any more.
  private let abandoned = Atomic(0)

  init(label: String) {
    queue = DispatchQueue(label: label, qos: .utility, attributes: .concurrent)
  }

  func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      queue.async { continuation.resume(with: Result(catching: work)) }
    }
  }

  /// As ``run(_:)``, for calls into code that can't be stopped: after `limit`, or when the task is cancelled, nobody waits
  /// any more, and the thread is the call's until it ends by itself. When ``Limits/abandonedCalls`` have not ended,
  /// whoever comes waits without a limit.
  /// - Returns: nil when `limit` was over.
  func run<Value: Sendable>(
    within limit: DispatchTimeInterval, _ work: @escaping @Sendable () throws -> Value
  ) async throws -> Value? {
    let call = Call<Value>()
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        guard call.begin(continuation) else { return continuation.resume(throwing: CancellationError()) }
        let timer = DispatchWorkItem { [self] in
          guard abandoned.load(ordering: .relaxed) < Limits.abandonedCalls else { return }
          abandon(call, .success(nil))
        }
        queue.asyncAfter(deadline: .now() + limit, execute: timer)
        queue.async { [self] in
          let result = Result(catching: work)
          timer.cancel()
          if let waiting = call.end() {
            waiting.resume(with: result.map(Optional.some))
          } else {
            abandoned.subtract(1, ordering: .relaxed)
          }
        }
      }
    } onCancel: {
      abandon(call, .failure(CancellationError()))
    }
  }

  private func abandon<Value>(_ call: Call<Value>, _ result: Result<Value?, any Error>) {
    guard let waiting = call.end() else { return }
    abandoned.add(1, ordering: .relaxed)
    waiting.resume(with: result)
  }

  /// Who waits for a call: answered once.
  private final class Call<Value: Sendable>: Sendable {
    typealias Waiting = CheckedContinuation<Value?, any Error>

    private let state = Mutex<(hasEnded: Bool, waiting: Waiting?)>((false, nil))

    /// False if it was cancelled before.
    func begin(_ waiting: Waiting) -> Bool {
      state.withLock { state in
        if !state.hasEnded { state.waiting = waiting }
        return !state.hasEnded
      }
    }

    /// Who waits, the first time.
    func end() -> Waiting? {
      state.withLock { state in
        defer { state = (true, nil) }
        return state.waiting
      }
    }
  }
}
