import AudioCodec

/// Every bound of this module, and why it is what it is.
public enum SegmentLimits {
  /// Jobs that may wait for an encoder, over all users. At 16 ms of encoder time each that is half a minute of work
  /// for two cores: what comes later would wait longer than a listener does, so it is refused at once.
  public static let queuedJobs = 4_096

  /// Segments that may be in the making for one user at a time. A user has a few devices, each of which needs the
  /// segment it plays and the next.
  public static let jobsPerOwner = 16

  /// Segments whose sizes are looked up under one lock, which those who play take as well.
  static let sizesAtOnce = 256
  /// Jobs that may have begun and not ended: each holds a decoder, an encoder and an open file. More than twice the
  /// forty listeners who start at once and are each to have a first frame before anybody has the rest; what comes
  /// beyond waits, and holds nothing.
  static let startedJobs = 96

  /// Bytes that jobs which have begun may take together: FLAC's encoders would take most.
  static let startedBytes = 256 << 20

  /// Bytes that a job takes beside its encoder: a decoder, resampler, and the file's buffers.
  static let jobBytes = 1 << 20

  /// Bytes of an encoder.
  static func encoderBytes(_ codec: EncoderSettings.Codec) -> Int {
    switch codec {
    case .mp3, .opus, .vorbis: 512 << 10
    case .aac: 1_536 << 10
    case .flac: 7 << 20
    }
  }

  /// One user may have one part in so many of the encoders' time before others go first. An eighth of two cores is
  /// four to ten streams that are made as fast as they are heard.
  static let ownerShare = 8

  /// How far ahead of that share a user may be, in nanoseconds of it: half a second of encoder time on two cores, some
  /// twenty segments at a stroke.
  static let debtToleranceNanoseconds: Int64 = 2_000_000_000

  /// The furthest that a user can get ahead: whoever had the machine for himself is among the others again four
  /// seconds after they came.
  static let debtHorizonNanoseconds: Int64 = 6_000_000_000

  /// What a refused caller is told to wait, in milliseconds.
  public static let retryAfterMilliseconds = 1_000

  /// Callbacks that may wait for one segment. A cold hit that everybody wants at once has one per listener.
  public static let waitersPerSegment = 100_000

  /// A segment's file is refused above this size: 2.1 s of 24-bit stereo at 48 kHz, uncompressed, is 0.6 MB.
  public static let segmentBytes = 4 << 20

  /// Samples in the first piece that leaves an encoder: one MP3 or AAC frame. When forty tracks start at once, what the
  /// first piece takes is what the fortieth listener waits for, forty times over.
  public static let firstPieceSamples = 1_152

  /// Sound that is needed within this time is waited for: its encoder starts quickly.
  static let urgentNanoseconds: Int64 = 200_000_000

  /// Listeners who have this much sound in hand wait while an encoder is opened for those who will come.
  static let reserveNanoseconds: Int64 = 1_000_000_000

  /// Samples in the second piece, about 100 ms.
  public static let secondPieceSamples = 4_608

  /// Samples in each later piece, about a quarter of a second: small enough that forty cold listeners on two cores
  /// take turns in time.
  public static let pieceSamples = 11_520

  /// Files that may be read at once. More would only queue in the kernel.
  public static let fileThreads = 4

  /// Files that may be written at once, beside: a listener's look-up doesn't queue behind what is kept for later.
  static let writeThreads = 2

  /// Segments that are kept from eviction because somebody plays them: two for each of 50,000 listeners who all hear
  /// something else. What comes beyond is kept by its recent use alone.
  static let pinnedSegments = 131_072

  /// How often what other processes (`dubplate transcode`) have put into the store is counted: a walk over a million
  /// files takes two seconds of one thread.
  static let storeWalkInterval = Duration.seconds(600)

  /// Files that are entered in the index at a time, some milliseconds in which no other segment is looked up.
  static let indexPortion = 8_192

  /// Bytes of the disk that segments leave to the database, which can't be made again: the queues of a hundred thousand
  /// listeners and its log. On a small disk it's this share of it.
  static let reservedBytes = 128 << 20
  static let reservedShare = 20

  /// An unfinished file of that age belongs to no process any more.
  static let strayFileSeconds: Int64 = 60

  /// A segment's date says when it was used last, to this grain: a write for every read would wear the disk.
  static let dateGrainSeconds: Int64 = 3_600

  /// Entries in use that an eviction from memory passes over before it gives up until the next one.
  static let pinsPassedOver = 256

  /// Longest time that a job may hold encoder threads, all its steps together, in nanoseconds. A segment takes some 20
  /// ms; two seconds of sound that take a thousand times as long come from a file that is made to hurt.
  static let jobNanoseconds: Int64 = 30_000_000_000

  /// The same for a whole track made ahead of need: a minute, and the time that all its renditions last.
  static let bulkSeconds = 60.0

  /// How long a file that could not be decoded, or took too long, is refused without another try.
  static let refusalNanoseconds: Int64 = 30_000_000_000

  /// Files that are refused so. What comes beyond pushes out the one whose time ends first.
  static let refusedFiles = 1_024

  /// Writes that may wait for the disk; a segment beyond that is served from memory and not kept.
  public static let queuedWrites = 256

  /// Text forms of a segment's chunks that are kept beside it (a listener that starts in the middle has ranges of its
  /// own).
  public static let textFormsPerSegment = 8
}
