import NIOCore

/// Every bound of the load generator, and why it is that number.
enum Limits {
  /// Listeners of one process: more than this needs several machines to mean anything.
  static let listeners = 200_000
  /// Event loops: beyond this the generator only steals cores from the server on the same machine.
  static let threads = 64
  /// Stages of `--stages`.
  static let stages = 1_000
  /// Length of a run and of one stage: a day.
  static let runSeconds = 86_400.0
  /// Connections being opened at once per event loop: below the usual listen backlog of 512, so that a ramp of zero
  /// seconds measures the server and not a SYN queue that overflows.
  static let connectsInFlight = 256
  /// How often an event loop looks whether listeners have to start, stop or seek.
  static let tick = TimeAmount.milliseconds(10)
  /// How long a connection may take to be accepted.
  static let connectTimeout = TimeAmount.seconds(10)
  /// How long nobody new is started after a connection failed, and how long a refused command waits when the server
  /// doesn't say: a server in trouble is not helped by a storm.
  static let retryDelay = TimeAmount.seconds(1)
  /// The longest that `retryAfterMs` of the server is followed.
  static let longestRetryMilliseconds = 60_000
  /// How long `--together` waits for the last listener before it starts without them.
  static let gateTimeout = TimeAmount.seconds(20)
  /// A listener that still hears nothing this long after `play_track` when the run ends is an error.
  static let silence = TimeAmount.seconds(1)
  /// Bytes of the answer to the WebSocket upgrade.
  static let upgradeResponseBytes = 8_192
  /// Bytes of one text message: a base64 chunk of half a second of FLAC is below 300 kB.
  static let textBytes = 1_048_576
  /// Bytes of one binary message; its payload is only counted, so this guards the arithmetic.
  static let binaryBytes = 64 * 1_048_576
  /// Bytes kept of a binary message, for the fields in front of `data` in the `protobuf` encoding.
  static let protobufHeadBytes = 256
  /// Size of the read buffer that all listeners of an event loop share: a chunk of half a segment fits.
  static let readBufferBytes = 65_536
  /// First read of a connection: only the upgrade's answer is to be expected.
  static let firstReadBytes = 512
  /// Body of an HTTP answer: 500 tracks are well below a megabyte.
  static let httpBodyBytes = 16 * 1_048_576
  /// How long an HTTP request may take.
  static let httpTimeout = TimeAmount.seconds(15)
  /// Tracks fetched from the library.
  static let tracks = 50_000
  /// Tracks asked for at once: the server's own maximum.
  static let tracksPerPage = 500
  /// Different error codes kept apart; what comes after them is counted as `other`.
  static let errorCodes = 64
  /// Bytes of an error code.
  static let errorCodeBytes = 64
  /// Access tokens in a `--tokens` file.
  static let tokens = 200_000
  /// Listeners per source address: an address has about 28,000 ephemeral ports, some of them still in TIME_WAIT.
  static let listenersPerAddress = 20_000
  /// Listeners from which source addresses are spread over 127.0.0.0/8.
  static let listenersOfOneAddress = 25_000
  /// Descriptors that the process needs beside its listeners.
  static let spareDescriptors = 64
  /// Seconds around everything a listener has played that a cold seek keeps away from.
  static let coldMarginSeconds = 10.0
  /// Draws of a random position before a cold seek is given up.
  static let coldDraws = 64
  /// Seconds before a track's end that are no target of a seek.
  static let seekEndMarginSeconds = 5.0
  /// How long before its end a token taken with a password is renewed.
  static let tokenRenewalSeconds = 600.0
}
