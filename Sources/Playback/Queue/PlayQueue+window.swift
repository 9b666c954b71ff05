/// Parts of a long queue.
extension PlayQueue {
  /// Some items in play order.
  public struct Window: Sendable, Equatable {
    /// How many items the whole queue has.
    public let total: Int
    /// The index of the first one here.
    public let offset: Int
    public let items: [Item]
  }

  /// The items from `offset` on, or around the current one (a fifth of them before it) without; at most `limit`, and
  /// never more than ``PlaybackLimits/mostQueueWindow``.
  ///
  /// Takes every number: what lies beyond the queue is empty.
  public func window(offset: Int? = nil, limit: Int = PlaybackLimits.queueWindow) -> Window {
    let limit = min(max(0, limit), PlaybackLimits.mostQueueWindow)
    let around = min((index ?? 0) - limit / PlaybackLimits.queueWindowBeforeShare, count - limit)
    let first = min(max(0, offset ?? around), count)
    return Window(total: count, offset: first, items: (first..<min(first + limit, count)).map(item(at:)))
  }
}
