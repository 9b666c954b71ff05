import Synchronization

/// A wish for a segment that can be taken back: by ``release()``, or by letting go of the lease.
public final class SegmentLease: Sendable {
  /// Where the segment comes.
  public let feed: SegmentFeed
  private let giveUp: @Sendable () -> Void
  private let isReleased = Atomic(false)

  init(feed: SegmentFeed, giveUp: @escaping @Sendable () -> Void) {
    self.feed = feed
    self.giveUp = giveUp
  }

  deinit { release() }

  /// The segment isn't wanted any more. What is there already stays.
  public func release() {
    if !isReleased.exchange(true, ordering: .relaxed) { giveUp() }
  }
}
