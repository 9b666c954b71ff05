import Foundation

@testable import Catalog

/// A library's folder, a database and a scanner between them, for one test.
struct Library {
  let music: TemporaryFolder
  let data: TemporaryFolder
  let database: CatalogDatabase
  let index: SQLiteLibraryIndex
  let tracks: SQLiteTrackRepository
  let covers: CoverStore
  let inspector: FakeInspector

  init(
    inspector: FakeInspector = FakeInspector(),
    now: @escaping @Sendable () -> Date = { Date(timeIntervalSince1970: 1_750_000_000) }
  ) throws {
    music = try TemporaryFolder()
    data = try TemporaryFolder()
    database = try CatalogDatabase.open(path: data("dubplate.db"))
    index = SQLiteLibraryIndex(database, now: now)
    tracks = SQLiteTrackRepository(database)
    covers = CoverStore(directory: data("covers"))
    self.inspector = inspector
  }

  func scanner(
    root: String? = nil, index: (any LibraryIndex)? = nil, inspector: (any AudioInspecting)? = nil, width: Int = 2
  ) -> LibraryScanner {
    LibraryScanner(
      root: root ?? music.path, index: index ?? self.index, covers: covers, inspector: inspector ?? self.inspector,
      width: width)
  }

  @discardableResult
  func scan() async throws -> ScanProgress {
    try await scanner().scan().progress
  }

  /// All present tracks by path.
  func all() async throws -> [String: Track] {
    let page = try await tracks.search(query: "", limit: 500, offset: 0)
    return Dictionary(page.rows.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
  }

  func titles(_ query: String) async throws -> [String] {
    try await tracks.search(query: query, limit: 500, offset: 0).rows.map(\.title)
  }

  func problems() async throws -> [ScanProblem] {
    try await index.problems(limit: 500, offset: 0)
  }
}
