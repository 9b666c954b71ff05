import Foundation
import GRDB

/// The tracks in SQLite.
public struct SQLiteTrackRepository: TrackRepository {
  private let database: CatalogDatabase

  /// Tracks of a database.
  public init(_ database: CatalogDatabase) {
    self.database = database
  }

  public func track(id: String) async throws -> Track? {
    try await database.pool.read { connection in
      try Row.fetchOne(
        connection, sql: "SELECT \(Track.columns) FROM tracks WHERE id = $1", arguments: .numbered([id])
      ).map(Track.init(row:))
    }
  }

  public func tracks(ids: [String]) async throws -> [Track] {
    guard !ids.isEmpty else { return [] }
    let places = ids.indices.map { "$\($0 + 1)" }.joined(separator: ", ")
    let sql = "SELECT \(Track.columns) FROM tracks WHERE id IN (\(places))"
    return try await database.pool.read { connection in
      try Row.fetchAll(connection, sql: sql, arguments: .numbered(ids)).map(Track.init(row:))
    }
  }

  public func lyrics(id: String) async throws -> String? {
    try await database.pool.read { connection in
      try String.fetchOne(
        connection, sql: "SELECT body FROM lyrics WHERE track_id = $1", arguments: .numbered([id]))
    }
  }

  public func search(query: String, limit: Int, offset: Int) async throws -> TrackPage {
    let page = PageBounds(limit: limit, offset: offset)
    let patterns = FoldedText.words(query).map(FoldedText.likePattern(containing:))
    var condition = "missing_since IS NULL"
    for index in patterns.indices { condition += " AND search_text LIKE $\(index + 1) ESCAPE '\\'" }
    let rowsSQL = """
      SELECT \(Track.columns) FROM tracks WHERE \(condition)
      ORDER BY sort_artist, sort_album, sort_disc, sort_number, sort_title, id
      LIMIT $\(patterns.count + 1) OFFSET $\(patterns.count + 2)
      """
    let totalSQL = "SELECT COUNT(*) FROM tracks WHERE \(condition)"
    return try await database.pool.read { connection in
      let rows = try Row.fetchAll(
        connection, sql: rowsSQL, arguments: .numbered(patterns + [page.limit, page.offset])
      ).map(Track.init(row:))
      let total = try Int.fetchOne(connection, sql: totalSQL, arguments: .numbered(patterns))
      return TrackPage(rows: rows, total: total ?? 0)
    }
  }

  public func count() async throws -> Int {
    try await database.pool.read { connection in
      try Int.fetchOne(connection, sql: "SELECT COUNT(*) FROM tracks WHERE missing_since IS NULL") ?? 0
    }
  }
}

extension Track {
  /// The columns of ``init(row:)``, in its order.
  static let columns = """
    id, fingerprint, path, size, modified, title, artist, album, album_artist, genre, year, track_number, disc_number, \
    duration, codec, container, bitrate, sample_rate, channels, bits_per_sample, sample_count, grid_rate, \
    grid_sample_count, cover_key, source_facts, added_at, missing_since
    """

  init(row: Row) throws {
    // By position: looking 27 names up for each of 500 rows costs more than the query.
    let missing: Int64? = row[26]
    self.init(
      id: row[0], fingerprint: row[1], path: row[2], size: row[3], modified: row[4], title: row[5], artist: row[6],
      album: row[7], albumArtist: row[8], genre: row[9], year: row[10], trackNumber: row[11], discNumber: row[12],
      duration: row[13], codec: row[14], container: row[15], bitrate: row[16], sampleRate: row[17], channels: row[18],
      bitsPerSample: row[19], sampleCount: row[20], gridRate: row[21], gridSampleCount: row[22], coverKey: row[23],
      sourceFacts: row[24], addedAt: StoredTime.date(row[25]), missingSince: missing.map(StoredTime.date))
  }
}
