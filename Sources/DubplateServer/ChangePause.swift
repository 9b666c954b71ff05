/// When a library in which something has changed is to be looked through: once it has been quiet for a while, so that an
/// album that is being copied is one scan, and at the latest after a longer one.
///
/// A file that was only created is being written as a rule, and says so when it's whole; a link to one never does. Pure: it
/// is told the time.
struct ChangePause: Sendable {
  /// What was noticed.
  enum Change {
    /// A file is whole, was moved or removed, or there is another folder.
    case settled
    /// A name of which nothing more is known.
    case created
  }

  private var first: ContinuousClock.Instant?
  private var lastSettled: ContinuousClock.Instant?

  mutating func noticed(_ change: Change, now: ContinuousClock.Instant) {
    first = first ?? now
    switch change {
    case .settled: lastSettled = now
    case .created: break
    }
  }

  /// When to look; nil while there is no reason to.
  var due: ContinuousClock.Instant? {
    guard let first else { return nil }
    let latest = first + ServerLimits.longestChangePause
    return min(lastSettled.map { $0 + ServerLimits.changePause } ?? latest, latest)
  }

  /// It is looked now.
  mutating func looked() { self = ChangePause() }
}
