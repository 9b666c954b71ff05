import Foundation
import Glibc

/// A folder of one test, removed with the object.
final class TemporaryFolder: Sendable {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "/dubplate-catalog-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit {
    do {
      try FileManager.default.removeItem(atPath: path)
    } catch {
      // A test that moved its folder away has nothing left to remove.
      return
    }
  }

  func callAsFunction(_ name: String) -> String { path + "/" + name }

  /// Writes a file, and makes the folders above it. The modification time is the given one, so that a test need not
  /// wait for a clock to tick.
  func write(_ text: String, to name: String, modified: Double = 1_700_000_000) throws {
    try write(Data(text.utf8), to: name, modified: modified)
  }

  func write(_ data: Data, to name: String, modified: Double = 1_700_000_000) throws {
    let file = self(name)
    let parent = (file as NSString).deletingLastPathComponent
    try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
    try data.write(to: URL(fileURLWithPath: file))
    try touch(name, modified: modified)
  }

  /// Fills folders with small files, quickly: some thousands of them.
  func fill(folders: Int, files: Int) throws {
    for folder in 0..<folders {
      try makeFolder("\(folder)")
      for file in 0..<files {
        // Foundation takes ten times as long for a file.
        guard let stream = fopen(self("\(folder)/\(file).mp3"), "w") else { throw POSIXError(.EIO) }
        fputs("T\(folder)-\(file)|A\(folder)", stream)
        fclose(stream)
      }
    }
  }

  func touch(_ name: String, modified: Double) throws {
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSince1970: modified)], ofItemAtPath: self(name))
  }

  func makeFolder(_ name: String) throws {
    try FileManager.default.createDirectory(atPath: self(name), withIntermediateDirectories: true)
  }

  func link(_ name: String, to target: String) throws {
    try FileManager.default.createSymbolicLink(atPath: self(name), withDestinationPath: target)
  }

  func move(_ name: String, to other: String) throws {
    try FileManager.default.moveItem(atPath: self(name), toPath: self(other))
  }

  func remove(_ name: String) throws {
    try FileManager.default.removeItem(atPath: self(name))
  }
}
