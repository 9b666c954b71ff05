/// Why a command to a session, its queue or its devices was refused, or what was stored of them could not be read.
/// Nothing has changed then.
public struct SessionError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What happened, by the protocol's own names.
  public struct Code: Sendable, Hashable {
    /// As it stands on the wire, such as `stale_version`.
    public let name: String

    init(_ name: String) {
      self.name = name
    }

    /// The client saw another version of the queue than the present one.
    public static let staleVersion = Self("stale_version")
    /// There is no further item.
    public static let queueEnded = Self("queue_ended")
    /// The queue would have more than ``PlaybackLimits/queueItems`` items.
    public static let queueFull = Self("queue_full")
    /// An item id that the queue doesn't have.
    public static let unknownItem = Self("unknown_item")
    /// A device that this user doesn't have.
    public static let unknownDevice = Self("unknown_device")
    /// Only a device that is online can do that.
    public static let deviceOffline = Self("device_offline")
    /// Only a device that is offline can be forgotten.
    public static let deviceOnline = Self("device_online")
    /// The user has ``PlaybackLimits/devicesPerUser`` devices online.
    public static let tooManyDevices = Self("too_many_devices")
    /// Nothing plays.
    public static let nothingPlays = Self("no_stream")
    /// A position that the track doesn't have.
    public static let positionOutOfRange = Self("position_out_of_range")
    /// A number out of range, a text that is empty or too long.
    public static let badRequest = Self("bad_request")
    /// What was stored is damaged, or of a format that this version doesn't know.
    public static let badData = Self("bad_data")
  }

  /// What happened.
  public let code: Code

  /// One sentence for people. Holds no id.
  public let message: String

  public var description: String { "\(code.name): \(message)" }

  /// Errors are equal when their codes are.
  public static func == (left: Self, right: Self) -> Bool { left.code == right.code }

  static let staleVersion = Self(code: .staleVersion, message: "the queue has changed since")
  static let queueEnded = Self(code: .queueEnded, message: "the queue has no further track")
  static let queueFull = Self(
    code: .queueFull, message: "a queue holds at most \(PlaybackLimits.queueItems) tracks")
  static let unknownItem = Self(code: .unknownItem, message: "the queue has no such item")
  static let unknownDevice = Self(code: .unknownDevice, message: "there is no such device")
  static let deviceOffline = Self(code: .deviceOffline, message: "the device is not connected")
  static let deviceOnline = Self(code: .deviceOnline, message: "the device is connected")
  static let tooManyDevices = Self(
    code: .tooManyDevices, message: "at most \(PlaybackLimits.devicesPerUser) devices can be connected")
  static let nothingPlays = Self(code: .nothingPlays, message: "nothing is playing")
  static let positionOutOfRange = Self(
    code: .positionOutOfRange, message: "the position is outside of the track")

  static func badRequest(_ message: String) -> Self { Self(code: .badRequest, message: message) }

  static func badData(_ message: String) -> Self { Self(code: .badData, message: message) }
}
