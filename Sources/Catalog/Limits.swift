import Dispatch

/// Every bound of this module, and why it is what it is.
enum Limits {
  /// Characters of one tag that are kept: whole booklets are found in comment-like fields, no title is longer.
  static let tagCharacters = 512

  /// Unicode scalars of a track's lyrics that are kept: three times what the longest songs have. Characters would bound
  /// nothing: any number of combining marks makes one.
  static let lyricsScalars = 32_768

  /// Unicode scalars of a search text that are looked at.
  static let queryScalars = 200

  /// Words of a search text that must match; each is one condition of the statement.
  static let queryWords = 12

  /// Rows of one page (protocol section 2).
  static let pageRows = 1...500

  /// Rows that a page may skip: far past any library, and far from overflow.
  static let maximumOffset = 10_000_000

  /// Files that are taken from the walk, compared and written at a time. Bounds the memory of a scan and the length of
  /// a write transaction; PostgreSQL and SQLite both take this many parameters.
  static let scanBatch = 200

  /// Files that may be noted as being looked into at a time: as many threads scan and analyse on the largest machines.
  static let journalSlots = 256

  /// Bytes of a note: a path, and 20 bytes in front of it.
  static let journalSlotBytes = 20 + pathBytes

  /// Bytes of an embedded picture that is kept; the largest that a tagging program writes are a few megabytes.
  static let coverBytes = 10 * 1024 * 1024

  /// Bytes of the facts that the codec leaves with a track; it writes a few hundred, and fifty for each of a thousand links
  /// of a chained file.
  static let sourceFactsBytes = 64 * 1024

  /// Samples of one channel of a track, at its source's rate or its grid's: the codec's longest at its lowest rate has
  /// 5·10¹⁰ of the grid's. Arithmetic on them stays far from overflow.
  static let samples: ClosedRange<Int64> = 1...(1 << 40)

  /// Directories that wait to be walked at a time, about 100 bytes each.
  static let pendingDirectories = 200_000

  /// Bytes of a path relative to the library, PATH_MAX of Linux.
  static let pathBytes = 4_096

  /// Problems of one scan that are remembered; a folder of a million lying files must not fill the database.
  static let scanProblems = 10_000

  /// Folders that could not be read and whose tracks are kept; with more than that nothing is marked as missing.
  static let unreadableFolders = 1_000

  /// Characters of a problem's message.
  static let problemCharacters = 300

  /// Tracks of an album whose loudness is combined; what has more under one name is no album, and would make every page
  /// of the library slow.
  static let albumTracks = 500

  /// Seconds that a statement waits for another process's write lock (an administrator's `dubplate user add`).
  static let busySeconds = 5.0

  /// Connections that read at the same time: reads are short, and each connection keeps a cache of 2 MB.
  static let readers = 4

  /// Unicode scalars of a username.
  static let usernameScalars = 1...64

  /// Bytes of a stored password hash.
  static let passwordHashBytes = 1...512

  /// The years that a tag may name.
  static let years = 1...9_999

  /// The track and disc numbers that a tag may name.
  static let ordinals = 1...9_999

  /// Seconds between two reports of progress inside one batch.
  static let progressSeconds = 0.25

  /// Bytes of the secret file that are read: 64 hexadecimal digits and a line end, with room to notice garbage.
  static let secretFileBytes = 256

  /// Bytes of the signing secret that is made.
  static let secretBytes = 32

  /// How long a file may be looked into. A decoder has a deadline of its own, half of this, at which it looks between two
  /// reads; inside one call of libav nothing does, and a file of a hundred thousand tags holds that for minutes.
  static let inspectionTime = DispatchTimeInterval.seconds(20)

  /// Files that took longer and are still being looked into, each on a thread behind all others, before the scan waits
  /// for one.
  static let abandonedCalls = 4

  /// How long a file that took too long is left alone while it stays as it is: each try may cost minutes of a core, and
  /// the disk that stood still has come back by then.
  static let slowFileSeconds = 6.0 * 3_600

  /// Age at which a picture that was half written has no writer any more.
  static let strayFileSeconds: Int64 = 3_600

  /// Servers' lives that are remembered; each is a start.
  static let serverLives = 100
}
