/// What is in the queue: setting, adding, moving.
extension PlayQueue {
  /// Where new items go.
  public enum Place: Sendable, Equatable {
    /// Directly behind the current item. A batch keeps its order, and a later batch comes before an earlier one.
    case next
    case end
    /// Before the item that has this index in play order now; the count of items is the end.
    case index(Int)
  }

  /// Replaces all items; returns the current one, which is to be started.
  ///
  /// - Parameters:
  ///   - tracks: at most ``PlaybackLimits/queueItems``, else `queue_full`. None empties the queue.
  ///   - index: of the track that becomes current, `bad_request` if there is none. nil begins with the first one, or
  ///     with any if shuffled.
  ///   - context: what the tracks are; nil for nothing.
  ///   - shuffle: turns it on or off; nil leaves it. Shuffled, the current item comes first.
  ///   - generator: is asked for one number, the seed of this queue's own.
  @discardableResult
  public mutating func set(
    tracks: [String], index: Int? = nil, context: Context? = nil, shuffle: Bool? = nil,
    using generator: inout some RandomNumberGenerator
  ) throws(SessionError) -> Item? {
    guard tracks.count <= PlaybackLimits.queueItems else { throw .queueFull }
    if let index, !(tracks.isEmpty ? index == 0 : tracks.indices.contains(index)) {
      throw .badRequest("index is not one of the tracks")
    }
    guard context?.isBounded ?? true else { throw .badRequest("context is too long") }
    let shuffled = shuffle ?? isShuffled
    if tracks.isEmpty, items.isEmpty, shuffled == isShuffled { return nil }
    items = try makeItems(tracks)
    unshuffled = []
    self.context = tracks.isEmpty ? nil : context
    random = QueueRandom(seed: generator.next())
    isShuffled = false
    self.index = tracks.isEmpty ? nil : index ?? (shuffled ? random.index(below: tracks.count) : 0)
    if shuffled { permute() }
    changed()
    return current
  }

  /// Adds tracks; returns the new items' ids. The first of them becomes current in a queue that was empty.
  ///
  /// Throws `queue_full`, and `bad_request` for a place that there isn't.
  @discardableResult
  public mutating func add(_ tracks: [String], at place: Place = .end) throws(SessionError) -> [String] {
    guard tracks.count <= PlaybackLimits.queueItems - count else { throw .queueFull }
    let position =
      switch place {
      case .next: index.map { $0 + 1 } ?? 0
      case .end: count
      case .index(let index): index
      }
    guard (0...count).contains(position) else { throw .badRequest("at is not a place in the queue") }
    guard !tracks.isEmpty else { return [] }
    let added = try makeItems(tracks)
    if isShuffled {
      // Behind the same item in both orders; what goes to the end, or to the front, goes there in both.
      let behind = place == .next || position < count ? position : nil
      unshuffled.insert(contentsOf: added, at: behind.map(unshuffledPlace) ?? count)
    }
    items.insert(contentsOf: added, at: position)
    index = index.map { position <= $0 ? $0 + added.count : $0 } ?? 0
    changed()
    return added.map(\.id)
  }

  /// Moves an item to an index in play order, counted after the move; the current item stays current.
  ///
  /// Throws `unknown_item`, and `bad_request` for an index that there isn't.
  public mutating func move(item id: String, to target: Int) throws(SessionError) {
    let source = try index(ofItem: id)
    guard items.indices.contains(target) else { throw .badRequest("to is not an index of the queue") }
    guard source != target else { return }
    let moved = items.remove(at: source)
    items.insert(moved, at: target)
    if let now = index {
      if now == source {
        index = target
      } else if source < now, target >= now {
        index = now - 1
      } else if source > now, target <= now {
        index = now + 1
      }
    }
    changed()
  }

  /// Where in the restored order an item goes that is put at `position` of the shuffled one.
  private func unshuffledPlace(for position: Int) -> Int {
    guard position > 0 else { return 0 }
    let before = items[position - 1].serial
    return unshuffled.firstIndex { $0.serial == before }.map { $0 + 1 } ?? unshuffled.count
  }
}
