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
    if tracks.isEmpty, count == 0, shuffled == isShuffled { return nil }
    list = try makeItems(tracks)
    order = nil
    self.context = tracks.isEmpty ? nil : context
    random = QueueRandom(seed: generator.next())
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
    var target = position
    if let order {
      // Behind the same item in both orders; what goes to the end, or to the front, goes there in both.
      let isBehind = place == .next || position < count
      target = !isBehind ? count : position == 0 ? 0 : Int(order[position - 1]) + 1
      var changed = order.map { Int($0) < target ? $0 : $0 + UInt16(added.count) }
      changed.insert(contentsOf: (target..<target + added.count).lazy.map(UInt16.init), at: position)
      self.order = changed
    }
    list.insert(added, at: target)
    index = index.map { position <= $0 ? $0 + added.count : $0 } ?? 0
    changed()
    return added.serials.map(Item.id(ofSerial:))
  }

  /// Moves an item to an index in play order, counted after the move; the current item stays current.
  ///
  /// Throws `unknown_item`, and `bad_request` for an index that there isn't.
  public mutating func move(item id: String, to target: Int) throws(SessionError) {
    let source = try index(ofItem: id)
    guard (0..<count).contains(target) else { throw .badRequest("to is not an index of the queue") }
    guard source != target else { return }
    if let moved = order?.remove(at: source) {
      order?.insert(moved, at: target)
    } else {
      list.move(from: source, to: target)
    }
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
}
