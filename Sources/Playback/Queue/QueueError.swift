/// Why a command to the queue was refused, or a stored queue could not be read. The queue is as it was.
public struct QueueError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What happened, by the protocol's own names.
  public struct Code: Sendable, Hashable {
    /// The stable name: `stale_version`, `queue_ended`, `queue_full`, `unknown_item`, `bad_request`, `bad_data`.
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
    /// An index out of range, a number that isn't allowed, a text that is too long.
    public static let badRequest = Self("bad_request")
    /// A stored queue that is damaged, or of a format that this version doesn't know.
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

  static let staleVersion = Self(kind: .staleVersion, message: "The queue has changed since.")
  static let queueEnded = Self(kind: .queueEnded, message: "The queue has no further track.")
  static let queueFull = Self(
    kind: .queueFull, message: "A queue holds at most \(PlaybackLimits.queueItems) tracks.")
  static let unknownItem = Self(kind: .unknownItem, message: "The queue has no such item.")

  static func badRequest(_ message: String) -> Self { Self(kind: .badRequest, message: message) }

  static func badData(_ message: String) -> Self { Self(kind: .badData, message: message) }
}
