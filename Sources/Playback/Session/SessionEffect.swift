/// What a session wants done, in this order.
public enum SessionEffect: Sendable, Equatable {
  /// A device begins a track in place of whatever it plays.
  case play(deviceId: String, PlayOrder)
  /// A device falls silent.
  case stop(deviceId: String, reason: StopReason)
  /// A device of a group moves its sound: pauses at, goes on from, or jumps to a position at a moment.
  case move(deviceId: String, GroupMove)
  /// What follows the track that a device plays has changed.
  case follow(deviceId: String, Following)
  /// All devices but `except` are told of the queue.
  case queueChanged(reason: String, except: String?)
  /// All devices are told which devices there are.
  case devicesChanged
  /// All devices but `except` are told of an action and of what plays after it.
  case stateChanged(SessionAction, by: String, except: String?)
  /// What survives a restart has changed.
  case save
}

/// Why a device falls silent.
public enum StopReason: String, Sendable, Equatable {
  case stopped, transferred
}

/// What a device is to play.
public struct PlayOrder: Sendable, Equatable {
  public var order: UInt64
  public var turn: UInt64
  public var item: PlayQueue.Item
  public var position: Double
  public var isPaused: Bool
  public var wish: QualityWish
  /// In a group: where it is to be when.
  public var anchor: TimelineAnchor?
}

/// What is heard behind the present track, without a gap.
public struct Following: Sendable, Equatable {
  public var item: PlayQueue.Item?
  /// Seconds by which it begins before the end.
  public var crossfade: Double
  public var wish: QualityWish
  /// The start, and the track since it, that it follows.
  public var order: UInt64
  public var turn: UInt64
}

/// One movement of all devices of a group.
public enum GroupMove: Sendable, Equatable {
  case pause(TimelineAnchor)
  case resume(TimelineAnchor)
  case seek(TimelineAnchor, isPaused: Bool)
  /// The timeline is as before; the device is told of it, or (nil) that it plays freely now.
  case timeline(TimelineAnchor?)
}

/// What happened, as `sync_state` tells it.
public enum SessionAction: Sendable, Equatable {
  case play, pause, resume, stop, jump, transfer, advance, end, hello
  /// - epoch: of the stream, where it is one device's.
  case seek(epoch: UInt32?)
  case quality(quality: String, codec: String)
  case volume(Double, deviceId: String)

  public var name: String {
    switch self {
    case .play: "play"
    case .pause: "pause"
    case .resume: "resume"
    case .seek: "seek"
    case .stop: "stop"
    case .jump: "jump"
    case .transfer: "transfer"
    case .advance: "advance"
    case .end: "end"
    case .hello: "hello"
    case .quality: "quality"
    case .volume: "volume"
    }
  }
}
