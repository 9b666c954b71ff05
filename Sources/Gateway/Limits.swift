import NIOCore

/// Every bound of this module, and why it is what it is.
public enum GatewayLimits {
  /// Chunks that one stream may send in one turn, so that a deep buffer (120 s are 115 chunks) doesn't hold up its
  /// neighbours on the loop.
  static let chunksPerTurn = 8
  /// The pump's resolution. A chunk is about a second of sound and the buffer three: twenty milliseconds are nothing
  /// to either, and a loop that wakes fifty times a second costs nothing.
  static let tick = TimeAmount.milliseconds(20)
  /// Slots of the pump's wheel: 512 × 20 ms are ten seconds; what is due later comes round again.
  static let wheelSlots = 512
  /// What a user's devices together may command at a stroke, and per second after that. A finger on a slider makes
  /// thirty a second, sixty-four devices that say what they hear a dozen.
  static let commandBurst = 200.0
  static let commandsPerSecond = 100.0
  /// A command costs one, and one more for so many values in its payload: to read and to carry out a queue of 10,000
  /// takes as long as forty others.
  static let valuesPerCommand = 250
  /// Bytes of text that weigh as much as one value.
  static let bytesPerValue = 64
  /// Nanoseconds of an event loop that weigh as much as a command: whatever they are, a user's commands take no more
  /// than two fifths of one loop.
  static let nanosecondsPerCommand = 4_000_000.0
  /// Nanoseconds that one user's session may keep its loop busy before others have as much time.
  static let sessionTurnNanoseconds: Int64 = 4_000_000
  /// What a refusal costs of what was refused.
  static let refusalShare = 0.25
  /// The longest that one who goes on and on has to wait, in seconds: less than a heartbeat may take, so that who stops
  /// stays connected.
  static let longestPenalty = 5.0
  /// What is asked over HTTP, by a user, at a stroke and per second: a library's page with its covers at a stroke.
  static let requestBurst = 1_000.0
  static let requestsPerSecond = 200.0
  /// What `POST /api/v1/stream/start` costs of that: it opens an encoder.
  public static let streamStartCost = 10.0
  /// Connections of one user: a session's devices, and as many on their own. Of one token the same less a few, and few
  /// of one that was made for one stream.
  static let connectionsPerUser = 128
  static let connectionsPerToken = 96
  static let connectionsPerStreamToken = 4
  static let connectionRetryMilliseconds = 5_000
  /// What a connection costs in commands: a token is checked, and three events say how things are.
  static let connectionCost = 2.0
  /// Between two looks through the library that a user may ask for: each walks all of its folders.
  static let scanNanoseconds: Int64 = 60_000_000_000
  /// How long the budgets of one who isn't connected are remembered, in nanoseconds: they are full again before; and of
  /// how many at most, each about 250 bytes.
  static let allowanceNanoseconds: Int64 = 70_000_000_000
  static let rememberedAllowances = 50_000
  /// Events of a kind that a user's devices are told at a stroke, and per second after that: what a person does is
  /// told as it happens, what a program does ten times a second.
  static let newsBurst = 10.0
  static let newsPerSecond = 10.0
  /// The part of a loop that one user's news may take, one in so many, and how far ahead of that it may be in
  /// nanoseconds: half a second of work at a stroke. To encode what sixty-four devices are takes 0.3 ms, and a hundred
  /// times that where nothing is optimised.
  static let newsShare: Int64 = 10
  static let newsToleranceNanoseconds: Int64 = 5_000_000_000
  /// Bytes on their way beyond which the quality of the next segment is not decided yet: two thirds of a second of AAC,
  /// and more than FLAC has in flight over a round trip of 100 ms. Asked again after a time that no buffer notices.
  static let undecidedBytes = 16_384
  static let edgePatience = TimeAmount.milliseconds(40)
  /// Sound that must be in hand before a stream waits for a whole segment instead of taking its frames as they come,
  /// in samples.
  static let comfortableSamples: Int64 = 46_080
  /// How long a stream whose segment is refused for want of a slot keeps on asking.
  static let busyPatience = TimeAmount.seconds(15)
  /// How often a track that could not be opened behind another is tried again once that has been heard.
  static let followingRetry = TimeAmount.milliseconds(250)
  /// Streams made by `POST /api/v1/stream/start` that nobody has played yet, and how long they are kept.
  static let preparedStreams = 100_000
  /// Those of one user: one for each of his devices. The next one takes the place of his own oldest.
  static let preparedStreamsPerUser = 64
  public static let preparedLifetime = TimeAmount.seconds(60)
  /// Ended streams whose status can still be asked for.
  static let endedStreams = 10_000
  /// Commands that may wait for the catalogue, over all tracks (a track that everybody starts at once has one per
  /// listener); and how many tracks are asked for together.
  static let waitingLookUps = 100_000
  static let lookUpBatch = 64
  /// Tracks whose catalogue entry is kept in memory.
  static let cachedTracks = 20_000
  /// How long such an entry is believed: a rescanned file is noticed within that time.
  static let cachedTrackLifetime = TimeAmount.seconds(10)
  /// Sessions that are read in one query: most are less than a kilobyte, the longest queues some 300.
  static let sessionBatch = 64
  /// What a user's devices may have to tell a session that can't be read, while commands to it are refused: some hundred
  /// tracks that they begin by themselves. Who has more to tell is disconnected.
  static let waitingForSession = 1_024
  /// When a command to such a session may be tried again.
  static let unreadRetryMilliseconds = 1_000
  /// How long a change of a session may wait to be written: a burst of commands is one write.
  static let saveDelay = TimeAmount.milliseconds(500)
  /// When a device leaves that has been here for less, in nanoseconds, its last use isn't written down for its own sake:
  /// who connects over and over would have a queue of 10,000 written each time.
  static let leastVisitNanoseconds: Int64 = 5_000_000_000
  /// Items of the queues that may wait for a database that takes nothing, the newest queue of each listener. They share
  /// memory with the sessions of those who are here, and take half a gigabyte if all have left.
  static let unsavedItems = 4_000_000
  /// How long a session that could not be written, or read, waits until it is tried again: soon, then every few seconds,
  /// for as long as it takes. (An attempt itself waits five seconds for another process's lock.)
  static func sessionRetry(after failures: Int) -> Duration {
    min(.milliseconds(100) * (1 << min(failures, 6)), .seconds(3))
  }
  /// How long the end of the server is put off for sessions that can't be written, and one attempt more: most of what an
  /// end may take.
  static let farewell = Duration.seconds(3)
  /// Time between two signs of life: what a listener may lose of a position when the server is killed.
  static let signInterval = Duration.seconds(5)
  /// How long before its end the track that follows is prepared, in seconds, where the device's buffer isn't longer.
  static let preloadSeconds = 10.0
  /// Sound that the first chunks of a prepared track may be short of when its turn comes, in seconds.
  static let preloadMargin = 2.0
  /// How long a device's word on what it hears is believed, and how far from the server's own reckoning, in seconds:
  /// more than any network and output delay, less than a seek.
  static let heardLifetime = TimeAmount.seconds(12)
  static let heardTolerance = 2.5
  /// Characters of ids and names that a client gives.
  static let nameLength = 64
}
