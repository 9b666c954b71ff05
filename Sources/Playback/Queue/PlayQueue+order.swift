/// Which item comes when.
extension PlayQueue {
  /// Where "back" leads.
  public enum Previous: Sendable, Equatable {
    /// To the start of the current item.
    case restart(Item)
    /// To the item before, which is current now.
    case item(Item)
  }

  /// Makes an item current; returns it, which is to be started. Throws `unknown_item`.
  ///
  /// The order stays: what lies between is passed over, and "back" finds it.
  @discardableResult
  public mutating func jump(to id: String) throws(SessionError) -> Item {
    go(to: try index(ofItem: id))
  }

  /// Makes the item at an index in play order current; returns it. Throws `bad_request` for an index that there isn't.
  @discardableResult
  public mutating func jump(toIndex target: Int) throws(SessionError) -> Item {
    guard (0..<count).contains(target) else { throw .badRequest("index is not one of the queue") }
    return go(to: target)
  }

  /// The listener goes on to the next item, also while one repeats; returns it.
  ///
  /// Behind the last one comes a new round if there is any repeating, else it throws `queue_ended`.
  @discardableResult
  public mutating func next() throws(SessionError) -> Item {
    guard let index, index + 1 < count || repeatMode != .off else { throw .queueEnded }
    return goOn(from: index)
  }

  /// The current item has ended by itself: the one that is to be started now.
  ///
  /// Behind the last one, without repeat, that is nil: the sound stops, and the first item is current, so that pressing
  /// play begins anew.
  @discardableResult
  public mutating func advance() -> Item? {
    guard let index else { return nil }
    if repeatMode == .one { return item(at: index) }
    guard index + 1 < count || repeatMode == .all else {
      go(to: 0)
      return nil
    }
    return goOn(from: index)
  }

  /// What ``advance()`` will return if nothing changes until then, so that it can be prepared: an item, or nil if the
  /// sound will stop. Holds also over the edge of a shuffled round, the next of which is decided already.
  public func peekAfterCurrent() -> Item? {
    guard let index else { return nil }
    if repeatMode == .one { return item(at: index) }
    if index + 1 < count { return item(at: index + 1) }
    guard repeatMode == .all else { return nil }
    guard isShuffled else { return item(at: 0) }
    var random = random
    return item(at: firstOfRound(after: item(at: index), using: &random))
  }

  /// The listener goes back: to the start of an item of which more than ``PlaybackLimits/restartSeconds`` have played
  /// (`position`, in seconds), else to the one before.
  ///
  /// Before the first one comes the last if all repeats, else the first starts anew. Throws `queue_ended` if the queue
  /// is empty.
  @discardableResult
  public mutating func previous(position: Double) throws(SessionError) -> Previous {
    guard let index else { throw .queueEnded }
    let isRestart = position > PlaybackLimits.restartSeconds || count == 1 || (index == 0 && repeatMode != .all)
    return isRestart ? .restart(item(at: index)) : .item(go(to: (index == 0 ? count : index) - 1))
  }

  /// Turns shuffle on or off; see ``PlayQueue``. What it is already stays as it is, without a new permutation.
  ///
  /// `generator` is asked for one number, the seed of this queue's own.
  public mutating func setShuffle(_ on: Bool, using generator: inout some RandomNumberGenerator) {
    guard on != isShuffled else { return }
    if on {
      random = QueueRandom(seed: generator.next())
      permute()
    } else {
      index = index.map(place(of:))
      order = nil
    }
    changed()
  }

  public mutating func setRepeat(_ mode: RepeatMode) {
    guard mode != repeatMode else { return }
    repeatMode = mode
    changed()
  }

  /// Sets the crossfade, in seconds from 0 to ``PlaybackLimits/crossfadeSeconds``; throws `bad_request`.
  public mutating func setCrossfade(seconds: Double) throws(SessionError) {
    guard (0...PlaybackLimits.crossfadeSeconds).contains(seconds) else {
      throw .badRequest("seconds is not between 0 and \(Int(PlaybackLimits.crossfadeSeconds))")
    }
    // Minus zero is in the range, and equal to zero, but writes itself otherwise.
    let seconds = seconds == 0 ? 0 : seconds
    guard seconds != crossfadeSeconds else { return }
    crossfadeSeconds = seconds
    changed()
  }

  @discardableResult
  private mutating func go(to target: Int) -> Item {
    if index != target {
      index = target
      changed()
    }
    return item(at: target)
  }

  /// To the next item, or to a new round.
  private mutating func goOn(from index: Int) -> Item {
    guard index + 1 == count else { return go(to: index + 1) }
    // A lone item is its own next.
    if count > 1 {
      beginRound(after: item(at: index))
      changed()
    }
    return item(at: 0)
  }

  /// Keeps the order as the one to restore, and permutes all but the current item, which comes first.
  mutating func permute() {
    var permuted = (0..<count).map(UInt16.init)
    if let index {
      permuted.swapAt(0, index)
      permuted[1...].shuffle(using: &random)
      self.index = 0
    }
    order = permuted
  }

  /// Begins at the front again, shuffled in a new permutation. `ended` came last, and may have been removed since.
  mutating func beginRound(after ended: Item) {
    index = 0
    guard isShuffled, count > 1 else { return }
    let first = firstOfRound(after: ended, using: &random)
    order?.swapAt(0, first)
    order?[1...].shuffle(using: &random)
  }

  /// The place of the item that a new round begins with: one of another track than `ended` played, if there is one,
  /// else at least another item.
  ///
  /// It is drawn before all others, so that looking ahead needs this one draw (of a copy of the generator) and not
  /// a whole permutation.
  private func firstOfRound(after ended: Item, using random: inout QueueRandom) -> Int {
    let others = list.serials[place(of: count - 1)] == ended.serial ? count - 1 : count
    let drawn = random.index(below: others)
    // Only tracks that stand in the queue more than once make it go further than one step.
    let found = (0..<others).lazy.map { (drawn + $0) % others }.first {
      !list.plays(ended.trackId, at: place(of: $0))
    }
    return found ?? drawn
  }
}
