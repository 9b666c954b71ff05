import Foundation

/// Every bound of this module, and why it is what it is.
public enum WebLimits {
  /// A JSON body: the longest is a login, a username and a password of at most a kilobyte each.
  static let bodyBytes = 16 << 10
  /// Logins that may wait to be hashed, over all who ask, who take turns. Each holds 32 MB and a tenth of a second of a
  /// core while it runs; the threads are few, so memory is bounded by them and the wait by this.
  static let waitingLogins = 32
  /// How long after its password was given a login may be renewed: a month, as for a player that is always open.
  static let loginLifetime: TimeInterval = 30 * 86_400
  /// Threads that hash passwords.
  static let hashThreads = 1
  /// Tracks on one page, and when nobody says how many.
  static let pageSize = 500
  static let defaultPageSize = 100
  /// Characters of a search.
  static let queryLength = 200
  /// How much longer than its track the URLs of a stream are good: for pauses, and for listening to it again.
  static let audioLinkSeconds: Int64 = 6 * 3_600
  /// Digits of a file's fingerprint in the URLs of its segments: a replaced file has other URLs, and no cache serves it
  /// old sound.
  static let versionDigits = 12
  /// Segments that are looked at for an answer, a playlist or a file with ranges, and cost as much as a request of REST
  /// besides: a song's costs two, a record's ten.
  static let segmentsPerRequest = 100.0
  /// Segments of a playlist that is made where nobody else waits.
  static let longPlaylistSegments = 2_000
  /// Verified tokens that are remembered, each with its grant about half a kilobyte.
  static let knownGrants = 16_384
  /// A URI that is answered at once; those of segments have about 250 bytes.
  static let uriBytes = 4_096
  /// The path of an audio URL: 16 characters of a track, a rendition and a number take about 40.
  static let audioPathBytes = 128
  /// How long a browser remembers what a preflight said: a day, which is what they take at most.
  static let preflightSeconds = 86_400
  /// A `Range` header that is looked at: one range of two numbers, and room for what clients put around it.
  static let rangeBytes = 128
  /// Bytes of a track's own file that are read at once, for each answer that is under way: two seconds of MP3.
  static let filePieceBytes = 64 << 10
  /// How often a file that is being sent asks again for an encoder, a second between: as long as a client waits for bytes.
  static let busyTries = 20
  /// Covers that may wait for the one thread that scales them, some 50 ms each: a library page's worth.
  static let waitingCovers = 128
  /// How long somebody who asks for a waveform waits for the track to be analysed, before told to come again: an hour of
  /// music takes longer than a client's patience.
  static let analysisPatience = Duration.seconds(8)
  /// Tracks that one request may name: a screen of a queue.
  static let namedTracks = 100
  /// Bytes of a cover that is put into a file as it is: what a player loads before the first sound. A larger one is scaled
  /// to this square, which makes some 80 kB.
  static let embeddedCoverBytes = 256 << 10
  static let embeddedCoverSize = 512
  /// Bytes of whole files that are kept, what they begin with and where their segments lie: a hundred with covers.
  static let fileHeadBytes = 32 << 20
  /// Bytes of one beside its beginning: the track, and a place for each segment.
  static func fileBytes(segments: Int) -> Int { 2_048 + 8 * segments }
  /// Bytes of a file's name without its ending: file systems hold 255.
  static let fileNameBytes = 200
}
