import Foundation
import NIOCore

/// What an operator does with the segment store, beside a running server or without one. Calls block.
public struct StoreMaintenance: Sendable {
  /// Segments of one rendition, and of all.
  public struct Usage: Sendable, Equatable {
    public var segments = 0
    public var bytes = 0
    public var tracks = 0
  }

  private let root: URL
  private let diskSpace: @Sendable (String) -> DiskSpace?

  /// - Parameter directory: of the store; need not be there.
  public init(directory: URL) { self.init(directory: directory) { DiskSpace(at: $0) } }

  init(directory: URL, diskSpace: @escaping @Sendable (String) -> DiskSpace?) {
    (root, self.diskSpace) = (directory, diskSpace)
  }

  /// How much there is, by rendition's name (of another encoder version with its number behind).
  /// - Throws: when the store may not be read.
  public func usage() throws -> [String: Usage] {
    var found: [String: Usage] = [:]
    var tracks: [String: Set<String>] = [:]
    for file in try files() {
      found[file.rendition, default: Usage()].segments += 1
      found[file.rendition, default: Usage()].bytes += file.bytes
      tracks[file.rendition, default: []].insert(file.fingerprint)
    }
    for (rendition, fingerprints) in tracks { found[rendition]?.tracks = fingerprints.count }
    return found
  }

  /// Reads every segment and removes those that aren't what was written: altered, cut off, of another layout.
  /// - Parameter progress: called after each file with how many of how many have been read.
  /// - Returns: how many are whole, and the names of those that were removed.
  public func verify(progress: (Int, Int) -> Void) throws -> (whole: Int, removed: [String]) {
    let all = try files()
    var removed: [String] = []
    for (number, file) in all.enumerated() {
      let key = SegmentKey(fingerprint: file.fingerprint, rendition: .flac, index: 0)
      // A file that has gone meanwhile was evicted by the server.
      if let data = try? Data(contentsOf: file.url), SegmentFile.decode(ByteBuffer(bytes: data), key: key) == nil {
        try FileManager.default.removeItem(at: file.url)
        removed.append(file.name)
      }
      progress(number + 1, all.count)
    }
    return (all.count - removed.count, removed)
  }

  /// Removes all segments, or those of one rendition by its name in ``usage()``; returns how many and their bytes.
  public func clear(rendition: String? = nil) throws -> Usage {
    var removed = Usage()
    for file in try files() where rendition == nil || file.rendition == rendition {
      do {
        try FileManager.default.removeItem(at: file.url)
      } catch let error as CocoaError where error.code == .fileNoSuchFile {
        continue  // the server was quicker
      }
      removed.segments += 1
      removed.bytes += file.bytes
    }
    return removed
  }

  /// Removes what was used least recently until the disk has what the database beside the store needs. For the start,
  /// when there is no index yet; costs nothing where there is room.
  public func makeRoom() -> Usage {
    var removed = Usage()
    guard var shortfall = diskSpace(root.path)?.shortfall(for: 0), shortfall > 0 else { return removed }
    var found: [(path: String, bytes: Int, used: Int64)] = []
    StoreWalk(root: root.path).run { track, folder, files in
      for file in files {
        let path = "\(root.path)/\(track.prefix(2))/\(track)/\(folder)/\(file.index).seg"
        found.append((path, file.bytes, file.used))
      }
    } stray: { path, age in
      if age > SegmentLimits.strayFileSeconds { unlink(path) }
    }
    found.sort { $0.used < $1.used }
    for file in found where shortfall > 0 {
      // Asked again, since a file takes whole blocks, and may share them.
      guard unlink(file.path) == 0 else { continue }
      removed.segments += 1
      removed.bytes += file.bytes
      shortfall = diskSpace(root.path)?.shortfall(for: 0) ?? 0
    }
    return removed
  }

  private struct File {
    var url: URL
    var fingerprint: String
    var rendition: String
    var name: String
    var bytes: Int
  }

  private func files() throws -> [File] {
    // What may not be read would look empty.
    guard access(root.path, R_OK | X_OK) == 0 || errno == ENOENT else {
      throw CocoaError(
        .fileReadNoPermission,
        userInfo: [
          NSFilePathErrorKey: root.path, NSUnderlyingErrorKey: POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO),
        ])
    }
    let keys: Set<URLResourceKey> = [.fileSizeKey, .isRegularFileKey]
    var found: [File] = []
    let walk = FileManager.default.enumerator(at: root, includingPropertiesForKeys: Array(keys))
    while let url = walk?.nextObject() as? URL {
      let parts = url.pathComponents.suffix(3)
      guard url.pathExtension == "seg", parts.count == 3, let values = try? url.resourceValues(forKeys: keys),
        values.isRegularFile == true
      else { continue }
      let (fingerprint, folder) = (parts[parts.startIndex], parts[parts.startIndex + 1])
      let current = "-v\(SegmentStore.encodingVersion)"
      found.append(
        File(
          url: url, fingerprint: fingerprint,
          rendition: folder.hasSuffix(current) ? String(folder.dropLast(current.count)) : folder,
          name: parts.joined(separator: "/"), bytes: values.fileSize ?? 0))
    }
    return found
  }
}
