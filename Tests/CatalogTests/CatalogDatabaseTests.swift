import Foundation
import GRDB
import Testing

@testable import Catalog

@Suite struct CatalogDatabaseTests {
  @Test func openingAgainChangesNothingAndKeepsEverything() async throws {
    let folder = try TemporaryFolder()
    let first = try CatalogDatabase.open(path: folder("d.db"))
    let user = try await SQLiteUserRepository(first).add(username: "ada", plan: .free, passwordHash: "x")
    let schema = try await first.schema()
    try first.close()
    for _ in 0..<2 {
      let again = try CatalogDatabase.open(path: folder("d.db"))
      #expect(try await SQLiteUserRepository(again).user(id: user.id) == user)
      #expect(try await again.schema() == schema)
      try again.close()
    }
  }

  @Test func readersDoNotWaitForTheWriter() async throws {
    let folder = try TemporaryFolder()
    let database = try CatalogDatabase.open(path: folder("d.db"))
    let (mode, keys) = try await database.pool.read { connection in
      (
        try String.fetchOne(connection, sql: "PRAGMA journal_mode"),
        try Int.fetchOne(connection, sql: "PRAGMA foreign_keys")
      )
    }
    #expect(mode == "wal")
    #expect(keys == 1)
  }

  @Test func aDatabaseOfANewerServerIsRefused() async throws {
    let folder = try TemporaryFolder()
    let database = try CatalogDatabase.open(path: folder("d.db"))
    try await database.pool.write {
      try $0.execute(sql: "INSERT INTO grdb_migrations (identifier) VALUES ('9999-future')")
    }
    try database.close()
    #expect(throws: CatalogError.newerDatabase) { try CatalogDatabase.open(path: folder("d.db")) }
  }

  @Test func aFileThatIsNoDatabaseIsRefusedAndLeftAlone() throws {
    let folder = try TemporaryFolder()
    let text = String(repeating: "not a database ", count: 1_000)
    try folder.write(text, to: "d.db")
    let error = #expect(throws: CatalogError.self) { try CatalogDatabase.open(path: folder("d.db")) }
    #expect(error?.code == "unusable_database")
    #expect(try String(contentsOfFile: folder("d.db"), encoding: .utf8) == text)
    let nowhere = #expect(throws: CatalogError.self) { try CatalogDatabase.open(path: folder("no/such/d.db")) }
    #expect(nowhere?.code == "unusable_database")
  }

  @Test func numberedParametersStandWhereverTheStatementWantsThem() async throws {
    let folder = try TemporaryFolder()
    let database = try CatalogDatabase.open(path: folder("d.db"))
    let row = try await database.pool.read { connection in
      try String.fetchOne(
        connection, sql: "SELECT $2 || $1 || $2 || COALESCE($3, 'null')",
        arguments: .numbered(["a", "b", nil as String?]))
    }
    #expect(row == "babnull")
  }

  @Test func theLibrarysOrderComesFromTheIndex() async throws {
    let folder = try TemporaryFolder()
    let database = try CatalogDatabase.open(path: folder("d.db"))
    let plan = try await database.pool.read { connection in
      try Row.fetchAll(
        connection,
        sql: """
          EXPLAIN QUERY PLAN SELECT \(Track.columns) FROM tracks WHERE missing_since IS NULL
          ORDER BY sort_artist, sort_album, sort_disc, sort_number, sort_title, id LIMIT 100
          """
      ).map { $0["detail"] as String }
    }
    #expect(plan.contains { $0.contains("tracks_in_order") })
    #expect(!plan.contains { $0.contains("TEMP B-TREE") })
  }
}

extension CatalogDatabase {
  fileprivate func schema() async throws -> [String] {
    try await pool.read {
      try String.fetchAll($0, sql: "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name")
    }
  }
}
