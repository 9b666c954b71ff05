import Foundation

/// What the scanner remembers between two scans, and where it writes.
///
/// Every scan has a number; rows that a scan saw carry it, so that what was not seen is known at the end without a list
/// of all files in memory.
public protocol LibraryIndex: Sendable {
  /// Opens a scan and gives it its number, larger than every one before.
  func beginScan() async throws -> Int64

  /// What is known of some files. Files that are not known are not in the answer; the order is not that of the paths.
  /// - Parameter paths: relative, at most ``Limits/scanBatch``.
  func known(paths: [String]) async throws -> [KnownFile]

  /// Writes what came of some files, all or nothing.
  func apply(_ batch: ScanBatch, scan: Int64) async throws

  /// Marks what the scan did not see as missing, forgets problems of files that are gone, and closes the scan.
  /// - Parameter folders: relative paths of folders that could not be read: what is in them stays as it was.
  /// - Returns: how many tracks are newly missing.
  func finishScan(_ scan: Int64, keeping folders: [String]) async throws -> Int

  /// Writes down what came of a scan, for whoever asks in another process.
  func record(_ outcome: ScanOutcome, of scan: Int64) async throws

  /// How many tracks are present.
  func presentCount() async throws -> Int

  /// Those of some cover keys that a track refers to.
  func referencedCovers(among keys: [String]) async throws -> Set<String>

  /// The files that could not be taken, in the order of their paths.
  /// - Parameters:
  ///   - limit: held to 1…500.
  ///   - offset: at least 0.
  func problems(limit: Int, offset: Int) async throws -> [ScanProblem]
}

/// A file that could not be taken into the library.
public struct ScanProblem: Sendable, Equatable {
  /// Relative to the library's root.
  public let path: String

  /// The stable name: `not_audio`, `truncated`, `unreadable`, `bad_name`, …
  public let code: String

  /// One sentence for people.
  public let message: String

  /// When it was noticed.
  public let seenAt: Date
}

/// How a file looked in the file system.
public struct FileStamp: Sendable, Equatable {
  /// Of what can't be looked at.
  static let unknown = FileStamp(size: 0, modified: 0)

  /// Bytes.
  public let size: Int64

  /// Nanoseconds since 1970.
  public let modified: Int64

  public init(size: Int64, modified: Int64) {
    self.size = size
    self.modified = modified
  }
}

/// What an earlier scan wrote about a file.
public struct KnownFile: Sendable, Equatable {
  public let path: String

  /// The stamp of the track, when there is one.
  public var track: FileStamp?

  /// Whether the track is marked as missing.
  public var isMissing = false

  /// The stamp that the file had when it failed, when it did.
  public var problem: FileStamp?

  /// Whether that failure may have passed by now.
  public var isPassing = false

  /// Whether that failure was the end of the process, ``InspectionError/interrupted(isSecondTry:)``.
  public var wasInterrupted = false

  public init(path: String) {
    self.path = path
  }
}

/// What came of at most ``Limits/scanBatch`` files.
public struct ScanBatch: Sendable {
  /// Paths of tracks that are as they were.
  public var unchanged: [String] = []

  /// Paths of files that failed before and are as they were.
  public var stillFailing: [String] = []

  /// New and changed tracks.
  public var records: [TrackRecord] = []

  /// New failures; a track at such a path becomes missing.
  public var problems: [Problem] = []

  /// A new failure.
  public struct Problem: Sendable {
    public let path: String
    public let stamp: FileStamp
    public let error: InspectionError

    /// Whether it may be written down; past the bound it is only counted.
    public let isRemembered: Bool
  }

  public init() {}
}
