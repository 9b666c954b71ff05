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
      ).flatMap(Track.init(row:))
    }
  }

  public func tracks(ids: [String]) async throws -> [Track] {
    guard !ids.isEmpty else { return [] }
    let places = ids.indices.map { "$\($0 + 1)" }.joined(separator: ", ")
    let sql = "SELECT \(Track.columns) FROM tracks WHERE id IN (\(places))"
    return try await database.pool.read { connection in
      try Row.fetchAll(connection, sql: sql, arguments: .numbered(ids)).compactMap(Track.init(row:))
    }
  }

  public func lyrics(id: String) async throws -> String? {
    try await database.pool.read { connection in
      let row = try Row.fetchOne(
        connection, sql: "SELECT body FROM lyrics WHERE track_id = $1", arguments: .numbered([id]))
      return row?.readable { try $0.decode(atIndex: 0) }
    }
  }

  public func fileTags(id: String) async throws -> FileTagging {
    try await database.pool.read { connection in
      var tags = FileTagging()
      let row = try Row.fetchOne(
        connection,
        sql: """
          SELECT lyrics.body, file_tags.composer, file_tags.track_total, file_tags.disc_total FROM tracks
          LEFT JOIN lyrics ON lyrics.track_id = tracks.id LEFT JOIN file_tags ON file_tags.track_id = tracks.id
          WHERE tracks.id = $1
          """, arguments: .numbered([id]))
      guard let row else { return tags }
      let total = { (index: Int) -> Int? in
        let number: Int? = row.readable { try $0.decode(atIndex: index) }
        return number.flatMap { Limits.ordinals.contains($0) ? $0 : nil }
      }
      tags.lyrics = row.readable { try $0.decode(atIndex: 0) }
      tags.composer = row.readable { try $0.decode(atIndex: 1) }
      tags.trackTotal = total(2)
      tags.discTotal = total(3)
      return tags
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
      ).compactMap(Track.init(row:))
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

  /// Nil for a row that this code never wrote: it's as if there were none, and the others aren't lost with it.
  init?(row: Row) {
    guard let track = row.readable(Track.init(decoding:)) else { return nil }
    self = track
    guard size >= 0, bitrate >= 0,
      Self.makeSense(
        duration: duration, sampleRate: sampleRate, channels: channels, sampleCount: sampleCount, gridRate: gridRate,
        gridSampleCount: gridSampleCount)
    else { return nil }
  }

  private init(decoding row: Row) throws {
    // By position: looking 27 names up for each of 500 rows costs more than the query.
    func value<Value: DatabaseValueConvertible & StatementColumnConvertible>(_ place: Int) throws -> Value {
      try row.decode(atIndex: place)
    }
    func some<Value: DatabaseValueConvertible & StatementColumnConvertible>(_ place: Int) throws -> Value? {
      try row.decode(Value?.self, atIndex: place)
    }
    let missing: Int64? = try some(26)
    try self.init(
      id: value(0), fingerprint: value(1), path: value(2), size: value(3), modified: value(4), title: value(5),
      artist: some(6), album: some(7), albumArtist: some(8), genre: some(9), year: some(10), trackNumber: some(11),
      discNumber: some(12), duration: value(13), codec: value(14), container: value(15), bitrate: value(16),
      sampleRate: value(17), channels: value(18), bitsPerSample: some(19), sampleCount: value(20), gridRate: value(21),
      gridSampleCount: value(22), coverKey: some(23), sourceFacts: some(24), addedAt: StoredTime.date(value(25)),
      missingSince: missing.map(StoredTime.date))
  }
}
