import Synchronization

/// A wish for a segment that can be taken back: by ``release()``, or by letting go of the lease. As long as it's held,
/// the segment and the one behind it are not evicted.
public final class SegmentLease: Sendable {
  /// Where the segment comes.
  public let feed: SegmentFeed
  private let pin: SegmentPin
  private let giveUp: @Sendable () -> Void
  private let isReleased = Atomic(false)

  init(feed: SegmentFeed, pin: SegmentPin, giveUp: @escaping @Sendable () -> Void) {
    self.feed = feed
    self.pin = pin
    self.giveUp = giveUp
  }

  deinit { release() }

  /// The segment isn't wanted any more. What is there already stays.
  public func release() {
    if !isReleased.exchange(true, ordering: .relaxed) { giveUp() }
  }
}
