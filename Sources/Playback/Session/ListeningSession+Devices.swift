/// Devices that come and go, hand over, and play together.
extension ListeningSession {
  /// - Parameter unixMilliseconds: now, by the wall clock.
  public mutating func connect(
    _ deviceId: String, as announced: PlaybackDevice.Announcement, unixMilliseconds: Int64
  ) throws {
    try devices.connect(deviceId, as: announced, at: unixMilliseconds)
    devicesChanged()
    // Behind that: who comes back late is still known.
    forgetGone(unixMilliseconds: unixMilliseconds)
  }

  /// Forgets devices that are not to be expected again. Whoever replaces itself on another connection has not gone, so
  /// this is apart from ``disconnect(_:isKept:now:unixMilliseconds:)``.
  /// - Parameter unixMilliseconds: now, by the wall clock.
  public mutating func forgetGone(unixMilliseconds: Int64) {
    let version = devices.version
    devices.forgetGone(at: unixMilliseconds)
    if devices.version != version { devicesChanged() }
  }

  /// Forgets a device that is offline, and what was set for it.
  public mutating func forget(_ device: String) throws {
    try devices.forget(device)
    devicesChanged()
    add(.save)
  }

  /// A device has gone. Its sound has gone with it, unless others play along.
  /// - Parameters:
  ///   - isKept: whether it can come back as the same one.
  ///   - unixMilliseconds: the same moment as `now`, by the wall clock.
  public mutating func disconnect(_ device: String, isKept: Bool, now: Int64, unixMilliseconds: Int64) {
    guard devices.isOnline(device) else { return }
    let wasGrouped = isGrouped
    withSound.remove(device)
    devices.disconnect(device, at: unixMilliseconds)
    if !isKept { devices.discard(device) }
    defer { devicesChanged() }
    if let handover, handover.to == device, devices.isOnline(handover.former.deviceId) {
      return giveBack(handover.former)
    }
    if handover?.former.deviceId == device || handover?.to == device { handover = nil }
    guard var playing, playing.deviceId == device else {
      if wasGrouped, !isGrouped { dissolveGroup() }
      return
    }
    if let other = devices.group.sorted().first(where: { devices.isOnline($0) }) {
      passOn(to: other)
      if !isGrouped { dissolveGroup() }
      tell(.transfer, by: device, exceptItself: false)
      return
    }
    before = nil
    playing.move(to: playing.position(at: now), at: now)
    playing.status = .paused
    playing.streamId = nil
    playing.isAdrift = true
    self.playing = playing
    tell(.pause, by: device)
    add(.save)
  }

  /// Whether what plays can be moved (paused, sought …) where it is.
  public var activeSound: NowPlaying? {
    guard let playing, !playing.isAdrift else { return nil }
    return playing
  }

  /// The session goes to another device, at the position at which it is. Returns that position.
  public mutating func transfer(to device: String, play: Bool?, by: String, now: Int64) throws -> Double {
    try devices.requireOnline(device)
    guard let playing, !playing.isOver else {
      guard let item = queue.current else {
        activate(device)
        return 0
      }
      let position = resumePosition
      start(
        item, on: device, position: position, isPaused: !(play ?? false), action: .transfer, by: by, now: now)
      return position
    }
    let position = playing.position(at: now)
    let isPaused = play.map { !$0 } ?? (playing.status == .paused)
    if playing.deviceId == device, !playing.isAdrift {
      // It is there already: it plays or stands as is asked for.
      guard isPaused != (playing.status == .paused) else { return position }
      if isGrouped { return isPaused ? try pauseGroup(by: by, now: now) : try resumeGroup(by: by, now: now) }
      start(
        playing.item, on: device, position: position, isPaused: isPaused, action: isPaused ? .pause : .resume, by: by,
        now: now)
      return position
    }
    if handover == nil, soundingDevices.contains(device), isGrouped {
      // It sounds already: only who is the active one changes.
      passOn(to: device)
      tell(.transfer, by: by, exceptItself: false)
      return position
    }
    start(playing.item, on: device, position: position, isPaused: isPaused, action: .transfer, by: by, now: now)
    return position
  }

  /// In a group, another device that sounds becomes the active one, and its stream is the session's.
  private mutating func passOn(to device: String) {
    guard var playing else { return }
    playing.deviceId = device
    if let report = reported[device], report.order == playing.order, report.turn == playing.turn {
      playing.take(report.sounding)
      if playing.status == .starting {
        playing.status = .playing
        announcement = nil
      }
    }
    self.playing = playing
    activate(device)
  }

  /// Goes on with what is paused and has no stream (any more), on the device that asks; or begins the queue anew where
  /// it has come to its end.
  public mutating func resumeHere(_ device: String, now: Int64) throws {
    var (item, position, target) = (queue.current, resumePosition, device)
    if let playing {
      if !playing.isOver { (item, position) = (playing.item, playing.position(at: now)) }
      if !playing.isAdrift, devices.isOnline(playing.deviceId) { target = playing.deviceId }
    }
    guard let item else { throw SessionError.nothingPlays }
    playing = nil
    start(item, on: target, position: position, isPaused: false, action: .resume, by: device, now: now)
  }

