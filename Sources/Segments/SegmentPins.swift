import Synchronization

/// The segments that somebody is playing, or will in a moment: what no eviction takes, from memory nor from disk.
final class SegmentPins: Sendable {
  private let counts = Mutex<[SegmentKey: Int]>([:])
  private let capacity: Int

  init(capacity: Int = SegmentLimits.pinnedSegments) { self.capacity = capacity }

  /// Those of `keys` that are pinned from now on: beyond the bound none are, and are kept by their recent use alone.
  func pin(_ keys: [SegmentKey]) -> SegmentPin {
    let pinned = counts.withLock { counts in
      keys.filter { key in
        guard counts.count < capacity || counts[key] != nil else { return false }
        counts[key, default: 0] += 1
        return true
      }
    }
    return SegmentPin(pinned, of: self)
  }

  func contains(_ key: SegmentKey) -> Bool { counts.withLock { $0[key] != nil } }

  var count: Int { counts.withLock { $0.count } }

  fileprivate func unpin(_ keys: [SegmentKey]) {
    counts.withLock { counts in
      for key in keys {
        guard let count = counts[key] else { continue }
        counts[key] = count > 1 ? count - 1 : nil
      }
    }
  }
}

/// Keeps segments from being evicted as long as it's held.
public final class SegmentPin: Sendable {
  private let keys: [SegmentKey]
  private let pins: SegmentPins

  fileprivate init(_ keys: [SegmentKey], of pins: SegmentPins) {
    self.keys = keys
    self.pins = pins
  }

  deinit { pins.unpin(keys) }
}
