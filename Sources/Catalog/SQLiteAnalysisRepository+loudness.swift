import AudioCodec
import Foundation
import GRDB

extension SQLiteAnalysisRepository {
  /// What an album is known by.
  private struct AlbumKey: Hashable {
    let artist: String
    let album: String
  }

  public func loudness(of ids: [String]) async throws -> [String: TrackLoudness] {
    guard !ids.isEmpty else { return [:] }
    let ids = Array(ids.prefix(Limits.pageRows.upperBound))
    let places = ids.indices.map { "$\($0 + 1)" }.joined(separator: ", ")
    return try await database.pool.read { connection in
      let albums = try Self.albums(of: ids, places, connection)
      let rows = try Row.fetchCursor(
        connection,
        sql: """
          SELECT tracks.id, tracks.sort_artist, tracks.sort_album, tracks.album, analyses.integrated,
            analyses.loudness_range, analyses.true_peak
          FROM tracks JOIN analyses ON analyses.fingerprint = tracks.fingerprint
          WHERE analyses.failure_code IS NULL AND tracks.id IN (\(places))
          """, arguments: .numbered(ids))
      var found: [String: TrackLoudness] = [:]
      while let row = try rows.next() {
        let one = row.readable { row in
          let hasAlbum = row.hasNull(atIndex: 3) == false
          let key = AlbumKey(artist: try row.decode(atIndex: 1), album: try row.decode(atIndex: 2))
          let track = Loudness(
            integrated: try Self.level(row, 4), range: try Self.level(row, 5), truePeak: try Self.level(row, 6))
          let id: String = try row.decode(atIndex: 0)
          return (id, TrackLoudness(track: track, album: hasAlbum ? albums[key] : nil))
        }
        if let (id, loudness) = one { found[id] = loudness }
      }
      return found
    }
  }

  /// A level, which is a number or isn't known.
  private static func level(_ row: Row, _ index: Int) throws -> Double? {
    try row.decode(Double?.self, atIndex: index).flatMap { $0.isFinite ? $0 : nil }
  }

  /// The albums of some tracks of which every present track has been looked at.
  private static func albums(
    of ids: [String], _ places: String, _ connection: Database
  ) throws -> [AlbumKey: Loudness] {
    let rows = try Row.fetchCursor(
      connection,
      sql: """
        WITH named AS (
          SELECT DISTINCT sort_artist, sort_album FROM tracks WHERE album IS NOT NULL AND id IN (\(places))
        ), whole AS (
          SELECT tracks.sort_artist, tracks.sort_album
          FROM named JOIN tracks
            ON tracks.sort_artist = named.sort_artist AND tracks.sort_album = named.sort_album
          LEFT JOIN analyses ON analyses.fingerprint = tracks.fingerprint
          WHERE tracks.missing_since IS NULL
          GROUP BY tracks.sort_artist, tracks.sort_album
          HAVING COUNT(*) = COUNT(analyses.fingerprint) AND COUNT(*) <= \(Limits.albumTracks)
        )
        SELECT whole.sort_artist, whole.sort_album, analyses.histogram, analyses.true_peak
        FROM whole JOIN tracks
          ON tracks.sort_artist = whole.sort_artist AND tracks.sort_album = whole.sort_album
        JOIN analyses ON analyses.fingerprint = tracks.fingerprint
        WHERE tracks.missing_since IS NULL AND analyses.histogram IS NOT NULL
        """, arguments: .numbered(ids))
    var damaged: Set<AlbumKey> = []
    var sums: [AlbumKey: (histogram: LoudnessHistogram, peak: Double?)] = [:]
    while let row = try rows.next() {
      let key = row.readable { AlbumKey(artist: try $0.decode(atIndex: 0), album: try $0.decode(atIndex: 1)) }
      guard let key else { continue }
      let one = row.readable { row in
        let bytes: Data = try row.decode(atIndex: 2)
        return (histogram: LoudnessHistogram(bytes: [UInt8](bytes)), peak: try level(row, 3))
      }
      guard let one, let histogram = one.histogram else {
        // Of an album one of whose tracks isn't known, nothing is.
        damaged.insert(key)
        continue
      }
      var sum = sums[key] ?? (LoudnessHistogram(), nil)
      sum.histogram.add(histogram)
      if let peak = one.peak { sum.peak = max(sum.peak ?? peak, peak) }
      sums[key] = sum
    }
    for key in damaged { sums[key] = nil }
    return sums.mapValues { Loudness(integrated: $0.histogram.integrated, range: nil, truePeak: $0.peak) }
  }
}
