import Foundation
import GRDB

extension SQLiteLibraryIndex {
  /// Carries the scan's number to what is as it was.
  static func touch(_ batch: ScanBatch, scan: Int64, on connection: Database) throws {
    let track = try connection.cachedStatement(
      sql: "UPDATE tracks SET scan_id = $1, missing_since = NULL WHERE path = $2")
    for path in batch.unchanged { try track.execute(arguments: .numbered([scan, path])) }
    let problem = try connection.cachedStatement(sql: "UPDATE scan_problems SET scan_id = $1 WHERE path = $2")
    for path in batch.stillFailing { try problem.execute(arguments: .numbered([scan, path])) }
  }

  /// Writes a new or changed track; a known path keeps its id and its `added_at`.
  static func write(_ record: TrackRecord, scan: Int64, time: Int64, on connection: Database) throws {
    let audio = record.audio
    let fingerprint = Identifier.fingerprint(
      path: record.path, size: record.stamp.size, modified: record.stamp.modified)
    let facts: [(any DatabaseValueConvertible)?] = [
      Identifier.random(), record.path, fingerprint, record.stamp.size, record.stamp.modified, record.title,
      record.artist, record.album, record.albumArtist, record.genre, record.year, record.trackNumber,
      record.discNumber, audio.duration, audio.codec, audio.container, audio.bitrate, audio.sampleRate,
      audio.channels, audio.bitsPerSample, audio.sampleCount, audio.gridRate, audio.gridSampleCount,
      record.coverKey, audio.sourceFacts,
    ]
    // Without a number a disc is the only one, and a track stands before the numbered ones.
    let order: [(any DatabaseValueConvertible)?] = [
      time, record.searchText, record.sortArtist, record.sortAlbum, record.discNumber ?? 1, record.trackNumber ?? 0,
      record.sortTitle, scan,
    ]
    try connection.cachedStatement(sql: upsert).execute(arguments: .numbered(facts + order))
    try write(lyrics: record.lyrics, path: record.path, on: connection)
    try writeFileTags(of: record, on: connection)
    try connection.cachedStatement(sql: "DELETE FROM scan_problems WHERE path = $1")
      .execute(arguments: .numbered([record.path]))
  }

  private static func write(lyrics: String?, path: String, on connection: Database) throws {
    if let lyrics {
      try connection.cachedStatement(
        sql: """
          INSERT INTO lyrics (track_id, body) SELECT id, $1 FROM tracks WHERE path = $2
          ON CONFLICT (track_id) DO UPDATE SET body = excluded.body
          """
      ).execute(arguments: .numbered([lyrics, path]))
    } else {
      try connection.cachedStatement(
        sql: "DELETE FROM lyrics WHERE track_id = (SELECT id FROM tracks WHERE path = $1)"
      ).execute(arguments: .numbered([path]))
    }
  }

  private static func writeFileTags(of record: TrackRecord, on connection: Database) throws {
    try connection.cachedStatement(
      sql: """
        INSERT INTO file_tags (track_id, composer, track_total, disc_total)
        SELECT id, $1, $2, $3 FROM tracks WHERE path = $4
        ON CONFLICT (track_id) DO UPDATE SET composer = excluded.composer, track_total = excluded.track_total,
          disc_total = excluded.disc_total
        """
    ).execute(arguments: .numbered([record.composer, record.trackTotal, record.discTotal, record.path]))
  }

  /// Writes a failure, and marks the track that was at its path: its file isn't what the catalogue says any more. A track
  /// stays where only passing trouble was in the way of looking once more into a file that is as it was, or of looking at
  /// it at all: what is known of it holds.
  static func write(_ problem: ScanBatch.Problem, scan: Int64, time: Int64, on connection: Database) throws {
    try connection.cachedStatement(
      sql: """
        UPDATE tracks SET scan_id = $1, missing_since = CASE
          WHEN $4 = 1 AND modified = \(Schema.forgottenModified) AND size = $5 THEN missing_since
          WHEN $4 = 1 AND $6 = 1 THEN missing_since
          ELSE COALESCE(missing_since, $2) END
        WHERE path = $3
        """
    ).execute(
      arguments: .numbered([
        scan, time, problem.path, problem.error.isPassing ? 1 : 0, problem.stamp.size,
        problem.stamp == .unknown ? 1 : 0,
      ]))
    guard problem.isRemembered else { return }
    try connection.cachedStatement(
      sql: """
        INSERT INTO scan_problems (path, size, modified, code, message, is_passing, seen_at, scan_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (path) DO UPDATE SET size = excluded.size, modified = excluded.modified, code = excluded.code,
          message = excluded.message, is_passing = excluded.is_passing, seen_at = excluded.seen_at,
          scan_id = excluded.scan_id
        """
    ).execute(
      arguments: .numbered([
        problem.path, problem.stamp.size, problem.stamp.modified, problem.error.code,
        String(problem.error.message.prefix(Limits.problemCharacters)), problem.error.isPassing ? 1 : 0, time, scan,
      ]))
  }

  private static let upsert = """
    INSERT INTO tracks (id, path, fingerprint, size, modified, title, artist, album, album_artist, genre, year,
      track_number, disc_number, duration, codec, container, bitrate, sample_rate, channels, bits_per_sample,
      sample_count, grid_rate, grid_sample_count, cover_key, source_facts, added_at, search_text, sort_artist,
      sort_album, sort_disc, sort_number, sort_title, scan_id)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
      $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33)
    ON CONFLICT (path) DO UPDATE SET fingerprint = excluded.fingerprint, size = excluded.size,
      modified = excluded.modified, title = excluded.title, artist = excluded.artist, album = excluded.album,
      album_artist = excluded.album_artist, genre = excluded.genre, year = excluded.year,
      track_number = excluded.track_number, disc_number = excluded.disc_number, duration = excluded.duration,
      codec = excluded.codec, container = excluded.container, bitrate = excluded.bitrate,
      sample_rate = excluded.sample_rate, channels = excluded.channels, bits_per_sample = excluded.bits_per_sample,
      sample_count = excluded.sample_count, grid_rate = excluded.grid_rate,
      grid_sample_count = excluded.grid_sample_count, cover_key = excluded.cover_key,
      source_facts = excluded.source_facts, missing_since = NULL, search_text = excluded.search_text,
      sort_artist = excluded.sort_artist, sort_album = excluded.sort_album, sort_disc = excluded.sort_disc,
      sort_number = excluded.sort_number, sort_title = excluded.sort_title, scan_id = excluded.scan_id
    """
}
