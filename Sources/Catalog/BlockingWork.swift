import Dispatch

/// Threads for calls that block: file systems and decoders stay away from the threads of Swift's tasks.
///
/// How many calls run at a time is the caller's to bound; ``LibraryScanner`` never has more than its width in flight.
struct BlockingWork: Sendable {
  private let queue: DispatchQueue

  init(label: String) {
    queue = DispatchQueue(label: label, qos: .utility, attributes: .concurrent)
  }

  func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      queue.async { continuation.resume(with: Result(catching: work)) }
    }
  }
}
