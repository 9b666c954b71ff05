/// Why a command to a user's devices was refused, or stored settings could not be read. Nothing has changed.
public struct DeviceError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What happened, by the protocol's own names.
  public struct Code: Sendable, Hashable {
    /// The stable name: `unknown_device`, `device_offline`, `too_many_devices`, `bad_request`, `bad_data`.
    public let name: String

    init(_ name: String) {
      self.name = name
    }

    /// A device that this user doesn't have.
    public static let unknownDevice = Self("unknown_device")
    /// Only a device that is online can do that.
    public static let deviceOffline = Self("device_offline")
    /// The user has ``PlaybackLimits/devicesPerUser`` devices online.
    public static let tooManyDevices = Self("too_many_devices")
    /// A number out of range, a text that is empty or too long.
    public static let badRequest = Self("bad_request")
    /// Stored settings that are damaged, or of a format that this version doesn't know.
    public static let badData = Self("bad_data")
  }

  /// What happened.
  public let kind: Code

  /// One sentence for people. Holds no id.
  public let message: String

  /// The stable name of ``kind``.
  public var code: String { kind.name }

  public var description: String { "\(code): \(message)" }

  /// Errors are equal when their codes are.
  public static func == (left: Self, right: Self) -> Bool { left.kind == right.kind }

  static let unknownDevice = Self(kind: .unknownDevice, message: "There is no such device.")
  static let deviceOffline = Self(kind: .deviceOffline, message: "The device is not connected.")
  static let tooManyDevices = Self(
    kind: .tooManyDevices, message: "At most \(PlaybackLimits.devicesPerUser) devices can be connected.")

  static func badRequest(_ message: String) -> Self { Self(kind: .badRequest, message: message) }

  static func badData(_ message: String) -> Self { Self(kind: .badData, message: message) }
}
