/// What a listener hears, or would if it weren't paused, on whatever device.
///
/// Times are monotonic nanoseconds of the caller's clock, positions seconds of the source.
public struct NowPlaying: Sendable, Equatable {
  public enum Status: String, Sendable {
    /// A device has been told to play, and has not said that it does.
    case starting
    case playing, paused
  }

  public internal(set) var item: PlayQueue.Item
  /// The device that plays; in a group, the one that is the session's active.
  public internal(set) var deviceId: String
  /// Which start this is: grows with each, so that an answer to an earlier one is known as such.
  public internal(set) var order: UInt64
  /// Which track since that start: grows with each that its devices went on to by themselves.
  public internal(set) var turn: UInt64 = 0
  public internal(set) var status: Status
  public internal(set) var streamId: String?
  public internal(set) var duration: Double?
  public internal(set) var quality: String?
  public internal(set) var codec: String?
  /// Its device has gone, and its stream with it: it waits to be resumed, there or elsewhere.
  var isAdrift = false
  /// It was the queue's last, and has been heard to its end: pressing play begins the queue anew.
  public internal(set) var isOver = false
  /// Where it was at `anchorNanoseconds`.
  var anchorPosition: Double
  var anchorNanoseconds: Int64

  /// Where it is, in seconds.
  public func position(at now: Int64) -> Double {
    guard status == .playing, now > anchorNanoseconds else { return anchorPosition }
    let position = anchorPosition + Double(now - anchorNanoseconds) / 1e9
    return min(position, duration ?? position)
  }

  /// The line on which all devices of a group are: a position and the moment at which it is heard.
  public var anchor: TimelineAnchor { TimelineAnchor(position: anchorPosition, nanoseconds: anchorNanoseconds) }

  /// Whether a device that is at `anchor` is where this is, within a tenth of a millisecond.
  func isInStep(with anchor: TimelineAnchor) -> Bool {
    var difference = anchor.position - anchorPosition
    if status != .paused { difference -= Double(anchor.nanoseconds - anchorNanoseconds) / 1e9 }
    return abs(difference) < 1e-4
  }

  mutating func move(to position: Double, at now: Int64) {
    anchorPosition = position
    anchorNanoseconds = now
  }
}

/// A position and the moment at which it is heard.
public struct TimelineAnchor: Sendable, Equatable {
  /// Seconds.
  public var position: Double
  /// Monotonic nanoseconds of the server.
  public var nanoseconds: Int64

  public init(position: Double, nanoseconds: Int64) {
    self.position = position
    self.nanoseconds = nanoseconds
  }
}

/// The quality that the listener wishes, for this track and those behind it.
public struct QualityWish: Sendable, Equatable, Codable {
  /// A tier, a bitrate or a rendition's name; nil for what plays when nobody says anything.
  public var quality: String?
  public var codec: String?

  public init(quality: String? = nil, codec: String? = nil) {
    self.quality = quality
    self.codec = codec
  }
}
