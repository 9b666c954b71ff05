import NIOCore

/// Every number that bounds this module beside its configuration, and why it is what it is.
enum ServerLimits {
  /// Unsent bytes above which a polling session counts as not writable: the same as NIO's high watermark for a channel.
  static let pollingHighWatermark = 64 * 1024

  /// Packets in the answer to one poll; the rest waits for the next. python-engineio gives up on a payload of more.
  static let packetsPerPoll = 16

  /// Bytes of a query string: what a whole header may have with the official server. Longer ones are 414.
  static let maxQueryBytes = 16 * 1024

  /// Bytes of the headers that a session keeps; fields that don't fit any more are left out.
  static let maxHandshakeBytes = 16 * 1024

  /// Bytes of one message, or of one polling request, of a session that has joined nothing: room for CONNECTs to a few
  /// namespaces, and for more only once a namespace knows the client.
  static let guestMessageBytes = 64 * 1024

  /// Unsent bytes that a session may have which has joined nothing: it is sent pings and refusals.
  static let guestWriteBufferBytes = 64 * 1024

  /// Bytes that the handshakes of all sessions which have joined nothing may take.
  static let guestHandshakeBytes = 32 << 20

  /// Sessions opened over one connection that have joined nothing at the same time. A client has one; who comes through
  /// a proxy that says for whom it asks isn't counted.
  static let guestsPerConnection = 16

  /// Bytes of a message that isn't whole which aren't counted: what a connection's buffers have anyway.
  static let uncountedAssemblyBytes = 16 * 1024

  /// Bytes of the subprotocols that a WebSocket's client offers; the first is echoed.
  static let maxSubprotocolBytes = 1_024

  /// How long a WebSocket that we closed may take to close its side before it is cut: a peer that still sends
  /// must have time to read why, and must not hold the connection for ever.
  static let webSocketCloseTimeout = TimeAmount.seconds(5)

  /// How long a polling session that the server closed waits for the poll that brings the news; the official server
  /// waits 30 s.
  static let pollingCloseTimeout = TimeAmount.seconds(30)

  /// How often an open poll is ended while a client finishes its polls for an upgrade; the official server's interval.
  static let upgradePollInterval = TimeAmount.milliseconds(100)

  /// The first receive buffer of a WebSocket connection: clients of a server that pushes say little.
  static let receiveBufferBytes = 512

  /// The largest receive buffer, for connections that say much.
  static let maxReceiveBufferBytes = 64 * 1024

  /// Attachments up to this size are copied behind their text so that a packet is one write; larger ones go by
  /// reference.
  static let inlineAttachmentBytes = 2_048

  /// How long a request whose body is too long may go on sending it: time to read the answer.
  static let refusedBodyTimeout = TimeAmount.seconds(5)

  /// Bytes that zlib gives at a time.
  static let compressionChunkBytes = 16 * 1024

  /// zlib's memLevel, its own default: a compressor then takes 256 kB with a window of 32 kB.
  static let deflateMemoryLevel: Int32 = 8

  /// Characters of a session id that the program makes; it stands in every URL of a polling client.
  static let maxSessionIDLength = 64

  /// Bytes of the browser bundle and of its source map; the official ones have 50 and 400 kB.
  static let maxBundleBytes = 4 << 20

  /// How long the first request of a connection may take when no idle timeout is set.
  static let firstRequestTimeout = TimeAmount.seconds(30)

  /// Sessions that must have left for their memory to be given back to the system at once: about 5 MB.
  static let sessionsWorthReturning = 512

  /// How long to wait with it for the others of a wave that leaves; giving back takes some milliseconds.
  static let memoryReturnDelay = TimeAmount.seconds(1)
}
