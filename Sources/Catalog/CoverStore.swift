import Crypto
import Foundation

/// Embedded pictures, each stored once under the hash of its bytes.
///
/// Blocking: for the scanner's threads and a file pool, never for an event loop. Safe to use from several threads,
/// since a picture appears whole under a name that its content decides.
public struct CoverStore: Sendable {
  /// The folder, made when the first picture comes.
  public let directory: String

  /// Pictures below a folder.
  public init(directory: String) {
    self.directory = directory
  }

  /// Stores a picture.
  /// - Returns: its key, 32 hexadecimal digits; nil when it is over 10 MB or no picture that browsers show.
  /// - Throws: when the disk refuses.
  public func store(_ bytes: [UInt8]) throws -> String? {
    guard bytes.count <= Limits.coverBytes, ImageType.of(bytes) != nil else { return nil }
    let key = Identifier.hex(SHA256.hash(data: bytes).prefix(16))
    let path = path(of: key)
    if Self.exists(path) { return key }
    try FileSystem.makeFolder(directory + "/" + key.prefix(2), mode: 0o700)
    try FileSystem.writeAtomically(bytes, to: path, mode: 0o600)
    return key
  }

  /// A stored picture; nil for a key that is unknown or no key at all.
  /// - Throws: when the disk refuses.
  public func cover(key: String) throws -> Cover? {
    guard Self.isKey(key), let bytes = try FileSystem.read(path(of: key), limit: Limits.coverBytes),
      let type = ImageType.of(bytes)
    else { return nil }
    return Cover(key: key, mime: type, data: Data(bytes))
  }

  /// Removes pictures that nothing refers to, and what a crash left half-written. Others may write meanwhile.
  /// - Parameter referenced: says which of at most ``Limits/scanBatch`` keys are in use.
  /// - Returns: how many were removed.
  func sweep(referenced: ([String]) async throws -> Set<String>) async throws -> Int {
    var removed = 0
    for byte in UInt8.min...UInt8.max {
      let folder = directory + "/" + Identifier.hex([byte])
      guard Self.exists(folder) else { continue }
      let names = try FileManager.default.contentsOfDirectory(atPath: folder)
      for start in stride(from: 0, to: names.count, by: Limits.scanBatch) {
        let part = names[start..<min(start + Limits.scanBatch, names.count)]
        let used = try await referenced(Array(Set(part.compactMap(Self.key(ofFile:)))))
        for name in part {
          // What is neither a picture nor half of one isn't ours.
          let path = folder + "/" + name
          guard try Self.key(ofFile: name).map({ !used.contains($0) }) ?? Self.isStray(name, at: path),
            try FileSystem.remove(path)
          else { continue }
          removed += 1
        }
      }
    }
    return removed
  }

  func path(of key: String) -> String {
    directory + "/" + key.prefix(2) + "/" + key
  }

  /// Whether a file was begun so long ago that nobody is still writing it.
  private static func isStray(_ name: String, at path: String) throws(FileSystem.Failure) -> Bool {
    guard name.contains(".tmp-") else { return false }
    do throws(FileSystem.Failure) {
      let modified = try FileSystem.status(path, followLinks: false).stamp.modified
      return Int64(time(nil)) - modified / 1_000_000_000 > Limits.strayFileSeconds
    } catch {
      guard error.number == ENOENT else { throw error }
      // Whole by now, and under its own name.
      return false
    }
  }

  private static func exists(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: path)
  }

  static func isKey(_ text: String) -> Bool {
    text.utf8.count == 32 && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
  }
}

/// A stored picture.
public struct Cover: Sendable, Equatable {
  /// The key, which changes with the content: good for an `ETag`.
  public let key: String

  /// `image/jpeg`, `image/png`, `image/gif`, `image/webp`, `image/bmp` or `image/avif`.
  public let mime: String

  public let data: Data
}
