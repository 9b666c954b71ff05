/// The bounds of what a file may cost, for the caller to narrow.
public struct AudioLimits: Hashable, Sendable {
  /// Longest time that probing one file may take. Ordinary files take a few milliseconds; a cold disk some hundred.
  public var probeDeadline: Duration = .seconds(10)
  /// Longest time for one call of a reader or an encoder: a stuck network disk must not hold an encoder thread for
  /// ever.
  public var operationDeadline: Duration = .seconds(15)
  /// Largest embedded picture that is handed out; larger ones are left out. Real covers are below 2 MB.
  public var maxCoverBytes = 8 << 20
  /// Longest tag in bytes of UTF-8; the rest is cut off. A character may have any number of them, since any number of
  /// combining marks makes one.
  public var maxTagBytes = 2_048
  /// Bytes of the lyrics that are read: three times what the longest songs have in any script.
  public var maxLyricsBytes = 128 << 10

  public init() {}
}

/// The module's own bounds, each with its reason.
enum Bounds {
  /// Largest single allocation inside libav (process-wide): a hostile header cannot ask for gigabytes.
  static let maxAllocation = 192 << 20
  /// Sampling rates that are music; also bounds the resampler's tables.
  static let sampleRates = 4_000...768_000
  /// Most channels that are mixed down.
  static let maxChannels = 32
  /// Longest track: a day at 48 kHz. A header that says more is lying, and sample arithmetic stays far from overflow.
  static let maxSamples: Int64 = 48_000 * 86_400
  /// Largest file: a day of 32 channels at 768 kHz takes half of it. Offsets in a file stay far from overflow.
  static let maxFileBytes: Int64 = 16 << 40
  /// How much libavformat may read to recognise a container that has no signature we know.
  static let probeBytes = 1 << 20
  /// I/O buffer of a container: one FLAC packet search reads about this much.
  static let ioBuffer = 32 << 10
  /// Window of the frame scanner; larger than any MP3 or ADTS frame (8 kB).
  static let scanWindow = 128 << 10
  /// How far into a file (behind its tags) the first MP3 or ADTS frame may lie.
  static let firstFrameSearch = 256 << 10
  /// Most bytes of tags in front of the first frame; beyond it the file is not music.
  static let maxLeadingTags: Int64 = 256 << 20
  /// Index: one checkpoint in this many frames (32 headers are hopped over in microseconds).
  static let checkpointInterval = 32
  /// Files whose facts and index are remembered. An hour of MP3 has 138,000 frames = 4,300 checkpoints = 70 kB.
  static let rememberedFiles = 256
  /// Vorbis settings whose headers (4.5 kB) are remembered: a rendition at two rates takes two.
  static let rememberedHeaders = 16
  /// Checkpoints remembered over all files together: 16 MB.
  static let rememberedCheckpoints = 1 << 20
  /// Loudest sample. Lossy decoders go a little over 1, damaged files into the millions and to NaN: LAME aborts the
  /// process over those (an assertion on a frame that it cannot get small enough), and a resampler never forgets a NaN.
  static let peak: Float = 2
  /// Largest packet that a decoder is given: a WavPack block has up to 1 MB, a frame of Monkey's Audio 5 MB.
  static let maxPacketBytes = 16 << 20
  /// Most streams of a container: the sound, a few languages, a dozen pictures.
  static let maxStreams = 64
  /// Tags of a file. libavformat looks each up among all those before it, at each opening: so many take it a tenth of a
  /// second, ten times as many ten seconds. Music has fifty; catalogues of performers a few hundred.
  static let maxTags = 2_048
  /// Bytes read at once where tags are counted, which is before each opening: those of most files lie within.
  static let tagWindow = 4 << 10
  /// Elements of one level of a Matroska file that are looked at, where its tags are looked for.
  static let matroskaElements = 1_024
  /// Bytes of an Ogg file between two pages that are held against each other, and most of these: what lies between
  /// two that don't fit is gone through page by page.
  static let oggStep: Int64 = 4 << 20
  static let oggSamples: Int64 = 256
  /// Bytes that are read at once where pages are gone through.
  static let oggWindow = 256 << 10
  /// Links of a chained Ogg file: a day of a radio that plays a song in a minute and a half.
  static let maxLinks = 1_024
  /// Frames at a stream's beginning by which a clock that doesn't count samples is measured: some seconds.
  static let measuredFrames = 256
  /// Frames of HE-AAC among which headers are looked for, and most that are decoded in front of a place: six seconds.
  static let sbrSearchFrames: Int64 = 128
  /// Boxes of one level of an MP4 file that are looked at, and rows of its table of lengths: sound has one or two.
  static let mp4Boxes = 1_024
  static let mp4TableRows: Int64 = 4_096
  /// Most samples of silence that an encoder puts in front of the music or behind it: some of its frames.
  static let mostDelay: Int64 = 1 << 16
  /// Bytes of ID3 in which iTunes' account of them is looked for: it stands before the pictures.
  static let gaplessSearch = 64 << 10
  /// Places of a file at which the frames that its header declares are tried, and frames at each.
  static let triedPlaces = 8
  static let triedFrames = 8
  /// Frames in a row that make bytes between a stream's frames a stream of another rate, and no accident.
  static let otherStreamFrames = 8
  /// Samples that are gone packet by packet without an index, and between two of its places: some seconds.
  static let shortWalk: Int64 = 1 << 18
  /// Packets in a row that yield no sound before a file counts as undecodable.
  static let fruitlessPackets = 4_096
  /// Shortfall of the decodable end against the declared one that is no truncation (padding, rounded durations).
  static let endToleranceMilliseconds: Int64 = 100
  /// Largest sample count of one decoded frame: FLAC's block is at most 65,535; some lossless codecs have a few
  /// 100,000.
  static let maxFrameSamples = 1 << 20
  /// Segments of a track that are encoded once more, on their own, before its table of sizes is believed. A codec that
  /// decodes differently after a seek shows it in every one.
  static let triedSegments = 4
  /// Width and height of a picture that is decoded, and its pixels: 24 million take 96 MB at four bytes, within
  /// `maxAllocation`. Covers are below 3,000 × 3,000.
  static let pictureSide = 16_384
  static let picturePixels = 24_000_000
}
