import Foundation
import Glibc
import Testing

@testable import Catalog

@Suite struct DataDirectoryTests {
  private func mode(_ path: String) throws -> Int? {
    (try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? NSNumber)?.intValue
  }

  @Test func isMadeForItsOwnerAlone() throws {
    let folder = try TemporaryFolder()
    let data = try DataDirectory.open(path: folder("deep/er/data"))
    #expect(try mode(data.path) == 0o700)
    #expect(data.databasePath == folder("deep/er/data/dubplate.db"))
  }

  @Test func aSecondServerIsToldWhoHoldsIt() throws {
    let folder = try TemporaryFolder()
    let first = try DataDirectory.open(path: folder("data"))
    #expect(throws: DataDirectoryError.inUse(pid: getpid())) { try DataDirectory.open(path: folder("data")) }
    withExtendedLifetime(first) {}
  }

  @Test func theLockEndsWithItsHolderAndALeftOverFileLocksNobodyOut() throws {
    let folder = try TemporaryFolder()
    try folder.write("999999\n", to: "data/lock")
    for _ in 0..<3 {
      let data = try DataDirectory.open(path: folder("data"))
      #expect(try String(contentsOfFile: folder("data/lock"), encoding: .utf8) == "\(getpid())\n")
      withExtendedLifetime(data) {}
    }
  }

  @Test func theLockHoldsBetweenProcesses() throws {
    let folder = try TemporaryFolder()
    try folder.makeFolder("data")
    // Another program takes the lock, says so, and keeps it until its input ends.
    let holder = Process()
    holder.executableURL = URL(fileURLWithPath: "/usr/bin/flock")
    holder.arguments = ["-x", folder("data/lock"), "sh", "-c", "echo held; cat"]
    let (input, output) = (Pipe(), Pipe())
    holder.standardInput = input
    holder.standardOutput = output
    try holder.run()
    #expect(output.fileHandleForReading.readData(ofLength: 5) == Data("held\n".utf8))
    #expect(throws: DataDirectoryError.inUse(pid: nil)) { try DataDirectory.open(path: folder("data")) }
    try input.fileHandleForWriting.close()
    holder.waitUntilExit()
    #expect(throws: Never.self) { try DataDirectory.open(path: folder("data")) }
  }

  @Test func aFileInItsPlaceIsRefused() throws {
    let folder = try TemporaryFolder()
    try folder.write("x", to: "data")
    let error = #expect(throws: DataDirectoryError.self) { try DataDirectory.open(path: folder("data")) }
    #expect(error?.code == "data_unusable")
    let below = #expect(throws: DataDirectoryError.self) { try DataDirectory.open(path: folder("data/sub")) }
    #expect(below?.code == "data_unusable")
    #expect("\(try #require(error))".contains("\(folder("data")): Not a directory"))
  }

  @Test func aFolderThatIsNotThereIsMadeOnlyWhereThatIsAsked() throws {
    let folder = try TemporaryFolder()
    for path in [folder("data"), folder("data/sub")] {
      let error = #expect(throws: DataDirectoryError.missing(path: path)) { try DataDirectory.openShared(path: path) }
      #expect(error?.code == "no_data")
      #expect(!FileManager.default.fileExists(atPath: path))
    }
    _ = try DataDirectory.openShared(path: folder("data"), isMade: true)
    #expect(throws: Never.self) { try DataDirectory.openShared(path: folder("data")) }
    try folder.write("x", to: "file")
    for isMade in [false, true] {
      let error = #expect(throws: DataDirectoryError.self) {
        try DataDirectory.openShared(path: folder("file"), isMade: isMade)
      }
      #expect(error?.code == "data_unusable")
    }
  }

  @Test func theSecretIsMadeOnceAndForItsOwnerAlone() throws {
    let folder = try TemporaryFolder()
    let data = try DataDirectory.open(path: folder("data"))
    let secret = try data.jwtSecret()
    #expect(secret.count == 32)
    #expect(try data.jwtSecret() == secret)
    #expect(try mode(folder("data/jwt-secret")) == 0o600)
    let other = try DataDirectory.open(path: folder("other"))
    #expect(try other.jwtSecret() != secret)
  }

  @Test func aSecretThatOthersCanReadIsClosed() throws {
    let folder = try TemporaryFolder()
    let data = try DataDirectory.open(path: folder("data"))
    let secret = try data.jwtSecret()
    #expect(chmod(folder("data/jwt-secret"), 0o644) == 0)
    #expect(try data.jwtSecret() == secret)
    #expect(try mode(folder("data/jwt-secret")) == 0o600)
  }

  @Test(arguments: ["", "short", String(repeating: "g", count: 64), String(repeating: "a", count: 63)])
  func aDamagedSecretIsNotReplacedSilently(_ text: String) throws {
    let folder = try TemporaryFolder()
    let data = try DataDirectory.open(path: folder("data"))
    try folder.write(text, to: "data/jwt-secret")
    #expect(throws: DataDirectoryError.badSecret) { try data.jwtSecret() }
    #expect(try String(contentsOfFile: folder("data/jwt-secret"), encoding: .utf8) == text)
  }

  @Test func aHugeSecretFileIsRefused() throws {
    let folder = try TemporaryFolder()
    let data = try DataDirectory.open(path: folder("data"))
    try folder.write(String(repeating: "a", count: 100_000), to: "data/jwt-secret")
    #expect(throws: DataDirectoryError.self) { try data.jwtSecret() }
  }
}
