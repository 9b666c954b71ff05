import Foundation
import NIOCore
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
      gone.said == "the configuration file of --config can't be read: \(gone.folder)/none: No such file or directory")
    let folder = try words { _ = try ConfigurationReader.text(ofFile: $0) }
    #expect(folder.said == "the configuration file of --config can't be read: \(folder.folder): Is a directory")
    let binary = try words { _ = try ConfigurationReader.text(ofFile: $0 + "/file") }
    #expect(
      binary.said == "the configuration file of --config can't be read: \(binary.folder)/file is no text in UTF-8")
  }

  @Test(arguments: [
    (EADDRINUSE, "Address already in use; another program has that port: end it, or choose another by '--port / PORT'"),
    (EACCES, "Permission denied; this user may not have that port: choose one from 1024 on by '--port / PORT'"),
    (EADDRNOTAVAIL, "no address of this machine: choose one by '--host / HOST'"),
  ])
  func anAddressThatCantBeHadSaysWhatToDo(number: CInt, words: String) {
    let failure = ListenAddress(host: "127.0.0.1", port: 80).failure(IOError(errnoCode: number, reason: "bind"))
    #expect(failure.plainWords.hasPrefix("can't listen on 127.0.0.1:80: "))
    #expect(failure.plainWords.contains(words), "\(failure.plainWords)")
  }

  @Test func anAddressThatIsTakenIsKnownBeforeItIsListenedOn() throws {
    let taken = try SocketAddress(ipAddress: "127.0.0.1", port: 0)
    let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    #expect(taken.withSockAddr { bind(descriptor, $0, socklen_t($1)) } == 0)
    #expect(listen(descriptor, 1) == 0)
    var address = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let status = withUnsafeMutableBytes(of: &address) { bytes in
      bytes.withMemoryRebound(to: sockaddr.self) { getsockname(descriptor, $0.baseAddress, &length) }
    }
    #expect(status == 0)
    let port = Int(UInt16(bigEndian: address.sin_port))
    let error = #expect(throws: ListenAddress.Failure.self) { try ListenAddress(host: "127.0.0.1", port: port).check() }
    #expect(error?.description.contains("127.0.0.1:\(port): Address already in use") == true)
    #expect(throws: Never.self) { try ListenAddress(host: "127.0.0.1", port: 0).check() }
  }

  @Test func anAddressIsSaidAsInAURL() {
    #expect(ListenAddress(host: "127.0.0.1", port: 3001).authority == "127.0.0.1:3001")
    #expect(ListenAddress(host: "music.example", port: 80).authority == "music.example:80")
    #expect(ListenAddress(host: "::1", port: 3001).authority == "[::1]:3001")
  }
}
