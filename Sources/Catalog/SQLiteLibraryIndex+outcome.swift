import GRDB

/// What came of scans: kept where other processes see it.
extension SQLiteLibraryIndex {
  public func record(_ outcome: ScanOutcome, of scan: Int64) async throws {
    try await database.pool.write { connection in
      switch outcome {
      case .failed(let reason):
        try connection.execute(
          sql: "UPDATE scans SET failure = $1 WHERE id = $2",
          arguments: .numbered([String(reason.prefix(Limits.problemCharacters)), scan]))
      case .taken(let progress):
        try connection.execute(
          sql: "UPDATE scans SET found = $1, added = $2, updated = $3, missing = $4, failed = $5 WHERE id = $6",
          arguments: .numbered([
            progress.found, progress.added, progress.updated, progress.missing, progress.failed, scan,
          ]))
      }
    }
  }

  /// The number of the scan that began last; 0 when there was none.
  public func lastScan() async throws -> Int64 {
    try await database.pool.read { connection in
      try Int64.fetchOne(
        connection, sql: "SELECT CAST(MAX(id) AS BIGINT) FROM scans WHERE id BETWEEN 1 AND \(Self.mostScans)") ?? 0
    }
  }

  /// What came of the first scan that began behind another one and is over; nil while there is none.
  public func outcome(after scan: Int64) async throws -> ScanOutcome? {
    try await database.pool.read { connection in
      let row = try Row.fetchOne(
        connection,
        sql: """
          SELECT failure, found, added, updated, missing, failed FROM scans
          WHERE id > $1 AND (failure IS NOT NULL OR found IS NOT NULL) ORDER BY id LIMIT 1
          """, arguments: .numbered([scan]))
      return row?.readable { row in
        if let failure: String = try row.decode(atIndex: 0) { return .failed(failure) }
        var progress = ScanProgress()
        progress.found = try row.decode(atIndex: 1)
        progress.added = try row.decode(atIndex: 2)
        progress.updated = try row.decode(atIndex: 3)
        progress.missing = try row.decode(atIndex: 4)
        progress.failed = try row.decode(atIndex: 5)
        return .taken(progress)
      }
    }
  }
}
