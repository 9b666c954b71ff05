@preconcurrency import Dispatch
import Foundation
import Synchronization

/// Threads for calls that block: file systems and decoders stay away from the threads of Swift's tasks.
///
/// How many calls run at a time is the caller's to bound; ``LibraryScanner`` never has more than its width in flight.
final class BlockingWork: Sendable {
  /// Calls that nobody waits for any more, and those that are to be given up when one of these ends.
  private struct Stuck {
    var abandoned = 0
    var overdue: [any Abandonable] = []
  }

  private let label: String
  private let queue: DispatchQueue
  /// Of its own, so that no call that is stuck holds a clock.
  private let clock: DispatchQueue
  private let stuck = Mutex(Stuck())

  init(label: String) {
    self.label = label
    queue = DispatchQueue(label: label, qos: .utility, attributes: .concurrent)
    clock = DispatchQueue(label: label + ".clock", qos: .utility)
  }

  func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      queue.async { continuation.resume(with: Result(catching: work)) }
    }
  }

  /// As ``run(_:)``, for calls into code that can't be stopped: after `limit`, or when the task is cancelled, nobody waits
  /// any more, and the call goes on by itself, on a thread of its own behind all others. While ``Limits/abandonedCalls``
  /// haven't ended, whoever comes waits for one of them, or for the end of his own.
  /// - Returns: nil when `limit` was over.
  func run<Value: Sendable>(
    within limit: DispatchTimeInterval, _ work: @escaping @Sendable () throws -> Value
  ) async throws -> Value? {
    let call = Call<Value>()
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        guard call.begin(continuation) else { return continuation.resume(throwing: CancellationError()) }
        let timer = DispatchWorkItem { [self] in giveUpWhenThereIsRoom(call) }
        clock.asyncAfter(deadline: .now() + limit, execute: timer)
        let thread = Thread { [self] in
          call.enter()
          let result = Result(catching: work)
          timer.cancel()
          end(call, result)
        }
        thread.name = label
        thread.start()
      }
    } onCancel: {
      stuck.withLock { stuck in
        if call.giveUp(.failure(CancellationError())) { stuck.abandoned += 1 }
        stuck.overdue.removeAll { $0 === call }
      }
    }
  }

  /// Calls whose time is over, and that wait for one of those that were left alone to end.
  var overdueCalls: Int { stuck.withLock { $0.overdue.count } }

  private func giveUpWhenThereIsRoom(_ call: any Abandonable) {
    stuck.withLock { stuck in
      guard stuck.abandoned >= Limits.abandonedCalls else {
        if call.giveUp() { stuck.abandoned += 1 }
        return
      }
      if call.isAwaited { stuck.overdue.append(call) }
    }
  }

  private func end<Value>(_ call: Call<Value>, _ result: Result<Value, any Error>) {
    let waiting = call.end()
    stuck.withLock { stuck in
      guard waiting == nil else {
        stuck.overdue.removeAll { $0 === call }
        return
      }
      stuck.abandoned -= 1
      while stuck.abandoned < Limits.abandonedCalls, !stuck.overdue.isEmpty {
        if stuck.overdue.removeFirst().giveUp() { stuck.abandoned += 1 }
      }
    }
    waiting?.resume(with: result.map(Optional.some))
  }
}

/// A call that whoever waits for it can leave alone.
private protocol Abandonable: AnyObject, Sendable {
  /// Whether somebody waits for it.
  var isAwaited: Bool { get }

  /// Tells whoever waits that it took too long; false if nobody waits any more.
  func giveUp() -> Bool
}

/// Who waits for a call, and the thread that it's on: answered once.
private final class Call<Value: Sendable>: Abandonable {
  typealias Waiting = CheckedContinuation<Value?, any Error>

  private struct State {
    var hasEnded = false
    var waiting: Waiting?
    var thread: pthread_t?
  }

  /// `SCHED_IDLE` of Linux's `sched.h`, which the module of the C library leaves out.
  private static var idlePolicy: Int32 { 5 }

  private let state = Mutex(State())

  /// False if it was cancelled before.
  func begin(_ waiting: Waiting) -> Bool {
    state.withLock { state in
      if !state.hasEnded { state.waiting = waiting }
      return !state.hasEnded
    }
  }

  /// The calling thread is the call's until ``end()``.
  func enter() {
    state.withLock { state in
      state.thread = pthread_self()
      if state.hasEnded { Self.stepBack(state.thread) }
    }
  }

  /// Who waits, unless that is nobody any more.
  func end() -> Waiting? {
    state.withLock { state in
      defer { state = State(hasEnded: true) }
      return state.waiting
    }
  }

  var isAwaited: Bool { state.withLock { $0.waiting != nil } }

  func giveUp() -> Bool { giveUp(.success(nil)) }

  func giveUp(_ result: Result<Value?, any Error>) -> Bool {
    let waiting = state.withLock { state in
      defer {
        state.hasEnded = true
        state.waiting = nil
      }
      // The thread can't end meanwhile: it takes the lock before that.
      if state.waiting != nil { Self.stepBack(state.thread) }
      return state.waiting
    }
    waiting?.resume(with: result)
    return waiting != nil
  }

  /// What nobody waits for runs where nobody else wants to. It can't be taken back, so the thread does nothing else
  /// afterwards.
  private static func stepBack(_ thread: pthread_t?) {
    #if os(Linux)
      guard let thread else { return }
      var parameter = sched_param()
      // A refusal (a container that forbids it) costs a little speed elsewhere, nothing else.
      _ = pthread_setschedparam(thread, idlePolicy, &parameter)
    #endif
  }
}
