import Foundation
import GRDB

/// The scanner's memory in SQLite.
public struct SQLiteLibraryIndex: LibraryIndex {
  /// Numbers that nobody counted to are somebody else's.
  static let mostScans = Int64(1) << 53

  let database: CatalogDatabase
  private let now: @Sendable () -> Date

  /// The index of a database.
  /// - Parameter now: the clock of `addedAt`, `missingSince` and `seenAt`.
  public init(_ database: CatalogDatabase, now: @escaping @Sendable () -> Date = { Date() }) {
    self.database = database
    self.now = now
  }

  public func beginScan() async throws -> Int64 {
    let time = StoredTime.milliseconds(now())
    return try await database.pool.write { connection in
      let last = try Int64.fetchOne(
        connection, sql: "SELECT CAST(MAX(id) AS BIGINT) FROM scans WHERE id BETWEEN 1 AND \(Self.mostScans)")
      let id = (last ?? 0) + 1
      try connection.execute(
        sql: "INSERT INTO scans (id, started_at) VALUES ($1, $2)", arguments: .numbered([id, time]))
      // The last hundred are enough to see how scans went.
      try connection.execute(sql: "DELETE FROM scans WHERE id <= $1", arguments: .numbered([id - 100]))
      return id
    }
  }

  public func known(paths: [String]) async throws -> [KnownFile] {
    guard !paths.isEmpty else { return [] }
    let list = paths.indices.map { "$\($0 + 1)" }.joined(separator: ", ")
    let retried = StoredTime.milliseconds(now()) - Int64(Limits.slowFileSeconds * 1_000)
    return try await database.pool.read { connection in
      // Keyed by bytes: Swift takes two spellings of «é» for one string, a file system for two names.
      var files: [Data: KnownFile] = [:]
      let tracks = try Row.fetchCursor(
        connection, sql: "SELECT path, size, modified, missing_since FROM tracks WHERE path IN (\(list))",
        arguments: .numbered(paths))
      while let row = try tracks.next() {
        // A file whose row can't be read isn't known: it's looked into again, and that row written.
        let found = row.readable { row in
          var file = KnownFile(path: try row.decode(atIndex: 0))
          file.track = FileStamp(size: try row.decode(atIndex: 1), modified: try row.decode(atIndex: 2))
          file.isMissing = row.hasNull(atIndex: 3) == false
          return file
        }
        if let found { files[Data(found.path.utf8)] = found }
      }
      let problems = try Row.fetchCursor(
        connection,
        sql: "SELECT path, size, modified, is_passing, code, seen_at FROM scan_problems WHERE path IN (\(list))",
        arguments: .numbered(paths))
      while let row = try problems.next() {
        let found = row.readable { row in
          let path: String = try row.decode(atIndex: 0)
          var file = files[Data(path.utf8)] ?? KnownFile(path: path)
          file.problem = FileStamp(size: try row.decode(atIndex: 1), modified: try row.decode(atIndex: 2))
          let isPassing = try row.decode(Int.self, atIndex: 3) != 0
          let code: String = try row.decode(atIndex: 4)
          let seenAt: Int64 = try row.decode(atIndex: 5)
          file.isPassing = isPassing && (code != InspectionError.timedOutCode || seenAt <= retried)
          file.wasInterrupted = code == InspectionError.interruptedCode
          return file
        }
        if let found { files[Data(found.path.utf8)] = found }
      }
      return Array(files.values)
    }
  }

  public func apply(_ batch: ScanBatch, scan: Int64) async throws {
    let time = StoredTime.milliseconds(now())
    try await database.pool.write { connection in
      try Self.touch(batch, scan: scan, on: connection)
      for record in batch.records { try Self.write(record, scan: scan, time: time, on: connection) }
      for problem in batch.problems { try Self.write(problem, scan: scan, time: time, on: connection) }
    }
  }

  public func finishScan(_ scan: Int64, keeping folders: [String]) async throws -> Int {
    let time = StoredTime.milliseconds(now())
    return try await database.pool.write { connection in
      for folder in folders {
        let prefix = folder + "/"
        for table in ["tracks", "scan_problems"] {
          try connection.execute(
            sql: "UPDATE \(table) SET scan_id = $1 WHERE substr(path, 1, $2) = $3",
            arguments: .numbered([scan, prefix.unicodeScalars.count, prefix]))
        }
      }
      try connection.execute(
        sql: "UPDATE tracks SET missing_since = $1 WHERE scan_id <> $2 AND missing_since IS NULL",
        arguments: .numbered([time, scan]))
      let missing = connection.changesCount
      try connection.execute(sql: "DELETE FROM scan_problems WHERE scan_id <> $1", arguments: .numbered([scan]))
      try connection.execute(
        sql: "UPDATE scans SET finished_at = $1 WHERE id = $2", arguments: .numbered([time, scan]))
      return missing
    }
  }

  public func presentCount() async throws -> Int {
    try await SQLiteTrackRepository(database).count()
  }

  public func referencedCovers(among keys: [String]) async throws -> Set<String> {
    guard !keys.isEmpty else { return [] }
    let list = keys.indices.map { "$\($0 + 1)" }.joined(separator: ", ")
    return try await database.pool.read { connection in
      try String.fetchSet(
        connection, sql: "SELECT DISTINCT cover_key FROM tracks WHERE cover_key IN (\(list))",
        arguments: .numbered(keys))
    }
  }

  public func problems(limit: Int, offset: Int) async throws -> [ScanProblem] {
    let page = PageBounds(limit: limit, offset: offset)
    return try await database.pool.read { connection in
      try Row.fetchAll(
        connection,
        sql: "SELECT path, code, message, seen_at FROM scan_problems ORDER BY path LIMIT $1 OFFSET $2",
        arguments: .numbered([page.limit, page.offset])
      ).compactMap { row in
        row.readable {
          ScanProblem(
            path: try $0.decode(atIndex: 0), code: try $0.decode(atIndex: 1), message: try $0.decode(atIndex: 2),
            seenAt: StoredTime.date(try $0.decode(atIndex: 3)))
        }
      }
    }
  }
}
