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
    guard let index, all || count > 1 else { return .undisturbed }
    list = all ? PackedItems() : list.keeping([place(of: index)])
    if isShuffled { order = all ? [] : [0] }
    self.index = all ? nil : 0
    if all { context = nil }
    changed()
    return all ? .ended : .undisturbed
  }

  /// nil, and nothing has changed, if one of them isn't there. Looks each item up once, for that is what takes the
  /// time.
  private mutating func remove(_ serials: Set<UInt64>) -> Removal? {
    guard !serials.isEmpty else { return .undisturbed }
    guard let now = index else { return nil }
    let former = item(at: now)
    /// The new place of each one that stays; nil for the others.
    var places: [UInt16?] = []
    places.reserveCapacity(count)
    var kept = 0
    for serial in list.serials {
      let stays = !serials.contains(serial)
      places.append(stays ? UInt16(kept) : nil)
      if stays { kept += 1 }
    }
    guard kept == count - serials.count else { return nil }
    let before = (0..<now).count { places[place(of: $0)] != nil }
    list = list.keeping(places.indices.lazy.filter { places[$0] != nil })
    order = order.map { $0.compactMap { places[Int($0)] } }
    defer { changed() }
    index = count == 0 ? nil : before
    guard serials.contains(former.serial) else { return .undisturbed }
    if count == 0 {
      context = nil
      return .ended
    }
    if before < count { return .next(item(at: before)) }
    guard repeatMode != .off else {
      index = 0
      return .ended
    }
    beginRound(after: former)
    return .next(item(at: 0))
  }
}
