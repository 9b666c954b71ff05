/// What devices say of their own sound.
extension ListeningSession {
  /// What a device tells of a stream.
  public struct Sounding: Sendable, Equatable {
    public var streamId: String
    public var position: Double
    public var duration: Double
    public var quality: String
    public var codec: String

    public init(streamId: String, position: Double, duration: Double, quality: String, codec: String) {
      self.streamId = streamId
      self.position = position
      self.duration = duration
      self.quality = quality
      self.codec = codec
    }
  }

  /// What a device said of its stream, and which one that is.
  struct Report: Sendable {
    var order: UInt64
    var turn: UInt64
    var sounding: Sounding
  }

  /// A device has begun a track by itself (`play_track`): it is the queue now, and the device the active one. Returns
  /// the order under which it goes on.
  public mutating func devicePlayed(
    _ device: String, trackId: String, wish: QualityWish, _ sounding: Sounding, isPaused: Bool, now: Int64
  ) throws -> UInt64 {
    var generator = SystemRandomNumberGenerator()
    try queue.set(tracks: [trackId], using: &generator)
    guard let item = queue.current else { throw SessionError.nothingPlays }
    handover = nil
    before = nil
    announcement = nil
    failuresInRow = 0
    self.wish = wish
    resumePosition = 0
    dropGroup()
    var started = NowPlaying(
      item: item, deviceId: device, order: nextOrder(), status: isPaused ? .paused : .playing,
      anchorPosition: sounding.position, anchorNanoseconds: now)
    started.take(sounding)
    playing = started
    withSound.insert(device)
    activate(device)
    add(.queueChanged(reason: "play", except: nil))
    tell(.play, by: device)
    updateFollowing(force: true)
    add(.save)
    return started.order
  }

  /// A device plays what it was told to.
  public mutating func began(
    _ device: String, order: UInt64, turn: UInt64, _ sounding: Sounding, isPaused: Bool, now: Int64
  ) {
    guard var playing, playing.order == order, soundingDevices.contains(device) else { return }
    reported[device] = Report(order: order, turn: turn, sounding: sounding)
    guard turn == playing.turn else {
      // The group has gone on to the next track since the device was told to play along.
      return playAlong(device, playing, now: now)
    }
    let start = startAnchors.removeValue(forKey: device)
    if isGrouped, isPaused != (playing.status == .paused) || !(start.map(playing.isInStep) ?? false) {
      // The group has moved, or come about, since the device was told where to begin.
      add(.move(deviceId: device, .seek(meetingPoint(with: playing, now: now), isPaused: playing.status == .paused)))
    }
    guard playing.deviceId == device else { return }
    failuresInRow = 0
    before = nil
    playing.take(sounding)
    if !isGrouped {
      playing.move(to: sounding.position, at: now)
      playing.status = isPaused ? .paused : .playing
    } else if playing.status == .starting {
      playing.status = .playing
    }
    self.playing = playing
    if let handover, handover.to == device {
      self.handover = nil
    }
    if let announcement {
      self.announcement = nil
      // Also to whoever asked for it: the answer to a command comes before the sound does.
      tell(announcement.action, by: announcement.by, exceptItself: false)
    }
  }

  /// A device can't play what it was told to.
  /// - Parameter isTrackAtFault: whether no other device could either.
  public mutating func failed(_ device: String, order: UInt64, isTrackAtFault: Bool, now: Int64) {
    guard let playing, playing.order == order else { return }
    guard playing.deviceId == device else {
      leaveGroup(device)
      return
    }
    if let handover, handover.to == device {
      // The one that had it goes on as if nothing had been asked.
      return giveBack(handover.former)
    }
    if !isTrackAtFault, !isGrouped, let before {
      // Nobody has heard yet that it was to begin anew.
      self.before = nil
      announcement = nil
      self.playing = before
      return updateFollowing(force: true)
    }
    failuresInRow += 1
    let by = announcement?.by ?? device
    let version = queue.version
    if isTrackAtFault, failuresInRow < PlaybackLimits.failuresInRow, queue.repeatMode != .one,
      let item = queue.advance()
    {
      queueChanged("failed", by: nil)
      start(
        item, on: device, position: 0, isPaused: playing.status == .paused, action: .jump, by: by, now: now)
      return
    }
    failuresInRow = 0
    silence()
    if queue.version != version { queueChanged("failed", by: nil) }
    tell(.stop, by: by, exceptItself: false)
  }

