/// What all devices of one listener share: a queue, what plays, and where.
///
/// A state machine without I/O and without a clock: commands and reports of devices come in with the time, in monotonic
/// nanoseconds, and what is to be done is collected as ``SessionEffect``s, which the caller takes with ``takeEffects()``
/// and carries out in order. A command that throws has changed nothing.
///
/// The device that plays is the authority on its own sound (pause, resume, seek, position): it acts at once and reports.
/// The session is the authority on everything else: which item, which device, what follows. In a group nobody acts
/// alone: every movement comes from here with a moment at which it happens.
public struct ListeningSession: Sendable {
  public internal(set) var queue: PlayQueue
  public internal(set) var devices: DeviceRegistry
  public internal(set) var playing: NowPlaying?
  public internal(set) var wish = QualityWish()
  /// Grows by one with everything that `sync_state` tells.
  public internal(set) var version: UInt64 = 0
  /// Where a session that was kept had got to, until something plays.
  public internal(set) var resumePosition: Double = 0
  /// The device that has lately been told to take over, and what plays, elsewhere, until it does.
  var handover: (to: String, former: NowPlaying)?
  /// What sounds on a device that has been told to begin the same item anew: it plays on if that is refused.
  var before: NowPlaying?
  /// Where each device of a group was told to begin, until it has.
  var startAnchors: [String: TimelineAnchor] = [:]
  /// What is told when a device that was told to play does so.
  var announcement: (action: SessionAction, by: String)?
  /// Tracks in a row that could not be played.
  var failuresInRow = 0
  /// Devices that have a stream, as far as the session knows.
  var withSound: Set<String> = []
  /// What each of them last said of it.
  var reported: [String: Report] = [:]
  /// The device that was the active one when effects were last taken; while it hands over, the one that does.
  private var soundOwner: String?
  private var orders: UInt64 = 0
  private var effects: [SessionEffect] = []
  private var lastFollowing: Following?

  public init() {
    queue = PlayQueue()
    devices = DeviceRegistry()
  }

  /// What is to be done, in order; nothing is left behind.
  public mutating func takeEffects() -> [SessionEffect] {
    silenceOthers()
    defer { effects.removeAll() }
    return effects
  }

  mutating func add(_ effect: SessionEffect) {
    if case .play(let device, let order) = effect {
      withSound.insert(device)
      startAnchors[device] = order.anchor
    }
    effects.append(effect)
  }

  /// Whoever has been told to play, and isn't to sound any more, is told to stop: the one place where that happens.
  private mutating func silenceOthers() {
    var wanted = Set(soundingDevices)
    if let handover { wanted.insert(handover.former.deviceId) }
    for device in withSound.subtracting(wanted).sorted() {
      let isTransfer = playing != nil && device == soundOwner
      effects.append(.stop(deviceId: device, reason: isTransfer ? .transferred : .stopped))
    }
    if handover == nil { soundOwner = playing?.deviceId }
    withSound.formIntersection(wanted)
    if !reported.isEmpty { reported = reported.filter { withSound.contains($0.key) } }
  }

  mutating func tell(_ action: SessionAction, by device: String, exceptItself: Bool = true) {
    version += 1
    add(.stateChanged(action, by: device, except: exceptItself ? device : nil))
  }

  mutating func devicesChanged() { add(.devicesChanged) }

  /// Devices that sound now: the active one, and whoever plays along.
  public var soundingDevices: [String] {
    guard let playing, !playing.isAdrift else { return [] }
    return [playing.deviceId] + devices.group.filter { $0 != playing.deviceId }.sorted()
  }

  /// Whether devices play together, so that nobody moves alone.
  public var isGrouped: Bool { soundingDevices.count > 1 }

  /// Begins an item on a device, and on all that play along.
  mutating func start(
    _ item: PlayQueue.Item, on device: String, position: Double, isPaused: Bool, action: SessionAction, by: String,
    now: Int64
  ) {
    let former = handover?.former ?? playing
    before = (before ?? playing).flatMap { sounding in
      let isAgain = sounding.item == item && sounding.deviceId == device && sounding.streamId != nil
      return isAgain && !sounding.isOver && !isGrouped ? sounding : nil
    }
    handover = nil
    resumePosition = 0
    orders += 1
    playing = NowPlaying(
      item: item, deviceId: device, order: orders, status: isPaused ? .paused : .starting,
      anchorPosition: position, anchorNanoseconds: now)
    if action == .transfer, let former, former.deviceId != device, devices.isOnline(former.deviceId),
      former.streamId != nil, !soundingDevices.contains(former.deviceId)
    {
      // It plays on until the other one does.
      handover = (to: device, former: former)
    }
    activate(device)
    announcement = (action, by)
    lastFollowing = nil
    let anchor = isGrouped ? TimelineAnchor(position: position, nanoseconds: now + PlaybackLimits.groupLead) : nil
    if let anchor { playing?.move(to: anchor.position, at: anchor.nanoseconds) }
    for device in soundingDevices {
      add(
        .play(
          deviceId: device,
          PlayOrder(
            order: orders, turn: 0, item: item, position: position, isPaused: isPaused, wish: wish, anchor: anchor)))
    }
    updateFollowing()
    add(.save)
  }

  /// The number of a start that a device made by itself.
  mutating func nextOrder() -> UInt64 {
    orders += 1
    return orders
  }

  mutating func activate(_ device: String) {
    guard devices.activeDeviceId != device else { return }
    // A device that has gone meanwhile can't be active; its own farewell sees to the rest.
    do { try devices.activate(device) } catch { return }
    devicesChanged()
  }

  /// Falls silent everywhere.
  mutating func silence() {
    handover = nil
    before = nil
    announcement = nil
    playing = nil
    resumePosition = 0
    add(.save)
  }

  /// Tells the devices that sound what follows, if that is something else than they know.
  mutating func updateFollowing(force: Bool = false) {
    guard let playing else { return }
    // What has ended stands where it is, and the queue at its beginning: nothing follows.
    let item = queue.current == playing.item ? queue.peekAfterCurrent() : nil
    let following = Following(
      item: item, crossfade: queue.crossfadeSeconds, wish: wish, order: playing.order, turn: playing.turn)
    guard force || following != lastFollowing else { return }
    lastFollowing = following
    for device in soundingDevices { add(.follow(deviceId: device, following)) }
  }

  /// The queue has changed: everybody is told, and the devices prepare something else if what follows has changed.
  mutating func queueChanged(_ reason: String, by device: String?) {
    add(.queueChanged(reason: reason, except: device))
    updateFollowing()
    add(.save)
  }
}
