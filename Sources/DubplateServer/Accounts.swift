import Access
import Catalog
import Foundation

/// Accounts as an operator handles them: straight in the database, whether the server runs or not.
public struct Accounts: Sendable {
  /// Why it can't be done, for people.
  public struct Failure: Error, Sendable, CustomStringConvertible {
    public let description: String
  }

  /// One account.
  public struct Account: Sendable {
    public let username: String
    public let plan: String
    public let createdAt: Date
    public let isDisabled: Bool
  }

  private let users: any UserRepository
  private let secret: [UInt8]

  /// - Parameters:
  ///   - jwtSecret: the server's `JWT_SECRET`, if it is set.
  ///   - isMade: whether a data folder that isn't there is made.
  public init(dataDirectory: String, jwtSecret: String?, isMade: Bool = false) throws {
    let data = try DataDirectory.openShared(path: dataDirectory, isMade: isMade)
    users = SQLiteUserRepository(try data.openDatabase())
    if let jwtSecret, !jwtSecret.isEmpty {
      secret = try AccessTokens.secret(fromEnvironment: jwtSecret)
    } else {
      secret = try data.jwtSecret()
    }
  }

  /// - Parameter costExponent: what a login costs, as ``ScryptParameters/costExponent``.
  public func add(username: String, plan: String, password: String, costExponent: Int) async throws {
    guard let plan = User.Plan(rawValue: plan) else { throw Failure(description: "the plan must be free or premium") }
    let hash = try Self.hash(password, costExponent: costExponent)
    _ = try await users.add(username: username, plan: plan, passwordHash: hash)
  }

  public func setPassword(_ password: String, username: String, costExponent: Int) async throws {
    let hash = try Self.hash(password, costExponent: costExponent)
    try await users.setPassword(userID: try await user(username).id, passwordHash: hash)
  }

  private static func hash(_ password: String, costExponent: Int) throws -> String {
    let usual = ScryptParameters.recommended
    let parameters = try ScryptParameters(
      costExponent: costExponent, blockSize: usual.blockSize, parallelism: usual.parallelism)
    return try PasswordHasher(parameters: parameters).hash(password)
  }

  public func setPlan(_ plan: String, username: String) async throws {
    guard let plan = User.Plan(rawValue: plan) else { throw Failure(description: "the plan must be free or premium") }
    try await users.setPlan(userID: try await user(username).id, plan)
  }

  public func remove(username: String) async throws {
    _ = try await users.remove(id: try await user(username).id)
  }

  public func list() async throws -> [Account] {
    var accounts: [Account] = []
    while true {
      let page = try await users.list(limit: 500, offset: accounts.count)
      accounts += page.map {
        Account(username: $0.username, plan: $0.plan.rawValue, createdAt: $0.createdAt, isDisabled: $0.disabled)
      }
      if page.count < 500 { return accounts }
    }
  }

  /// Access tokens of an account; with `listeners`, that many of as many listeners, none of whom shares the account's
  /// state.
  public func tokens(username: String, minutes: Int, listeners: Int?) async throws -> [String] {
    let user = try await user(username)
    let tokens = try await AccessTokens(secret: secret)
    var issued: [String] = []
    for number in 0..<(listeners ?? 1) {
      let id = listeners == nil ? user.id : "\(user.id).\(number)"
      issued.append(
        try await tokens.issue(
          .access, userID: id, name: user.username, plan: Plan(rawValue: user.plan.rawValue) ?? .free, now: Date(),
          lifetime: .seconds(minutes * 60)
        ).token)
    }
    return issued
  }

  private func user(_ username: String) async throws -> User {
    guard let user = try await users.user(username: username) else {
      throw Failure(description: "there is no account '\(LineText.escaped(username))': `dubplate user list` lists them")
    }
    return user
  }
}
