import DequeModule

/// Least-recently-used order over entries that have a cost: which ones to drop so that the sum stays within a budget.
///
/// Every use appends a (key, stamp) pair to a queue and remembers the newest stamp; a pair whose stamp is not the
/// newest is stale and skipped when the oldest is looked for. So a use is O(1) with no links to maintain, and the
/// queue is swept when more than three quarters of it are stale.
struct LRUIndex<Key: Hashable, Value> {
  private struct Entry {
    var value: Value
    var cost: Int
    var stamp: UInt64
  }

  private var entries: [Key: Entry] = [:]
  private var uses: Deque<(key: Key, stamp: UInt64)> = []
  private var clock: UInt64 = 0

  /// The sum of all costs.
  private(set) var totalCost = 0

  var count: Int { entries.count }

  /// The value of `key`, which becomes the most recently used.
  mutating func use(_ key: Key) -> Value? {
    guard let index = entries.index(forKey: key) else { return nil }
    clock += 1
    entries.values[index].stamp = clock
    uses.append((key, clock))
    sweepIfStale()
    return entries.values[index].value
  }

  /// Whether `key` is there; its order stays.
  func contains(_ key: Key) -> Bool { entries[key] != nil }

  /// Puts a value in as the most recently used, in place of an older one of that key.
  mutating func insert(_ value: Value, cost: Int, for key: Key) {
    if let old = entries[key] { totalCost -= old.cost }
    clock += 1
    entries[key] = Entry(value: value, cost: cost, stamp: clock)
    uses.append((key, clock))
    totalCost += cost
    sweepIfStale()
  }

  /// A value has come to cost more or less; its order stays.
  mutating func recost(_ key: Key, to cost: Int) {
    guard let index = entries.index(forKey: key) else { return }
    totalCost += cost - entries.values[index].cost
    entries.values[index].cost = cost
  }

  /// The value of `key`; its order stays.
  func peek(_ key: Key) -> Value? { entries[key]?.value }

  @discardableResult
  mutating func remove(_ key: Key) -> Value? {
    guard let entry = entries.removeValue(forKey: key) else { return nil }
    totalCost -= entry.cost
    return entry.value
  }

  /// Takes out the least recently used entries until the sum of costs is at most `budget`; returns them, oldest first.
  /// - Parameters:
  ///   - patience: how many entries in use are passed over before it gives up, for the next time.
  ///   - isPinned: stays, and counts as used now.
  mutating func evict(
    downTo budget: Int, patience: Int = 0, isPinned: (Key) -> Bool = { _ in false }
  ) -> [(key: Key, value: Value)] {
    var evicted: [(key: Key, value: Value)] = []
    var passedOver = 0
    while totalCost > budget, passedOver <= patience, let oldest = uses.popFirst() {
      guard let entry = entries[oldest.key], entry.stamp == oldest.stamp else { continue }
      if isPinned(oldest.key) {
        passedOver += 1
        clock += 1
        entries[oldest.key]?.stamp = clock
        uses.append((oldest.key, clock))
        continue
      }
      entries.removeValue(forKey: oldest.key)
      totalCost -= entry.cost
      evicted.append((oldest.key, entry.value))
    }
    return evicted
  }

  private mutating func sweepIfStale() {
    guard uses.count > 64, uses.count > entries.count * 4 else { return }
    uses = Deque(uses.filter { entries[$0.key]?.stamp == $0.stamp })
  }
}
