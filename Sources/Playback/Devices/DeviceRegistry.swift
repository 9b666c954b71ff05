/// All devices of one user: who is online, which one plays, which play along, and what has been set for each.
///
/// A value without clock or I/O. Commands are atomic, and ``version`` grows by one with each that changed something.
/// A device that goes offline leaves the group but stays the active one: a phone in a tunnel comes back and plays on.
///
/// Up to ``PlaybackLimits/devicesPerUser`` devices are online, and up to ``PlaybackLimits/knownDevices`` known; beyond
/// that the one that has been offline longest, and isn't active, is forgotten. So is one that is not to be expected any
/// more (``forgetGone(at:)``).
public struct DeviceRegistry: Sendable, Equatable {
  /// What is known of a device, be it online or not.
  struct Known: Sendable, Equatable {
    var name: String
    var kind: PlaybackDevice.Kind
    var dataSaver: Bool
    var outputDelayMs: Double
    var settings = PlaybackDevice.Settings()
    /// What it can decode, while it is online.
    var codecs: Set<PlaybackDevice.Codec>?
    /// Grows with each going offline: the least has been away longest.
    var leftAt: UInt64 = 0
    /// When it went offline, Unix time in milliseconds; nil while it is online, and where that isn't known.
    var lastUsed: Int64?
    /// Whether its id ends with it, by its own word.
    var isTemporary = false
    /// Whether it has come back after it had been away for ``PlaybackLimits/visitMilliseconds``: its id lasts.
    var hasReturned = false

    /// Whether it is offline and not to be expected again.
    func isGone(at unixMilliseconds: Int64) -> Bool {
      guard codecs == nil else { return false }
      if isTemporary, !settings.isOwn { return true }
      guard let lastUsed else { return isTemporary }
      return unixMilliseconds - lastUsed >= patience
    }

    /// For how long it's expected again, in milliseconds.
    private var patience: Int64 {
      // A tab that lost its connection is still there, and what was set for it holds.
      if isTemporary { return PlaybackLimits.visitMilliseconds }
      let isPassing = !hasReturned && !settings.isOwn
      return isPassing ? PlaybackLimits.passingDeviceMilliseconds : PlaybackLimits.absentDeviceMilliseconds
    }
  }

  /// Grows by one with every change.
  public internal(set) var version: UInt64 = 0
  /// The device that plays; may be offline.
  public internal(set) var activeDeviceId: String?
  /// The devices that play along; all of them are online. The active one is in it only if it has joined as well.
  public internal(set) var group: Set<String> = []
  var known: [String: Known] = [:]
  /// How often a device has gone offline.
  var departures: UInt64 = 0

  public init() {}

  /// All known devices, by id.
  public var devices: [PlaybackDevice] { known.keys.sorted().compactMap { self[$0] } }

  /// How many devices are online.
  public var onlineCount: Int { known.values.count { $0.codecs != nil } }

  /// A device as it is now; nil for an unknown one.
  public subscript(deviceId: String) -> PlaybackDevice? {
    guard let known = known[deviceId] else { return nil }
    return PlaybackDevice(
      deviceId: deviceId, name: known.settings.name ?? known.name, kind: known.kind,
      volume: known.settings.volume ?? 1, outputDelayMs: known.settings.outputDelayMs ?? known.outputDelayMs,
      dataSaver: known.settings.dataSaver ?? known.dataSaver, codecs: known.codecs ?? [],
      isOnline: known.codecs != nil, isActive: deviceId == activeDeviceId, isInGroup: group.contains(deviceId),
      lastUsed: known.codecs == nil ? known.lastUsed : nil)
  }

  /// A device has connected, again perhaps; returns it with its settings.
  ///
  /// Throws `too_many_devices`, and `bad_request` for what no device can announce. A device with several connections
  /// connects with each; ``disconnect(_:at:)`` is for the last of them.
  /// - Parameter unixMilliseconds: now.
  @discardableResult
  public mutating func connect(
    _ deviceId: String, as announced: PlaybackDevice.Announcement, at unixMilliseconds: Int64
  ) throws(SessionError) -> PlaybackDevice {
    try Self.check(text: deviceId, "deviceId")
    try Self.check(
      PlaybackDevice.Settings(name: announced.name, outputDelayMs: announced.outputDelayMs))
    let former = known[deviceId]
    guard former?.codecs != nil || onlineCount < PlaybackLimits.devicesPerUser else { throw .tooManyDevices }
    let wasAway = former?.lastUsed.map { unixMilliseconds - $0 >= PlaybackLimits.visitMilliseconds } ?? false
    let now = Known(
      name: announced.name, kind: announced.kind, dataSaver: announced.dataSaver,
      outputDelayMs: announced.outputDelayMs, settings: former?.settings ?? PlaybackDevice.Settings(),
      codecs: announced.codecs, leftAt: former?.leftAt ?? 0, isTemporary: announced.isTemporary,
      hasReturned: wasAway || former?.hasReturned ?? false)
    if now != former {
      known[deviceId] = now
      forgetLongestAbsent()
      version += 1
    }
    return try device(deviceId)
  }

