import Foundation
import GRDB
import Testing

@testable import Catalog

@Suite struct SessionRepositoryTests {
  private let folder: TemporaryFolder
  private let database: CatalogDatabase

  init() throws {
    folder = try TemporaryFolder()
    database = try CatalogDatabase.open(path: folder("d.db"))
  }

  private func repository(at seconds: Double) -> SQLiteSessionRepository {
    SQLiteSessionRepository(database, now: { Date(timeIntervalSince1970: seconds) })
  }

  @Test func theNewestIsKeptAndStrangersHaveNothing() async throws {
    let sessions = repository(at: 100)
    try await sessions.save(["ada": Data("1".utf8), "bob": Data("2".utf8)])
    try await sessions.save(["ada": Data("3".utf8)])
    #expect(try await sessions.session(userId: "ada") == StoredSession(body: Data("3".utf8), serverSeenAt: nil))
    #expect(try await sessions.session(userId: "bob")?.body == Data("2".utf8))
    #expect(try await sessions.session(userId: "eve") == nil)
  }

  @Test func manyAreReadTogetherEachWithItsOwn() async throws {
    let sessions = repository(at: 100)
    let users = (0..<200).map { "user\($0)" }
    try await sessions.save(Dictionary(uniqueKeysWithValues: users.map { ($0, Data($0.utf8)) }))
    let found = try await sessions.sessions(userIds: users + ["stranger", "x' OR 1=1 --"])
    #expect(found.count == users.count)
    for user in users { #expect(found[user]?.body == Data(user.utf8)) }
    #expect(try await sessions.sessions(userIds: []).isEmpty)
  }

  @Test func aSessionEndsWithTheServerThatKeptIt() async throws {
    func date(_ seconds: Double) -> Date { Date(timeIntervalSince1970: seconds) }
    let body = Data("1".utf8)
    try await repository(at: 150).leaveSign(since: date(100), at: date(101))
    try await repository(at: 150).save(["ada": body])
    try await repository(at: 150).leaveSign(since: date(100), at: date(160))
    // The next server has been up for long when Ada comes back: her session ended with the first.
    for now in [300.0, 400] { try await repository(at: now).leaveSign(since: date(200), at: date(now)) }
    #expect(try await repository(at: 400).session(userId: "ada")?.serverSeenAt == date(160))
    try await repository(at: 350).save(["ada": body])
    #expect(try await repository(at: 400).session(userId: "ada")?.serverSeenAt == date(400))
  }

  @Test func onlySoManyLivesAreRemembered() async throws {
    let sessions = repository(at: 0)
    for life in 0..<Limits.serverLives + 20 {
      let date = Date(timeIntervalSince1970: Double(life))
      try await sessions.leaveSign(since: date, at: date)
    }
    let (count, first) = try await database.pool.read { connection in
      try (
        Int.fetchOne(connection, sql: "SELECT COUNT(*) FROM server_lives"),
        Int64.fetchOne(connection, sql: "SELECT MIN(started_at) FROM server_lives")
      )
    }
    #expect(count == Limits.serverLives && first == 20_000)
  }
}
