import Foundation
import Synchronization

/// A line on standard error that is written over on a terminal, and left out elsewhere.
final class LineMeter: Sendable {
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private let lastShown = Mutex<ContinuousClock.Instant?>(nil)

  /// How far it is; at most five times a second.
  func show(_ text: String) {
    guard isTerminal else { return }
    let isDue = lastShown.withLock { last in
      let now = ContinuousClock.now
      if let last, now - last < .milliseconds(200) { return false }
      last = now
      return true
    }
    if isDue { write("\r\u{1B}[K\(text)") }
  }

  /// Something that stays.
  func say(_ text: String) { write("\(isTerminal ? "\r\u{1B}[K" : "")\(text)\n") }

  func end() {
    if isTerminal { write("\r\u{1B}[K") }
  }

  private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
