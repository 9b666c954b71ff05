import NIOCore

/// Every number that bounds this module beside its configuration, and why it is what it is.
enum ServerLimits {
  /// Unsent bytes above which a polling session counts as not writable: the same as NIO's high watermark for a channel.
  static let pollingHighWatermark = 64 * 1024

  /// Packets in the answer to one poll of a client that may be python-engineio, which gives up on a payload of more; the
  /// rest waits for the next. Browsers and Node, which say who they are, get all that waits.
  static let packetsPerPoll = 16

  /// Bytes of the headers that a session keeps; fields that don't fit any more are left out.
  static let maxHandshakeBytes = 16 * 1024

  /// Bytes of one message, or of one polling request, of a session that has joined nothing: room for CONNECTs to a few
  /// namespaces, and for more only once a namespace knows the client.
  static let guestMessageBytes = 64 * 1024

  /// Unsent bytes that a session may have which has joined nothing: it is sent pings and refusals.
  static let guestWriteBufferBytes = 64 * 1024

  /// Packets that a session may send which has joined nothing: a CONNECT for each of many namespaces, and pongs.
  static let guestPackets = 256

  /// Frames that it may send over a WebSocket, those counted that are no packets: parts of messages, and pings.
  static let guestFrames = 4_096

  /// Packets of it that are handled at once; the rest waits for its turn, which all that wait take together.
  static let guestPacketsPerTurn = 16

  /// Packets over a WebSocket that is to take over from polling, which says two.
  static let probePackets = 16

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

  /// How long what a server says on a connection waits behind the answer to CONNECT: longer than a client takes to wake up
  /// and read, and no time to a listener.
  static let apartTime = TimeAmount.milliseconds(1)

  /// The first receive buffer of a WebSocket connection: clients of a server that pushes say little.
  static let receiveBufferBytes = 512

  /// The largest receive buffer, for connections that say much; it is filled once in a turn of the event loop. Some
  /// four hundred small messages, a few milliseconds, and then all others have their turn.
  static let maxReceiveBufferBytes = 16 * 1024

  /// Packets of one polling request, or of what has come over a WebSocket, that are handled at once; the rest waits for
  /// its turn. A request of a megabyte may hold a hundred thousand packets.
  static let packetsPerTurn = 128

  /// Packets of one polling request that are read at once, before the first of them is handled.
  static let checkedPacketsPerTurn = 1_024

  /// How long those who wait for their turn may keep a loop busy before everybody else has as much, or this at least.
  static let turnTime = TimeAmount.milliseconds(2)
  static let turnPause = TimeAmount.milliseconds(1)

  /// Attachments up to this size are copied behind their text so that a packet is one write; larger ones go by
  /// reference.
  static let inlineAttachmentBytes = 2_048

  /// Bytes of an origin that is looked at: a host's name has 253 at most (RFC 1035).
  static let maxOriginBytes = 512

  /// Bytes that zlib gives at a time.
  static let compressionChunkBytes = 16 * 1024

  /// zlib's memLevel, its own default: a compressor then takes 256 kB with a window of 32 kB.
  static let deflateMemoryLevel: Int32 = 8

  /// Characters of a session id that the program makes; it stands in every URL of a polling client.
  static let maxSessionIDLength = 64

  /// Bytes of the browser bundle and of its source map; the official ones have 50 and 400 kB.
  static let maxBundleBytes = 4 << 20

  /// Sessions that must have left for their memory to be given back to the system at once: about 5 MB.
  static let sessionsWorthReturning = 512

  /// How long to wait with it for the others of a wave that leaves; giving back takes some milliseconds.
  static let memoryReturnDelay = TimeAmount.seconds(1)
}

/// Every bound of an HTTP connection, and why it is what it is.
enum HTTPLimits {
  /// Bytes of a request's line and fields together, and of a chunked body's trailers. Browsers send 1 to 3 kB; Node
  /// takes 16 kB, nginx 33.
  static let headBytes = 32 * 1024

  /// Bytes of a request target. More than any client's, which have some hundred, and half of the head.
  static let targetBytes = 16 * 1024

  /// Fields of one request: each is looked at several times.
  static let fields = 128

  /// Bytes of a line that begins a chunk: its size, and extensions that nobody uses.
  static let chunkLineBytes = 256

  /// How long the first request's head may take from the connection's acceptance, and any other's from its first byte.
  static let headTimeout = TimeAmount.seconds(20)

  /// How long a body may take beside the time of ``bodyBytesPerSecond``.
  static let bodyTimeout = TimeAmount.seconds(30)

  /// How fast a body has to come at least: a tenth of the slowest mobile network.
  static let bodyBytesPerSecond = 4_096

  /// How long a connection waits for its next request when nobody says otherwise: the official server's clients poll
  /// every 25 s.
  static let idleTimeout = TimeAmount.seconds(60)

  /// How long a peer may take nothing of what waits for it. Longer than a tunnel; a player that is paused for longer
  /// asks again for the rest.
  static let stallTimeout = TimeAmount.seconds(60)

  /// The same on a connection whose place somebody else needs.
  static let evictedStallTimeout = TimeAmount.seconds(4)

  /// How long input is thrown away after our side of a connection has ended and all of it has arrived: unread input would
  /// make the kernel reset the connection, and take back what the peer hasn't read.
  static let lingerTimeout = TimeAmount.seconds(2)

  /// How long answers may go on once the server is asked to go down: as a part of what `dubplate serve` has.
  static let drainTimeout = TimeAmount.seconds(3)

  /// Bytes of a body that nobody reads which are read over so that its connection goes on; beyond them it ends.
  static let unwantedBodyBytes = 64 * 1024

  /// Requests of a connection that are worked through at once, if each is answered at once; then others have their turn.
  static let requestsPerTurn = 64

  /// Parameters of a query that are looked at, as many as Node's parser takes.
  static let parameters = 1_000

  /// Bytes of requests behind the one that is being answered. A connection isn't read while there are any, so these are
  /// one receive buffer, unless the peer ended its side behind more: then the rest is not answered.
  static let pipelinedBytes = 256 * 1024

  /// Connections that are told to make room at once when there are too many: looking for the oldest takes a walk over
  /// all of them.
  static let evictionsAtOnce = 64

  /// Connections beyond the bound that may be accepted to find out who makes room for whom: as many as one turn of the
  /// accepting event loop brings.
  static let acceptedAtOnce = 16

  /// Refusals of one address, since it had a place last, that say why: the kernel keeps an answer until the peer has it,
  /// of a reset it keeps nothing.
  static let toldRefusals = 16
}
