/// Taking items out of the queue.
extension PlayQueue {
  /// What a removal means for what plays.
  public enum Removal: Sendable, Equatable {
    /// The current item is still there, or there was none.
    case undisturbed
    /// The current item has gone; this one is current now, and is to be started if the other one played.
    case next(Item)
    /// The current item has gone and none was behind it: the sound stops. The first item, if any is left, is current.
    case ended
  }

  /// Removes items by their ids; throws `unknown_item` if one of them isn't there.
  @discardableResult
  public mutating func remove(items ids: [String]) throws(SessionError) -> Removal {
    guard ids.count <= PlaybackLimits.queueItems else { throw .badRequest("items are too many") }
    var serials: Set<UInt64> = []
    for id in ids {
      guard let serial = Item.serial(ofId: id) else { throw .unknownItem }
      serials.insert(serial)
    }
    guard let removal = remove(serials) else { throw .unknownItem }
    return removal
  }

  /// Removes all items but the current one, or that as well.
  @discardableResult
  public mutating func clear(all: Bool = false) -> Removal {
    guard let current, all || count > 1 else { return .undisturbed }
    items = all ? [] : [current]
    unshuffled = isShuffled ? items : []
    index = all ? nil : 0
    if all { context = nil }
    changed()
    return all ? .ended : .undisturbed
  }

  /// nil, and nothing has changed, if one of them isn't there. Looks each item up once in each order, for that is what
  /// takes the time.
  private mutating func remove(_ serials: Set<UInt64>) -> Removal? {
    guard !serials.isEmpty else { return .undisturbed }
    guard let now = index else { return nil }
    let former = items[now]
    var (kept, before): ([Item], Int) = ([], 0)
    kept.reserveCapacity(count)
    for place in items.indices where !serials.contains(items[place].serial) {
      kept.append(items[place])
      if place < now { before += 1 }
    }
    guard kept.count == count - serials.count else { return nil }
    items = kept
    unshuffled.removeAll { serials.contains($0.serial) }
    defer { changed() }
    index = items.isEmpty ? nil : before
    guard serials.contains(former.serial) else { return .undisturbed }
    if items.isEmpty {
      context = nil
      return .ended
    }
    if before < count { return .next(items[before]) }
    guard repeatMode != .off else {
      index = 0
      return .ended
    }
    beginRound(after: former)
    return .next(items[0])
  }
}
