/// What of a listener's session survives a restart.
public struct KeptSession: Sendable, Equatable, Codable {
  public var queue: PlayQueue
  public var devices: DeviceRegistry
  public var wish: QualityWish
  public var version: UInt64
  /// Seconds into the current item, at the moment when this was kept.
  public var position: Double
  /// What was sounding then, and would go on unkept; nil if nothing was.
  public var sounding: Sounding?

  /// Sound that went on after a session was kept.
  public struct Sounding: Sendable, Equatable, Codable {
    /// When it was kept, Unix time in milliseconds.
    public var since: Double
    /// The length of what was sounding, in seconds.
    public var duration: Double
  }

  /// Where the listener was when the server ended, in seconds.
  /// - Parameter end: the last sign of life of the server that kept this, Unix time in milliseconds; nil if it isn't
  ///   known, or if the server still lives.
  func position(at end: Double?) -> Double {
    guard position.isFinite else { return 0 }
    guard let sounding, let end, end > sounding.since else { return max(0, position) }
    // Had the track ended, that would have been kept.
    let most = max(position, sounding.duration - 1)
    return max(0, min(position + (end - sounding.since) / 1_000, most))
  }
}

extension KeptSession {
  /// Throws ``SessionError`` with `bad_data` for what no session writes (a decoder throws its own error for what isn't
  /// even its syntax). A position that makes no sense is none, and takes no queue with it.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    queue = try container.decode(PlayQueue.self, forKey: .queue)
    devices = try container.decode(DeviceRegistry.self, forKey: .devices)
    wish = try container.decode(QualityWish.self, forKey: .wish)
    version = try container.decode(UInt64.self, forKey: .version)
    position = try container.decode(Double.self, forKey: .position)
    sounding = try container.decodeIfPresent(Sounding.self, forKey: .sounding)
    guard version <= PlaybackLimits.mostVersion else { throw SessionError.badData("a number is out of range") }
  }
}

extension ListeningSession {
  /// What is to be kept of it.
  /// - Parameter unixMilliseconds: the same moment as `now`, by the wall clock.
  public func kept(now: Int64, unixMilliseconds: Double) -> KeptSession {
    var sounding: KeptSession.Sounding?
    if let playing, playing.status == .playing, let duration = playing.duration {
      sounding = KeptSession.Sounding(since: unixMilliseconds, duration: duration)
    }
    return KeptSession(
      queue: queue, devices: devices.seen(at: Int64(unixMilliseconds)), wish: wish, version: version,
      position: playing.map { $0.isOver ? 0 : $0.position(at: now) } ?? resumePosition, sounding: sounding)
  }

  /// Takes up what was kept. Before the first device connects.
  /// - Parameter end: the last sign of life of the server that kept it, if it was another; Unix time in milliseconds.
  public mutating func restore(_ kept: KeptSession, end: Double? = nil) {
    queue = kept.queue
    devices = kept.devices
    wish = kept.wish
    version = kept.version
    resumePosition = kept.position(at: end)
  }
}
