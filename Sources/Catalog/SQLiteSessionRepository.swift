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

  public func session(userId: String) async throws -> Data? {
    try await database.pool.read { connection in
      try Data.fetchOne(
        connection, sql: "SELECT body FROM playback_sessions WHERE user_id = $1", arguments: .numbered([userId]))
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
}
