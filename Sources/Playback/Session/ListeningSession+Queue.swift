/// Commands about the queue. Each may carry the version that the client saw; an older one is refused with
/// `SessionError.Code.staleVersion`.
extension ListeningSession {
  /// The device on which a command to play is carried out: the active one if it is there, else the one that asks.
  private func target(_ device: String) -> String {
    if let active = devices.activeDeviceId, devices.isOnline(active) { active } else { device }
  }

  public mutating func setQueue(
    tracks: [String], index: Int?, context: PlayQueue.Context?, isShuffled: Bool?, position: Double, play: Bool,
    wish: QualityWish, on target: String?, version: UInt64?, by device: String, now: Int64
  ) throws {
    guard position.isFinite, position >= 0 else { throw SessionError.positionOutOfRange }
    if let target { try devices.requireOnline(target) }
    try change(version) {
      var generator = SystemRandomNumberGenerator()
      try $0.set(tracks: tracks, index: index, context: context, shuffle: isShuffled, using: &generator)
    }
    self.wish = wish
    queueChanged("set", by: device)
    guard let item = queue.current else {
      if playing != nil {
        silence()
        tell(.stop, by: device, exceptItself: false)
      }
      return
    }
    if play {
      start(
        item, on: target ?? self.target(device), position: position, isPaused: false, action: .play, by: device,
        now: now)
    } else {
      let wasPlaying = playing != nil
      silence()
      resumePosition = position
      if wasPlaying { tell(.stop, by: device, exceptItself: false) }
    }
  }

  /// Returns the new items' ids.
  public mutating func addToQueue(
    tracks: [String], at place: PlayQueue.Place, version: UInt64?, by device: String
  ) throws -> [String] {
    var ids: [String] = []
    try change(version) { ids = try $0.add(tracks, at: place) }
    queueChanged("add", by: device)
    return ids
  }

  public mutating func removeFromQueue(items: [String], version: UInt64?, by device: String, now: Int64) throws {
    var removal = PlayQueue.Removal.undisturbed
    try change(version) { removal = try $0.remove(items: items) }
    queueChanged("remove", by: device)
    follow(removal, by: device, now: now)
  }

  public mutating func moveInQueue(item: String, to index: Int, version: UInt64?, by device: String) throws {
    try change(version) { try $0.move(item: item, to: index) }
    queueChanged("move", by: device)
  }

  public mutating func clearQueue(all: Bool, version: UInt64?, by device: String, now: Int64) throws {
    var removal = PlayQueue.Removal.undisturbed
    try change(version) { removal = $0.clear(all: all) }
    queueChanged("clear", by: device)
    follow(removal, by: device, now: now)
  }

  /// The item that played may have left the queue: the one in its place plays, or nothing.
  private mutating func follow(_ removal: PlayQueue.Removal, by device: String, now: Int64) {
    guard removal != .undisturbed else { return }
    guard let playing, !playing.isAdrift else {
      // Nobody hears it: what is current now waits to be resumed.
      self.playing = nil
      resumePosition = 0
      return
    }
    if case .next(let item) = removal {
      // What is over stays where it is, whatever stands at the queue's beginning.
      if playing.isOver { return }
      start(
        item, on: playing.deviceId, position: 0, isPaused: playing.status == .paused, action: .jump, by: device,
        now: now)
    } else {
      silence()
      tell(.stop, by: device, exceptItself: false)
    }
  }

  /// Where a jump leads.
  public enum Goal: Sendable, Equatable {
    case item(String)
    case index(Int)
  }

  public mutating func jump(
    to goal: Goal, position: Double, version: UInt64?, by device: String, now: Int64
  ) throws {
    guard position.isFinite, position >= 0 else { throw SessionError.positionOutOfRange }
    try change(version) {
      switch goal {
      case .item(let id): try $0.jump(to: id)
      case .index(let index): try $0.jump(toIndex: index)
      }
    }
    playCurrent(position: position, by: device, now: now)
  }

  public mutating func next(version: UInt64?, by device: String, now: Int64) throws {
    // Behind the last one comes the first, at which the queue stands already.
    try change(version) { [isOver = playing?.isOver ?? false] in if !isOver { _ = try $0.next() } }
    playCurrent(position: 0, by: device, now: now)
  }

  public mutating func previous(version: UInt64?, by device: String, now: Int64) throws {
    let position = playing?.position(at: now) ?? resumePosition
    try change(version) { [playing] in
      if let playing, playing.isOver, $0.contains(item: playing.item.id) {
        try $0.jump(to: playing.item.id)
      } else {
        try $0.previous(position: position)
      }
    }
    playCurrent(position: 0, by: device, now: now)
  }

  private mutating func playCurrent(position: Double, by device: String, now: Int64) {
    queueChanged("jump", by: device)
    guard let item = queue.current else { return }
    start(
      item, on: target(device), position: position, isPaused: false, action: .jump, by: device, now: now)
  }

  public mutating func shuffle(_ isShuffled: Bool, version: UInt64?, by device: String) throws {
    try change(version) {
      var generator = SystemRandomNumberGenerator()
      $0.setShuffle(isShuffled, using: &generator)
    }
    queueChanged("shuffle", by: device)
  }

  public mutating func setRepeat(_ mode: PlayQueue.RepeatMode, version: UInt64?, by device: String) throws {
    try change(version) { $0.setRepeat(mode) }
    queueChanged("repeat", by: device)
  }

  public mutating func setCrossfade(seconds: Double, by device: String) throws {
    try change(nil) { try $0.setCrossfade(seconds: seconds) }
    queueChanged("crossfade", by: device)
  }

  private mutating func change(_ version: UInt64?, _ body: (inout PlayQueue) throws -> Void) throws {
    try queue.check(version: version)
    try body(&queue)
  }
}
