/// Every number that bounds this module, and why it is what it is.
public enum EngineLimits {
  /// Characters of a session id. 20 characters of base64url are 120 random bits: not to be guessed, and as long as the
  /// official server's.
  public static let sessionIDLength = 20

  /// Default bytes of one message or one polling request, as announced in the handshake (`maxPayload`).
  public static let defaultMaxPayload = 1_000_000

  /// Payload bytes of a WebSocket control frame (RFC 6455 section 5.5).
  public static let maxControlFramePayload = 125

  /// Bytes of the longest frame header: 2, 8 of extended length, 4 of mask (RFC 6455 section 5.2).
  public static let maxFrameHeaderBytes = 14

  /// Bytes of a close reason: a control frame's payload less the two of its code.
  public static let maxCloseReasonBytes = 123
}
