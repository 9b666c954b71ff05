import AudioCodec

/// Why there is no sound.
public struct SegmentError: Error, Sendable, CustomStringConvertible {
  /// What went wrong; more may be added.
  public enum Code: String, Sendable {
    /// The file has gone, or can't be opened.
    case unavailable
    /// The file is there, but its sound can't be decoded.
    case undecodable
    /// To decode its sound takes longer than a file may take.
    case timedOut = "timed_out"
    /// No encoder slot: try again after `retryAfterMilliseconds`.
    case busy
    /// Nobody wanted it any more.
    case cancelled
    /// The server is going down.
    case shuttingDown
    /// It was made ahead of need, and the disk doesn't take it.
    case notKept = "not_kept"
    /// A fault of ours.
    case failed
  }

  public let code: Code
  /// For people; no path in it.
  public let message: String
  /// Set with `busy`.
  public let retryAfterMilliseconds: Int?

  public init(_ code: Code, _ message: String, retryAfterMilliseconds: Int? = nil) {
    self.code = code
    self.message = message
    self.retryAfterMilliseconds = retryAfterMilliseconds
  }

  /// The refusal of one that came when every slot was taken.
  static func busy(_ message: String) -> SegmentError {
    SegmentError(.busy, message, retryAfterMilliseconds: SegmentLimits.retryAfterMilliseconds)
  }

  /// The end of what everybody has given up.
  static let nobodyWaits = SegmentError(.cancelled, "nobody wants the segment any more")

  public var description: String { "\(code.rawValue): \(message)" }
}
