import Foundation
import GRDB

/// The accounts in SQLite.
public struct SQLiteUserRepository: UserRepository {
  private let database: CatalogDatabase
  private let now: @Sendable () -> Date

  /// Accounts of a database.
  /// - Parameter now: the clock of `createdAt`.
  public init(_ database: CatalogDatabase, now: @escaping @Sendable () -> Date = { Date() }) {
    self.database = database
    self.now = now
  }

  public func add(username: String, plan: User.Plan, passwordHash: String) async throws -> User {
    let name = try Username(username)
    try Self.check(passwordHash)
    let user = User(
      id: Identifier.random(), username: name.text, plan: plan, passwordHash: passwordHash,
      createdAt: StoredTime.date(StoredTime.milliseconds(now())), disabled: false)
    return try await database.pool.write { connection in
      try connection.execute(
        sql: """
          INSERT INTO users (id, username, username_key, plan, password_hash, created_at, disabled)
          VALUES ($1, $2, $3, $4, $5, $6, 0)
          ON CONFLICT (username_key) DO NOTHING
          """,
        arguments: .numbered([
          user.id, user.username, name.key, user.plan.rawValue, user.passwordHash,
          StoredTime.milliseconds(user.createdAt),
        ]))
      guard connection.changesCount == 1 else { throw CatalogError.usernameTaken }
      return user
    }
  }

  public func user(username: String) async throws -> User? {
    let key: String
    do {
      key = try Username(username).key
    } catch {
      // No account can have this name.
      return nil
    }
    return try await database.pool.read { connection in
      try Row.fetchOne(
        connection, sql: "SELECT * FROM users WHERE username_key = $1", arguments: .numbered([key])
      ).map(User.init(row:))
    }
  }

  public func user(id: String) async throws -> User? {
    try await database.pool.read { connection in
      try Row.fetchOne(connection, sql: "SELECT * FROM users WHERE id = $1", arguments: .numbered([id]))
        .map(User.init(row:))
    }
  }

  public func setPassword(userID: String, passwordHash: String) async throws {
    try Self.check(passwordHash)
    try await update("UPDATE users SET password_hash = $1 WHERE id = $2", passwordHash, userID: userID)
  }

  public func setPlan(userID: String, _ plan: User.Plan) async throws {
    try await update("UPDATE users SET plan = $1 WHERE id = $2", plan.rawValue, userID: userID)
  }

  public func setDisabled(userID: String, _ disabled: Bool) async throws {
    try await update("UPDATE users SET disabled = $1 WHERE id = $2", disabled ? 1 : 0, userID: userID)
  }

  public func list(limit: Int, offset: Int) async throws -> [User] {
    let page = PageBounds(limit: limit, offset: offset)
    return try await database.pool.read { connection in
      try Row.fetchAll(
        connection, sql: "SELECT * FROM users ORDER BY username_key LIMIT $1 OFFSET $2",
        arguments: .numbered([page.limit, page.offset])
      ).map(User.init(row:))
    }
  }

  public func remove(id: String) async throws -> Bool {
    try await database.pool.write { connection in
      try connection.execute(sql: "DELETE FROM users WHERE id = $1", arguments: .numbered([id]))
      return connection.changesCount == 1
    }
  }

  private func update(_ sql: String, _ value: any DatabaseValueConvertible & Sendable, userID: String) async throws {
    try await database.pool.write { connection in
      try connection.execute(sql: sql, arguments: .numbered([value, userID]))
      guard connection.changesCount == 1 else { throw CatalogError.unknownUser }
    }
  }

  private static func check(_ passwordHash: String) throws {
    guard Limits.passwordHashBytes.contains(passwordHash.utf8.count) else { throw CatalogError.badPasswordHash }
  }
}

extension User {
  fileprivate init(row: Row) throws {
    let user = row.readable { row -> User? in
      guard let plan = Plan(rawValue: try row.decode(String.self, forColumn: "plan")) else { return nil }
      return User(
        id: try row.decode(forColumn: "id"), username: try row.decode(forColumn: "username"), plan: plan,
        passwordHash: try row.decode(forColumn: "password_hash"),
        createdAt: StoredTime.date(try row.decode(forColumn: "created_at")),
        disabled: try row.decode(Int.self, forColumn: "disabled") != 0)
    }
    guard case .some(.some(let user)) = user else { throw CatalogError.damagedRow }
    self = user
  }
}
