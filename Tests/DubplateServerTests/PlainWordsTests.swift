import Foundation
import Testing

@testable import DubplateServer

/// What an operator is told when something can't begin: what is in the way, and why, in plain words.
@Suite struct PlainWordsTests {
  private func words(_ work: (String) throws -> Void) throws -> (said: String, folder: String) {
    let folder = NSTemporaryDirectory() + "dubplate-words-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { #expect(throws: Never.self) { try FileManager.default.removeItem(atPath: folder) } }
    try Data("A=\u{FF}".utf16.map { UInt8(truncatingIfNeeded: $0) }).write(to: URL(fileURLWithPath: folder + "/file"))
    do {
      try work(folder)
    } catch {
      return (error.plainWords, folder)
    }
    return ("", folder)
  }

  @Test func aFoldersErrorIsItsPathAndTheSystemsReason() throws {
    let (said, folder) = try words {
      try FileManager.default.createDirectory(
        at: URL(fileURLWithPath: $0 + "/file", isDirectory: true), withIntermediateDirectories: true)
    }
    #expect(said.contains("\(folder)/file: ") && said.hasSuffix(": File exists"), "\(said)")
    let below = try words {
      try FileManager.default.createDirectory(
        at: URL(fileURLWithPath: $0 + "/file/below", isDirectory: true), withIntermediateDirectories: true)
    }
    #expect(below.said.hasSuffix("/file/below: Not a directory"), "\(below.said)")
  }

  @Test func aConfigurationFileThatCantBeReadIsNamed() throws {
    let gone = try words { _ = try ConfigurationReader.text(ofFile: $0 + "/none") }
    #expect(
      gone.said == "the configuration file can't be read: \(gone.folder)/none: No such file or directory")
    let folder = try words { _ = try ConfigurationReader.text(ofFile: $0) }
    #expect(folder.said == "the configuration file can't be read: \(folder.folder): Is a directory")
    let binary = try words { _ = try ConfigurationReader.text(ofFile: $0 + "/file") }
    #expect(binary.said == "the configuration file \(binary.folder)/file is no text in UTF-8")
  }

  @Test func anAddressIsSaidAsInAURL() {
    #expect(ListenAddress(host: "127.0.0.1", port: 3001).authority == "127.0.0.1:3001")
    #expect(ListenAddress(host: "music.example", port: 80).authority == "music.example:80")
    #expect(ListenAddress(host: "::1", port: 3001).authority == "[::1]:3001")
  }
}
