/// What is asked of the tracks while the server runs.
public protocol TrackRepository: Sendable {
  /// The track with an id, also when its file has gone (`missingSince`); nil for an unknown id.
  func track(id: String) async throws -> Track?

  /// The same for several at once: those that are known, in any order, each once.
  func tracks(ids: [String]) async throws -> [Track]

  /// The lyrics that the track's file is tagged with, lines apart by `\n`: plain, or LRC. Nil when it has none.
  func lyrics(id: String) async throws -> String?

  /// What the file is tagged with beside what its track says; nothing for an unknown id.
  func fileTags(id: String) async throws -> FileTagging

  /// Present tracks whose title, artist or album hold every word of a text, upper and lower case and diacritics being
  /// the same; in the order album artist or artist, album, disc, track number, title.
  /// - Parameters:
  ///   - query: words between blanks; empty finds everything. The first 200 characters and 12 words count.
  ///   - limit: rows of the page, held to 1…500.
  ///   - offset: rows before the page, at least 0.
  func search(query: String, limit: Int, offset: Int) async throws -> TrackPage

  /// How many tracks are present.
  func count() async throws -> Int
}

/// Tags that go into whole files, and that the library neither shows nor searches.
public struct FileTagging: Sendable, Equatable {
  public var lyrics: String?
  public var composer: String?

  /// 1…9,999.
  public var trackTotal: Int?

  /// 1…9,999.
  public var discTotal: Int?

  public init() {}
}

/// A part of a result.
public struct TrackPage: Sendable, Equatable {
  public let rows: [Track]

  /// Rows of the whole result.
  public let total: Int
}
