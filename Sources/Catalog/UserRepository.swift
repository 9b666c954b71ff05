/// The accounts.
public protocol UserRepository: Sendable {
  /// Adds an account.
  /// - Parameters:
  ///   - username: 1…64 letters, digits and `. _ - @ +`; blanks around it are dropped.
  ///   - passwordHash: 1…512 bytes.
  /// - Throws: ``CatalogError/badUsername``, ``CatalogError/usernameTaken``, ``CatalogError/badPasswordHash``.
  func add(username: String, plan: User.Plan, passwordHash: String) async throws -> User

  /// The account with a name, in any case; nil when there is none.
  func user(username: String) async throws -> User?

  /// The account with an id; nil when there is none.
  func user(id: String) async throws -> User?

  /// Replaces the password's hash.
  /// - Throws: ``CatalogError/unknownUser``, ``CatalogError/badPasswordHash``.
  func setPassword(userID: String, passwordHash: String) async throws

  /// Changes the plan.
  /// - Throws: ``CatalogError/unknownUser``.
  func setPlan(userID: String, _ plan: User.Plan) async throws

  /// Shuts an account, or opens it again.
  /// - Throws: ``CatalogError/unknownUser``.
  func setDisabled(userID: String, _ disabled: Bool) async throws

  /// Accounts in the order of their names.
  /// - Parameters:
  ///   - limit: held to 1…500.
  ///   - offset: at least 0.
  func list(limit: Int, offset: Int) async throws -> [User]

  /// Removes an account; false when there was none.
  func remove(id: String) async throws -> Bool
}