  public mutating func changeSettings(of device: String, _ settings: PlaybackDevice.Settings, by: String) throws {
    try devices.set(settings, for: device)
    // A slider that is drawn tells its volume, thirty times a second, and nothing else.
    if settings != PlaybackDevice.Settings(volume: settings.volume) { devicesChanged() }
    if let volume = settings.volume { tell(.volume(volume, deviceId: device), by: by) }
    add(.save)
  }

  // MARK: - Playing together

  /// A device plays along with the active one.
  public mutating func joinGroup(_ device: String, heard: TimelineAnchor?, by: String, now: Int64) throws {
    try devices.requireOnline(device)
    let wasGrouped = isGrouped
    try devices.joinGroup(device)
    if let active = activeSound?.deviceId { try devices.joinGroup(active) }
    devicesChanged()
    guard var playing = activeSound, device != playing.deviceId || !wasGrouped, isGrouped else {
      return
    }
    if !wasGrouped, playing.status == .playing, let heard {
      // Where the device really is: it doesn't have to move for the others.
      playing.move(to: heard.position, at: heard.nanoseconds)
      self.playing = playing
    }
    if device != playing.deviceId { playAlong(device, playing, now: now) }
    if !wasGrouped { add(.move(deviceId: playing.deviceId, .timeline(playing.anchor))) }
    updateFollowing(force: true)
  }

  /// Has a device begin where the others will be in a moment.
  mutating func playAlong(_ device: String, _ playing: NowPlaying, now: Int64) {
    let anchor = meetingPoint(with: playing, now: now)
    add(
      .play(
        deviceId: device,
        PlayOrder(
          order: playing.order, turn: playing.turn, item: playing.item, position: anchor.position,
          isPaused: playing.status == .paused,
          wish: wish, anchor: anchor)))
  }

  /// Where a device falls in with the others: ahead by what it needs to get there.
  func meetingPoint(with playing: NowPlaying, now: Int64) -> TimelineAnchor {
    guard playing.status != .paused else { return playing.anchor }
    let start = max(now + PlaybackLimits.groupLead, playing.anchorNanoseconds)
    // The line runs from its anchor on, also while the first device is still getting there.
    let position = playing.anchorPosition + Double(start - playing.anchorNanoseconds) / 1e9
    return TimelineAnchor(position: min(position, playing.duration ?? position), nanoseconds: start)
  }

  /// A device no longer plays along. The active one hands the session on if it is the one that leaves.
  public mutating func leaveGroup(_ device: String) {
    guard devices.group.contains(device) else { return }
    let wasSounding = soundingDevices.contains(device) && isGrouped
    leave(device)
    if wasSounding, let playing {
      if playing.deviceId == device, let other = devices.group.sorted().first {
        passOn(to: other)
      }
      if !isGrouped { dissolveGroup() }
    }
    devicesChanged()
  }

  /// Nobody plays along any more.
  mutating func dropGroup() {
    guard !devices.group.isEmpty else { return }
    for member in devices.group { leave(member) }
    devicesChanged()
  }

  /// A member, which is known, leaves.
  private mutating func leave(_ device: String) {
    do { try devices.leaveGroup(device) } catch { return assertionFailure("a member is known") }
  }

  private mutating func dissolveGroup() {
    for member in devices.group { leave(member) }
    if let playing { add(.move(deviceId: playing.deviceId, .timeline(nil))) }
  }

  /// Pauses all devices of a group at the same sample. Returns the position.
  public mutating func pauseGroup(by: String, now: Int64) throws -> Double {
    guard var playing else { throw SessionError.nothingPlays }
    let moment = now + PlaybackLimits.groupPauseLead
    let position = playing.position(at: moment)
    playing.move(to: position, at: moment)
    playing.status = .paused
    moveGroup(&playing, .pause(playing.anchor), .pause, by: by)
    return position
  }

  public mutating func resumeGroup(by: String, now: Int64) throws -> Double {
    guard var playing else { throw SessionError.nothingPlays }
    let position = playing.position(at: now)
    playing.move(to: position, at: now + PlaybackLimits.groupLead)
    playing.status = .playing
    moveGroup(&playing, .resume(playing.anchor), .resume, by: by)
    return position
  }

  public mutating func seekGroup(to position: Double, by: String, now: Int64) throws -> Double {
    guard var playing else { throw SessionError.nothingPlays }
    guard position.isFinite, position >= 0, position <= playing.duration ?? .infinity else {
      throw SessionError.positionOutOfRange
    }
    playing.move(to: position, at: now + PlaybackLimits.groupLead)
    defer { takeUpAgain() }
    moveGroup(&playing, .seek(playing.anchor, isPaused: playing.status == .paused), .seek(epoch: nil), by: by)
    return position
  }

  /// Falls silent on all devices.
  public mutating func stopAll(by: String) {
    silence()
    tell(.stop, by: by)
  }

  private mutating func moveGroup(
    _ playing: inout NowPlaying, _ move: GroupMove, _ action: SessionAction, by: String
  ) {
    self.playing = playing
    for device in soundingDevices { add(.move(deviceId: device, move)) }
    tell(action, by: by)
    add(.save)
  }
}
