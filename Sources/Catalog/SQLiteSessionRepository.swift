import Foundation
import GRDB

/// Listeners' sessions in SQLite.
public struct SQLiteSessionRepository: SessionRepository {
  private let database: CatalogDatabase
  private let now: @Sendable () -> Date

  /// - Parameter now: the clock of `saved_at`.
  public init(_ database: CatalogDatabase, now: @escaping @Sendable () -> Date = { Date() }) {
    self.database = database
    self.now = now
  }

  public func session(userId: String) async throws -> StoredSession? {
    try await sessions(userIds: [userId])[userId]
  }

  public func sessions(userIds: [String]) async throws -> [String: StoredSession] {
    guard !userIds.isEmpty else { return [:] }
    return try await database.pool.read { connection in
      let places = (1...userIds.count).map { "$\($0)" }.joined(separator: ", ")
      let rows = try Row.fetchAll(
        connection,
        sql: """
          SELECT user_id, body, (
            SELECT seen_at FROM server_lives WHERE started_at <= saved_at ORDER BY started_at DESC LIMIT 1
          ) FROM playback_sessions WHERE user_id IN (\(places))
          """,
        arguments: .numbered(userIds))
      return rows.reduce(into: [:]) { found, row in
        // A body that is none is found to be damaged by who reads it.
        guard let id: String = row.readable({ try $0.decode(atIndex: 0) }) else { return }
        let body: Data? = row.readable { try $0.decode(atIndex: 1) }
        let seen: Int64? = row.readable { try $0.decode(atIndex: 2) }
        found[id] = StoredSession(body: body ?? Data(), serverSeenAt: seen.map(StoredTime.date))
      }
    }
  }

  public func save(_ sessions: [String: Data]) async throws {
    let time = StoredTime.milliseconds(now())
    try await database.pool.write { connection in
      for (userId, body) in sessions {
        try connection.execute(
          sql: """
            INSERT INTO playback_sessions (user_id, body, saved_at) VALUES ($1, $2, $3)
            ON CONFLICT (user_id) DO UPDATE SET body = excluded.body, saved_at = excluded.saved_at
            """,
          arguments: .numbered([userId, body, time]))
      }
    }
  }

  public func leaveSign(since start: Date, at now: Date) async throws {
    let (start, now) = (StoredTime.milliseconds(start), StoredTime.milliseconds(now))
    try await database.pool.write { connection in
      try connection.execute(
        sql: """
          INSERT INTO server_lives (started_at, seen_at) VALUES ($1, $2)
          ON CONFLICT (started_at) DO UPDATE SET seen_at = excluded.seen_at
          """,
        arguments: .numbered([start, now]))
      // Nobody misses the seconds of a position that was kept so many lives ago.
      try connection.execute(
        sql: """
          DELETE FROM server_lives WHERE started_at < (
            SELECT MIN(started_at) FROM (SELECT started_at FROM server_lives ORDER BY started_at DESC LIMIT $1) AS newest
          )
          """,
        arguments: .numbered([Limits.serverLives]))
    }
  }
}
