import Foundation
import Testing

@testable import Catalog

@Suite struct UserRepositoryTests {
  private let folder: TemporaryFolder
  private let users: any UserRepository

  init() throws {
    folder = try TemporaryFolder()
    users = SQLiteUserRepository(
      try CatalogDatabase.open(path: folder("d.db")), now: { Date(timeIntervalSince1970: 1_750_000_000) })
  }

  @Test func anAddedUserIsFoundByNameAndId() async throws {
    let user = try await users.add(username: " Ada ", plan: .premium, passwordHash: "hash")
    #expect(user.username == "Ada")
    #expect(user.plan == .premium)
    #expect(!user.disabled)
    #expect(user.createdAt == Date(timeIntervalSince1970: 1_750_000_000))
    #expect(user.id.count == 16)
    #expect(try await users.user(id: user.id) == user)
    for name in ["Ada", "ada", "ADA", " aDa"] { #expect(try await users.user(username: name) == user) }
    #expect(try await users.user(username: "Adam") == nil)
    #expect(try await users.user(username: "") == nil)
    #expect(try await users.user(id: "nobody") == nil)
  }

  @Test(arguments: [
    ("ada", "ADA"), ("ärger", "ÄRGER"), ("a\u{308}rger", "\u{E4}rger"), ("ａda", "Ada"), ("straße", "STRASSE"),
  ])
  func aNameIsUniqueInAllItsSpellings(_ first: String, _ second: String) async throws {
    _ = try await users.add(username: first, plan: .free, passwordHash: "hash")
    if second == "STRASSE" {
      // Two words, whatever a German keyboard thinks.
      _ = try await users.add(username: second, plan: .free, passwordHash: "hash")
    } else {
      await #expect(throws: CatalogError.usernameTaken) {
        try await users.add(username: second, plan: .free, passwordHash: "hash")
      }
    }
  }

  @Test(arguments: [
    "", " ", "a b", "a\nb", "<script>", "a/b", "\u{202E}ada", "a\0b", String(repeating: "a", count: 65),
  ])
  func aNameThatCannotBeAnAccountsIsRefused(_ name: String) async throws {
    await #expect(throws: CatalogError.badUsername) {
      try await users.add(username: name, plan: .free, passwordHash: "hash")
    }
    #expect(try await users.user(username: name) == nil)
  }

  @Test func anEndlessNameIsRefusedUnread() async throws {
    let name = String(repeating: "a", count: 10_000_000)
    await #expect(throws: CatalogError.badUsername) {
      try await users.add(username: name, plan: .free, passwordHash: "hash")
    }
  }

  @Test func changesAreKept() async throws {
    let user = try await users.add(username: "ada", plan: .free, passwordHash: "hash")
    _ = try await users.add(username: "bob", plan: .free, passwordHash: "other")
    try await users.setPassword(userID: user.id, passwordHash: "new")
    try await users.setPlan(userID: user.id, .premium)
    try await users.setDisabled(userID: user.id, true)
    let changed = try #require(try await users.user(id: user.id))
    #expect(changed.passwordHash == "new")
    #expect(changed.plan == .premium)
    #expect(changed.disabled)
    let other = try #require(try await users.user(username: "bob"))
    #expect(other.passwordHash == "other" && other.plan == .free && !other.disabled)
  }

  @Test func changesToNobodyAreRefused() async throws {
    await #expect(throws: CatalogError.unknownUser) { try await users.setPassword(userID: "x", passwordHash: "h") }
    await #expect(throws: CatalogError.unknownUser) { try await users.setPlan(userID: "x", .free) }
    await #expect(throws: CatalogError.unknownUser) { try await users.setDisabled(userID: "x", true) }
    #expect(try await users.remove(id: "x") == false)
  }

  @Test func aHashOutOfBoundsIsRefused() async throws {
    for hash in ["", String(repeating: "x", count: 513)] {
      await #expect(throws: CatalogError.badPasswordHash) {
        try await users.add(username: "ada", plan: .free, passwordHash: hash)
      }
    }
  }

  @Test func usersAreListedByNameInPages() async throws {
    for name in ["cleo", "Ada", "bob"] { _ = try await users.add(username: name, plan: .free, passwordHash: "h") }
    #expect(try await users.list(limit: 10, offset: 0).map(\.username) == ["Ada", "bob", "cleo"])
    #expect(try await users.list(limit: 1, offset: 1).map(\.username) == ["bob"])
  }

  @Test func aRemovedUserIsGoneAndTheNameIsFree() async throws {
    let user = try await users.add(username: "ada", plan: .free, passwordHash: "h")
    #expect(try await users.remove(id: user.id))
    #expect(try await users.user(id: user.id) == nil)
    #expect(try await users.add(username: "ada", plan: .free, passwordHash: "h").id != user.id)
  }
}
