/// What the catalogue refuses. Descriptions hold no SQL, and no path but where the start fails.
public struct CatalogError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The stable name.
  public let code: String

  /// One sentence for people.
  public let message: String

  public var description: String { "\(code): \(message)" }

  /// Errors are equal when their codes are.
  public static func == (left: Self, right: Self) -> Bool {
    left.code == right.code
  }

  public static let badUsername = Self(
    code: "bad_username", message: "A username has 1 to 64 letters, digits or . _ - @ + characters.")
  public static let usernameTaken = Self(code: "username_taken", message: "There is an account of this name.")
  public static let badPasswordHash = Self(
    code: "bad_password_hash", message: "The password hash is empty or too long.")
  public static let unknownUser = Self(code: "unknown_user", message: "There is no such account.")

  /// The database was written by a later version of the server.
  public static let newerDatabase = Self(
    code: "newer_database", message: "The database was written by a newer version of the server.")

  /// The database cannot be opened: it is damaged, not a database, or the disk refuses.
  public static func unusableDatabase(path: String, reason: String) -> Self {
    Self(code: "unusable_database", message: "The database \(path) cannot be opened: \(reason).")
  }

  /// A row holds what was never written by this code.
  static let damagedRow = Self(code: "damaged_row", message: "A row of the database is damaged.")
}
