/// What of a listener's session survives a restart.
public struct KeptSession: Sendable, Equatable, Codable {
  public var queue: PlayQueue
  public var devices: DeviceRegistry
  public var wish: QualityWish
  public var version: UInt64
  /// Seconds into the current item.
  public var position: Double

  public init(queue: PlayQueue, devices: DeviceRegistry, wish: QualityWish, version: UInt64, position: Double) {
    self.queue = queue
    self.devices = devices
    self.wish = wish
    self.version = version
    self.position = position
  }
}

extension ListeningSession {
  /// What is to be kept of it.
  public func kept(now: Int64) -> KeptSession {
    KeptSession(
      queue: queue, devices: devices, wish: wish, version: version,
      position: playing?.position(at: now) ?? resumePosition)
  }

  /// Takes up what was kept. Before the first device connects.
  public mutating func restore(_ kept: KeptSession) {
    queue = kept.queue
    devices = kept.devices
    wish = kept.wish
    version = kept.version
    resumePosition = kept.position.isFinite ? max(0, kept.position) : 0
  }
}