  /// A hand-over has come to nothing: what played before plays on.
  mutating func giveBack(_ former: NowPlaying) {
    handover = nil
    announcement = nil
    playing = former
    activate(former.deviceId)
    tell(.transfer, by: former.deviceId, exceptItself: false)
    updateFollowing(force: true)
  }

  /// The active device moved its own sound, by its own wish or a remote's.
  /// - Parameter order: of the start that it moved; nil if the device doesn't know it yet.
  public mutating func moved(
    _ device: String, _ action: SessionAction, order: UInt64?, position: Double, isPlaying: Bool, by: String, now: Int64
  ) {
    guard var playing, playing.deviceId == device, order == nil || order == playing.order else { return }
    if case .quality(let quality, let codec) = action {
      // Nothing of it is kept, and `auto` may change it every few seconds.
      playing.quality = quality
      playing.codec = codec
      self.playing = playing
      return tell(action, by: by)
    }
    playing.move(to: position, at: now)
    if playing.status != .starting || !isPlaying { playing.status = isPlaying ? .playing : .paused }
    self.playing = playing
    if case .seek = action { takeUpAgain() }
    tell(action, by: by)
    add(.save)
  }

  /// What had been heard to its end is sought in: it plays again, and the queue, which stood at its beginning, is there.
  mutating func takeUpAgain() {
    guard let item = playing?.item, playing?.isOver == true else { return }
    playing?.isOver = false
    guard queue.contains(item: item.id) else { return }
    do { try queue.jump(to: item.id) } catch { return assertionFailure("it is there") }
    queueChanged("jump", by: nil)
  }

  /// The listener's wish for quality; what follows has it too.
  public mutating func wishes(_ wish: QualityWish) {
    self.wish = wish
    updateFollowing()
    add(.save)
  }

  /// A device has fallen silent by a command.
  /// - Parameter order: as in ``moved(_:_:order:position:isPlaying:by:now:)``.
  public mutating func stopped(_ device: String, order: UInt64?, by: String) {
    guard let playing, playing.deviceId == device, order == nil || order == playing.order else { return }
    silence()
    tell(.stop, by: by)
  }

  /// A device went on, without a gap, to what follows.
  /// - Parameter turn: of what it plays now.
  public mutating func advanced(
    _ device: String, order: UInt64, turn: UInt64, itemId: String, _ sounding: Sounding, now: Int64
  ) {
    reported[device] = Report(order: order, turn: turn, sounding: sounding)
    guard var playing, playing.deviceId == device, playing.order == order, playing.turn + 1 == turn else { return }
    if queue.peekAfterCurrent()?.id == itemId {
      _ = queue.advance()
    } else {
      // It was changed at the last moment: what sounds is what counts, if it is still there.
      do { try queue.jump(to: itemId) } catch {
        guard let item = queue.current else { return }
        start(item, on: device, position: 0, isPaused: false, action: .jump, by: device, now: now)
        return
      }
    }
    guard let item = queue.current else { return }
    playing.item = item
    playing.turn = turn
    playing.take(sounding)
    playing.move(to: sounding.position, at: now)
    playing.status = .playing
    self.playing = playing
    failuresInRow = 0
    add(.queueChanged(reason: "advance", except: nil))
    tell(.advance, by: device, exceptItself: false)
    updateFollowing(force: true)
    add(.save)
  }

  /// A device has played its track to the end, and nothing follows that it knows of.
  public mutating func ended(_ device: String, order: UInt64, now: Int64) {
    if before?.order == order { before = nil }
    guard let playing, playing.deviceId == device, playing.order == order else { return }
    // An item that is no longer in the queue has nothing behind it.
    if queue.current == playing.item, let item = queue.advance() {
      queueChanged("advance", by: nil)
      start(item, on: device, position: 0, isPaused: false, action: .advance, by: device, now: now)
      return
    }
    // What has ended stays where it is: it can be sought in, and played again.
    var over = playing
    over.move(to: playing.duration ?? playing.position(at: now), at: now)
    over.status = .paused
    over.isOver = true
    self.playing = over
    queueChanged("end", by: nil)
    tell(.end, by: device, exceptItself: false)
  }
}

extension NowPlaying {
  mutating func take(_ sounding: ListeningSession.Sounding) {
    streamId = sounding.streamId
    duration = sounding.duration
    quality = sounding.quality
    codec = sounding.codec
  }
}
