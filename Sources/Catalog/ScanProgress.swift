/// How far a scan is.
public struct ScanProgress: Sendable, Equatable {
  /// Sound files found so far.
  public internal(set) var found = 0

  /// Files that had to be looked into.
  public internal(set) var probed = 0

  /// Tracks that are as they were.
  public internal(set) var unchanged = 0

  /// Tracks that are new.
  public internal(set) var added = 0

  /// Tracks whose file changed or came back.
  public internal(set) var updated = 0

  /// Tracks that are newly missing; known at the end.
  public internal(set) var missing = 0

  /// Files and folders that could not be taken, also those that failed before and are as they were.
  public internal(set) var failed = 0

  /// The file that was looked into last, relative to the library.
  public internal(set) var currentPath: String?

  /// Since the scan began.
  public internal(set) var elapsed: Duration = .zero
}

/// What came of a scan.
public struct ScanReport: Sendable, Equatable {
  /// The final counts.
  public let progress: ScanProgress

  /// Folders that could not be read; their tracks stay as they were.
  public let unreadableFolders: Int

  /// Pictures that were removed because no track has them any more.
  public let removedCovers: Int

  /// Files that were passed over because an earlier process died over them; the next scan tries them once more.
  public let interrupted: Int
}

/// What came of a scan, as it is written down.
public enum ScanOutcome: Sendable, Equatable {
  /// The counts of files; of the rest of the progress nothing is kept.
  case taken(ScanProgress)
  /// One sentence for people.
  case failed(String)
}

/// Why a scan ended early. In each case the catalogue keeps every track it had.
public enum ScanError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Another scan of this library runs.
  case alreadyRunning
  /// The library's folder is not there or cannot be read, from the beginning or in the middle.
  case libraryUnavailable(path: String, reason: String)
  /// The folder is there and holds no sound file, while the catalogue knows tracks: an unmounted disk looks like this.
  case libraryEmpty(knownTracks: Int)

  /// The stable name.
  public var code: String {
    switch self {
    case .alreadyRunning: "scan_running"
    case .libraryUnavailable: "library_unavailable"
    case .libraryEmpty: "library_empty"
    }
  }

  public var description: String {
    switch self {
    case .alreadyRunning: "A scan of the library runs already."
    case .libraryUnavailable(let path, let reason):
      "The library \(path) cannot be read: \(reason). All known tracks are kept."
    case .libraryEmpty(let count): "The library holds no sound file; \(count) known tracks are kept."
    }
  }
}
