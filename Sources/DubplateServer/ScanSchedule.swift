import Synchronization

/// When the library is looked through: at the start, from time to time, and whenever somebody asks.
final class ScanSchedule: Sendable {
  private let interval: Mutex<Int>
  private let wakes: AsyncStream<Void>
  private let waking: AsyncStream<Void>.Continuation

  /// - Parameter intervalSeconds: 0 for never but when asked.
  init(intervalSeconds: Int) {
    interval = Mutex(intervalSeconds)
    // Asked for in the middle of a scan, another one follows; asked for twice, it is still one.
    (wakes, waking) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
  }

  /// A scan now.
  func scanNow() { waking.yield() }

  /// From the next scan on.
  var intervalSeconds: Int {
    get { interval.withLock { $0 } }
    set { interval.withLock { $0 = newValue } }
  }

  /// Waits until a scan is due, or for `patience` if that is sooner; false when the task was cancelled. For one task.
  func next(within patience: Duration? = nil) async -> Bool {
    let seconds = intervalSeconds
    let due = [seconds > 0 ? .seconds(seconds) : nil, patience].compactMap(\.self).min()
    let timer = due.map { due in
      Task { [waking] in
        try await Task.sleep(for: due)
        waking.yield()
      }
    }
    defer { timer?.cancel() }
    for await _ in wakes { return true }
    return false
  }
}
