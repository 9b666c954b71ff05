/// Every number that bounds this module, and why it is what it is.
public enum EngineLimits {
  /// Characters of a session id. 20 characters of base64url are 120 random bits: not to be guessed, and as long as the
  /// official server's.
  public static let sessionIDLength = 20

  /// Default bytes of one message or one polling request, as announced in the handshake (`maxPayload`).
  public static let defaultMaxPayload = 1_000_000

  /// Payload bytes of a WebSocket control frame (RFC 6455 section 5.5).
  public static let maxControlFramePayload = 125

  /// Frames of one message that bring nothing and don't end it: test suites send a few, clients none.
  public static let maxEmptyFragments = 1_024

  /// Packets in the body of one polling request. A million bytes of the shortest events are 80,000; of packets without a
  /// payload they would be half a million.
  public static let maxPacketsPerBody = 131_072

  /// Bytes of the longest frame header: 2, 8 of extended length, 4 of mask (RFC 6455 section 5.2).
  public static let maxFrameHeaderBytes = 14

  /// Bytes of a close reason: a control frame's payload less the two of its code.
  public static let maxCloseReasonBytes = 123
}