  /// A device has gone offline: it leaves the group. Returns whether it was the active one; does nothing for one that
  /// isn't online.
  /// - Parameter unixMilliseconds: now.
  @discardableResult
  public mutating func disconnect(_ deviceId: String, at unixMilliseconds: Int64) -> Bool {
    guard known[deviceId]?.codecs != nil else { return false }
    departures += 1
    known[deviceId]?.codecs = nil
    known[deviceId]?.leftAt = departures
    known[deviceId]?.lastUsed = unixMilliseconds
    group.remove(deviceId)
    version += 1
    return deviceId == activeDeviceId
  }

  /// Whether a device is connected.
  public func isOnline(_ deviceId: String) -> Bool { known[deviceId]?.codecs != nil }

  /// A device is not known any more, nor what was set for it; throws `unknown_device`, or `device_online` for one that
  /// is there.
  public mutating func forget(_ deviceId: String) throws(SessionError) {
    guard try !device(deviceId).isOnline else { throw .deviceOnline }
    discard(deviceId)
  }

  /// A device that is offline, and can't be known again, is not kept.
  public mutating func discard(_ deviceId: String) {
    guard let device = known[deviceId], device.codecs == nil else { return }
    known[deviceId] = nil
    if activeDeviceId == deviceId { activeDeviceId = nil }
    version += 1
  }

  /// Forgets who is offline and not to be expected again, but for the active one, whose sound goes on where it comes
  /// back.
  ///
  /// Who said that its id ends with it is forgotten at once or, if something was set for it, after
  /// ``PlaybackLimits/visitMilliseconds``; who came only once (as a private window does, whose id ends with it and which
  /// doesn't know that), and for whom nothing was set, after ``PlaybackLimits/passingDeviceMilliseconds``; all others
  /// after ``PlaybackLimits/absentDeviceMilliseconds``.
  /// - Parameter unixMilliseconds: now.
  public mutating func forgetGone(at unixMilliseconds: Int64) {
    let gone = known.filter { $0.key != activeDeviceId && $0.value.isGone(at: unixMilliseconds) }
    guard !gone.isEmpty else { return }
    for id in gone.keys { known[id] = nil }
    version += 1
  }

  /// The same devices, with a last use also of those that are online, in case they are not seen again.
  func seen(at unixMilliseconds: Int64) -> Self {
    var seen = self
    for (id, device) in known where device.codecs != nil { seen.known[id]?.lastUsed = unixMilliseconds }
    return seen
  }

  /// Makes an online device the active one; throws `unknown_device` or `device_offline`.
  public mutating func activate(_ deviceId: String) throws(SessionError) {
    try requireOnline(deviceId)
    guard deviceId != activeDeviceId else { return }
    activeDeviceId = deviceId
    version += 1
  }

  /// An online device plays along from now on; throws `unknown_device` or `device_offline`.
  public mutating func joinGroup(_ deviceId: String) throws(SessionError) {
    try requireOnline(deviceId)
    if group.insert(deviceId).inserted { version += 1 }
  }

  /// A device doesn't play along any more; throws `unknown_device`.
  public mutating func leaveGroup(_ deviceId: String) throws(SessionError) {
    _ = try device(deviceId)
    if group.remove(deviceId) != nil { version += 1 }
  }

  /// Sets what isn't nil for a device, online or not; returns it. Throws `unknown_device` or `bad_request`.
  @discardableResult
  public mutating func set(_ settings: PlaybackDevice.Settings, for deviceId: String) throws(SessionError)
    -> PlaybackDevice
  {
    guard let former = known[deviceId] else { throw .unknownDevice }
    try Self.check(settings)
    let now = settings.over(former.settings)
    if now != former.settings {
      known[deviceId]?.settings = now
      version += 1
    }
    return try device(deviceId)
  }

  static func check(_ settings: PlaybackDevice.Settings) throws(SessionError) {
    if let name = settings.name { try check(text: name, "name") }
    guard settings.volume.map((0...1).contains) ?? true else { throw .badRequest("volume is not between 0 and 1") }
    guard settings.outputDelayMs.map((0...PlaybackLimits.outputDelayMs).contains) ?? true else {
      throw .badRequest("outputDelayMs is not between 0 and \(Int(PlaybackLimits.outputDelayMs))")
    }
  }

  /// Bytes are bounded before characters are counted, for a character may have any number of them.
  static func check(text: String, _ field: String) throws(SessionError) {
    let most = PlaybackLimits.deviceTextCharacters
    guard !text.isEmpty, text.utf8.count <= 16 * most, text.count <= most else {
      throw .badRequest("\(field) has not 1 to \(most) characters")
    }
  }

  private func device(_ deviceId: String) throws(SessionError) -> PlaybackDevice {
    guard let device = self[deviceId] else { throw .unknownDevice }
    return device
  }

  /// Throws `unknown_device` or `device_offline`.
  public func requireOnline(_ deviceId: String) throws(SessionError) {
    guard try device(deviceId).isOnline else { throw .deviceOffline }
  }

  /// At most half of the known ones are online, so there is always one to forget.
  private mutating func forgetLongestAbsent() {
    while known.count > PlaybackLimits.knownDevices {
      let absent = known.filter { $0.value.codecs == nil && $0.key != activeDeviceId }
      guard let longest = absent.min(by: { $0.value.leftAt < $1.value.leftAt }) else { return }
      known[longest.key] = nil
    }
  }
}
