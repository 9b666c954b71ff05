/// Every bound of this module, and why it is what it is.
enum ServerLimits {
  /// Tracks that are analysed or wait for it: somebody who scrolls through waveforms asks for a page of them, and each
  /// keeps a file and a decoder open once its turn has come.
  static let analysesAtOnce = 128
  /// How long the background rests after a piece (two seconds of music) while encoders are at work. It goes on at eight
  /// times real time at least, on a server that never rests.
  static let analysisRest = Duration.milliseconds(250)
  /// Tracks that are read from the catalogue at a time.
  static let analysisBatch = 100
  /// How long a server that goes down waits for the analysis, which runs at the lowest rank: half of what it has.
  static let analysisFarewell = Duration.seconds(5)
  /// How long all of it may take to go down: the analysis' farewell, what answers may still take, and what is written
  /// last. systemd's unit gives twenty seconds.
  static let farewell = Duration.seconds(15)
  /// Files that are kept from connections: those of encoders, the library, the store, the database, and of the
  /// concurrency runtime, which ends the process when it finds none. A quarter of all, but no fewer and no more than
  /// these.
  static let reservedFiles = 96...4_096
  /// The part of all connections that may be sessions of strangers: one in so many.
  static let guestsShare = 4
  /// Connections that one address may have, unless somebody says how many: an office behind one, and never so many that a
  /// few addresses have all.
  static func connectionsPerAddress(of all: Int) -> Int { min(1_024, max(all / 4, 1)) }
  /// Connections that a server has room for at least; with fewer it doesn't start.
  static let fewestConnections = 16
  /// When files that were passed over, since an earlier process died over them, are tried once more: late enough that a
  /// server which dies again has served meanwhile.
  static let secondTry = Duration.seconds(30)
  /// How often a library that isn't there is looked for: a disk that was mounted is found while somebody still waits.
  static let libraryPatience = Duration.seconds(30)
  /// How often it's looked whether the files of certificate and key have changed: the next connection after a renewal has
  /// the new one, and two files' dates cost nothing.
  static let certificateInterval = Duration.seconds(5)
  /// Bytes of each of them: a chain of a hundred certificates.
  static let certificateBytes = 1 << 20
  /// How quiet it must have been in the library before a change in it is looked at: longer than between two files that are
  /// copied; and how long one that never rests may put that off, or a file that was only begun.
  static let changePause = Duration.seconds(2)
  static let longestChangePause = Duration.seconds(30)
  /// Folders that are watched: a million tracks' albums, each a kilobyte of the kernel's.
  static let watchedFolders = 100_000
  /// Bytes of the kernel's news that are read at a time: some hundreds of files.
  static let watchReadBytes = 32_768
  /// Skipped files that one scan names in the log; of the others it says how many there are.
  static let namedProblems = 20
  /// Of which so many are read from the catalogue at a time, as many as it gives.
  static let problemsPage = 500
  /// How often `dubplate scan` asks the catalogue whether the server's scan is over.
  static let scanPoll = Duration.milliseconds(250)
  /// Bytes of a mistyped word for which a likely one is looked for: more than any word has that there is.
  static let typedBytes = 64
  /// Folders above a built program in which the checkout is looked for: `.build/<triple>/<configuration>/`.
  static let checkoutDepth = 4
  /// Time between two lines about a long analysis in the log.
  static let analysisReport = Duration.seconds(60)
  /// How often it's looked whether freed memory is to be given back, and how much the process must have grown: within a
  /// minute everything that a wave of encodings took is back, and a process that doesn't change costs nothing.
  static let memoryInterval = Duration.seconds(15)
  static let memoryWorthReturning = 32 << 20
}
