import Foundation
import Glibc
import Testing

@testable import Catalog

/// A data folder that was used before, and its database.
@Suite struct LostDatabaseTests {
  private let folder: TemporaryFolder
  private var path: String { folder("data") }
  private var database: String { folder("data/dubplate.db") }

  init() throws {
    folder = try TemporaryFolder()
  }

  private func open(mayBeginAnew: Bool = false) throws {
    let data = try DataDirectory.open(path: path)
    try data.openDatabase(mayBeginAnew: mayBeginAnew).close()
  }

  private func refusal() -> DataDirectoryError? {
    #expect(throws: DataDirectoryError.self) { try open() }
  }

  @Test func aFreshFolderNeedsNoFlag() throws {
    try open()
    try open()
    // As a start leaves it that came to nothing.
    let other = try DataDirectory.open(path: folder("other"))
    try FileManager.default.createDirectory(atPath: other.segmentsPath, withIntermediateDirectories: true)
    try other.openDatabase().close()
  }

  @Test(arguments: ["missing", "empty", "cut"])
  func aLostDatabaseIsRefusedAndNothingIsMadeInItsPlace(_ loss: String) throws {
    try open()
    let size = try FileSystem.status(database).stamp.size
    #expect(size > 8_192)
    switch loss {
    case "missing": unlink(database)
    case "empty": truncate(database, 0)
    default: truncate(database, off_t(size / 2))
    }
    for _ in 0..<2 {
      let error = try #require(refusal())
      #expect(error.code == "database_lost")
      #expect("\(error)".contains("--init") && "\(error)".contains("dubplate.db"))
    }
    #expect(access(database, F_OK) == (loss == "missing" ? -1 : 0))
    guard loss != "cut" else { return }
    try open(mayBeginAnew: true)
    try open()
  }

  @Test func aSecretThatAnOperatorPutThereIsNoSignOfUse() throws {
    let secret = String(repeating: "0a", count: Limits.secretBytes)
    try folder.write(secret, to: "data/jwt-secret")
    try open()
    #expect(try DataDirectory.open(path: path).jwtSecret() == [UInt8](repeating: 10, count: Limits.secretBytes))
  }

  @Test(arguments: ["covers/x.jpg", "segments/ab/x.seg"])
  func whatAnEarlierVersionLeftTellsAsWell(_ name: String) throws {
    try folder.write("x", to: "data/\(name)")
    #expect(try #require(refusal()).code == "database_lost")
  }

  @Test func aLogThatIsNotBroughtInSaysNothingOfTheLength() async throws {
    let data = try DataDirectory.open(path: path)
    let first = try data.openDatabase()
    for number in 0..<50 {
      _ = try await SQLiteUserRepository(first).add(
        username: "user\(number)", plan: .free, passwordHash: String(repeating: "x", count: 500))
    }
    // Open, as when a process is killed.
    #expect(try FileSystem.status(database + "-wal").stamp.size > 0)
    let second = try data.openDatabase()
    #expect(try await SQLiteUserRepository(second).list(limit: 100, offset: 0).count == 50)
    try second.close()
    try first.close()
  }

  @Test func everythingIsItsOwnersAloneWhateverTheUmask() throws {
    let former = umask(0)
    defer { umask(former) }
    try open()
    for name in ["data", "data/covers", "data/segments"] {
      try FileManager.default.createDirectory(atPath: folder(name), withIntermediateDirectories: true)
      #expect(chmod(folder(name), 0o777) == 0)
    }
    #expect(chmod(database, 0o666) == 0)
    umask(0)
    let data = try DataDirectory.open(path: path)
    let opened = try data.openDatabase()
    try folder.write("x", to: "data/new")
    for name in ["dubplate.db", "dubplate.db-wal", "dubplate.db-shm", "lock", "initialised", "new"] {
      #expect(try mode(name) == 0o600, "\(name)")
    }
    for name in ["", "covers", "segments"] { #expect(try mode(name) == 0o700, "\(name)") }
    try opened.close()
  }

  /// A folder of other things, named by mistake: neither looked into nor served from does it change its mode, nor do the
  /// folders in it.
  @Test(arguments: [true, false]) func aFolderOfOtherThingsStaysAsItIs(_ isShared: Bool) throws {
    let former = umask(0)
    defer { umask(former) }
    for name in ["data", "data/covers", "data/Music"] {
      try FileManager.default.createDirectory(atPath: folder(name), withIntermediateDirectories: true)
      #expect(chmod(folder(name), 0o755) == 0)
    }
    if isShared {
      _ = try DataDirectory.openShared(path: path)
    } else {
      try open()
      try open()
      #expect(try mode("dubplate.db") == 0o600)
    }
    for name in ["", "covers", "Music"] { #expect(try mode(name) == 0o755, "\(name)") }
  }

  @Test func aCommandBesideTheServerChangesNoModes() throws {
    try open()
    for name in ["", "dubplate.db"] { #expect(chmod(folder("data/" + name), 0o750) == 0) }
    _ = try DataDirectory.openShared(path: path)
    for name in ["", "dubplate.db"] { #expect(try mode(name) == 0o750, "\(name)") }
  }

  @Test func anEmptyFolderBecomesItsOwnersAlone() throws {
    try folder.makeFolder("data")
    #expect(chmod(path, 0o777) == 0)
    try open()
    #expect(try mode("") == 0o700)
  }

  private func mode(_ name: String) throws -> Int? {
    (try FileManager.default.attributesOfItem(atPath: folder("data/" + name))[.posixPermissions] as? NSNumber)?.intValue
  }
}
