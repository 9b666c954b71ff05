/// What all devices of one user agree on: a version that grows by one with every change, and what the change was.
///
/// The queue, the active device and hand-over build on it; for now it is what a device needs to show what plays
/// elsewhere.
public struct SharedState: Sendable, Equatable {
  /// Grows by one with every change.
  public private(set) var version: UInt64 = 0
  /// The device that changed it last.
  public private(set) var deviceId: String?

  public init() {}

  /// Notes a change by `deviceId`; returns its version.
  public mutating func change(by deviceId: String) -> UInt64 {
    version += 1
    self.deviceId = deviceId
    return version
  }
}
