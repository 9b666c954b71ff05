import AudioCodec
import Foundation
import GRDB

/// The analyses in SQLite.
public struct SQLiteAnalysisRepository: AnalysisRepository {
  let database: CatalogDatabase
  private let now: @Sendable () -> Date

  /// Analyses of a database.
  /// - Parameter now: the clock of when something was analysed.
  public init(_ database: CatalogDatabase, now: @escaping @Sendable () -> Date = { Date() }) {
    self.database = database
    self.now = now
  }

  private static let pendingCondition = """
    FROM tracks LEFT JOIN analyses ON analyses.fingerprint = tracks.fingerprint
    WHERE tracks.missing_since IS NULL AND (analyses.fingerprint IS NULL OR analyses.version <> $1
      OR (analyses.is_passing = 1 AND analyses.analysed_at < $2))
    """

  public func pending(version: String, before: Date, limit: Int) async throws -> [Track] {
    let page = PageBounds(limit: limit, offset: 0)
    let columns = Track.columns.split(separator: ",").map { "tracks." + $0.drop { $0 == " " } }.joined(separator: ", ")
    let sql = "SELECT \(columns) \(Self.pendingCondition) ORDER BY tracks.added_at DESC, tracks.id LIMIT $3"
    return try await database.pool.read { connection in
      try Row.fetchAll(
        connection, sql: sql, arguments: .numbered([version, StoredTime.milliseconds(before), page.limit])
      ).compactMap(Track.init(row:))
    }
  }

  public func pendingCount(version: String, before: Date) async throws -> (tracks: Int, seconds: Double) {
    let sql = "SELECT COUNT(*), COALESCE(SUM(tracks.duration), 0.0) \(Self.pendingCondition)"
    return try await database.pool.read { connection in
      let row = try Row.fetchOne(
        connection, sql: sql, arguments: .numbered([version, StoredTime.milliseconds(before)]))
      return try row.map { (try $0.decode(atIndex: 0), try $0.decode(atIndex: 1)) } ?? (0, 0)
    }
  }

  public func store(_ analysis: TrackAnalysis, of fingerprint: String, version: String) async throws {
    let loudness = analysis.loudness
    try await write([
      fingerprint, version, StoredTime.milliseconds(now()), nil, nil, 0, loudness.integrated, loudness.range,
      loudness.truePeak, Data(analysis.histogram.bytes),
      analysis.segmentSizes.map { Data(SegmentSizes.bytes(of: $0)) }, Data(analysis.waveform.peaks),
      Data(analysis.waveform.rms),
    ])
  }

  public func store(_ failure: AnalysisFailure, of fingerprint: String, version: String) async throws {
    try await write([
      fingerprint, version, StoredTime.milliseconds(now()), failure.code,
      String(failure.message.prefix(Limits.problemCharacters)), failure.isPassing ? 1 : 0, nil, nil, nil, nil, nil, nil,
      nil,
    ])
  }

  private func write(_ values: [(any DatabaseValueConvertible & Sendable)?]) async throws {
    try await database.pool.write { connection in
      try connection.cachedStatement(
        sql: """
          INSERT INTO analyses (fingerprint, version, analysed_at, failure_code, failure_message, is_passing,
            integrated, loudness_range, true_peak, histogram, segment_sizes, peaks, rms)
          VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
          ON CONFLICT (fingerprint) DO UPDATE SET version = excluded.version, analysed_at = excluded.analysed_at,
            failure_code = excluded.failure_code, failure_message = excluded.failure_message,
            is_passing = excluded.is_passing, integrated = excluded.integrated,
            loudness_range = excluded.loudness_range, true_peak = excluded.true_peak, histogram = excluded.histogram,
            segment_sizes = excluded.segment_sizes, peaks = excluded.peaks, rms = excluded.rms
          """
      ).execute(arguments: .numbered(values))
    }
  }

  public func outcome(of fingerprint: String, version: String) async throws -> AnalysisOutcome? {
    try await database.pool.read { connection in
      let row = try Row.fetchOne(
        connection,
        sql: """
          SELECT failure_code, failure_message, is_passing, peaks, rms FROM analyses
          WHERE fingerprint = $1 AND version = $2
          """, arguments: .numbered([fingerprint, version]))
      guard let row else { return nil }
      guard let outcome = row.readable(Self.outcome(of:)) else { throw CatalogError.damagedRow }
      return outcome
    }
  }

  private static func outcome(of row: Row) throws -> AnalysisOutcome {
    if let code = try row.decode(String?.self, atIndex: 0) {
      let message = try row.decode(String?.self, atIndex: 1) ?? ""
      return .failed(
        AnalysisFailure(code: code, message: message, isPassing: try row.decode(Int.self, atIndex: 2) != 0))
    }
    let (peaks, rms): (Data, Data) = (try row.decode(atIndex: 3), try row.decode(atIndex: 4))
    guard peaks.count == rms.count else { throw CatalogError.damagedRow }
    return .waveform(Waveform(peaks: [UInt8](peaks), rms: [UInt8](rms)))
  }

  public func segmentSizes(of fingerprint: String, version: String) async throws -> [Int]? {
    let bytes = try await database.pool.read { connection in
      try Data.fetchOne(
        connection,
        sql: "SELECT segment_sizes FROM analyses WHERE fingerprint = $1 AND version = $2 AND segment_sizes IS NOT NULL",
        arguments: .numbered([fingerprint, version]))
    }
    guard let bytes else { return nil }
    guard let sizes = SegmentSizes.sizes(of: [UInt8](bytes)) else { throw CatalogError.damagedRow }
    return sizes
  }

  public func forgetSegmentSizes(of fingerprint: String) async throws {
    try await database.pool.write { connection in
      try connection.execute(
        sql: "UPDATE analyses SET segment_sizes = NULL WHERE fingerprint = $1", arguments: .numbered([fingerprint]))
    }
  }

  public func forgetOrphans() async throws -> Int {
    try await database.pool.write { connection in
      try connection.execute(
        sql: """
          DELETE FROM analyses WHERE NOT EXISTS
            (SELECT 1 FROM tracks WHERE tracks.fingerprint = analyses.fingerprint)
          """)
      return connection.changesCount
    }
  }
}
