import Foundation
import Logging
import NIOCore
import Synchronization

/// Segments on disk, within a budget of bytes: the least recently used go first.
///
/// A segment is one file, `<fingerprint's first two digits>/<fingerprint>/<rendition>/<index>.seg`, written beside
/// its place and renamed into it, so that a reader sees a whole one or none. Calls block and belong on a file thread.
/// A disk that is full or gone costs the cache, never the sound: the error is logged, counted, and the segment served
/// from memory.
final class SegmentStore: Sendable {
  private struct State {
    var index = LRUIndex<String, Void>()
    var isIndexed = false
    var lastComplaint: ContinuousClock.Instant?
  }

  /// Counts since the start.
  struct Counters: Sendable {
    var bytes = 0
    var segments = 0
    var failedWrites = 0
    var damagedFiles = 0
  }

  private let root: URL
  private let budgetBytes: Int
  private let logger: Logger
  private let state = Mutex(State())
  private let failedWrites = Atomic(0)
  private let damagedFiles = Atomic(0)

  /// - Parameters:
  ///   - root: the folder; made when it isn't there.
  ///   - budgetBytes: what all files together may take.
  init(root: URL, budgetBytes: Int, logger: Logger) throws {
    self.root = root
    self.budgetBytes = budgetBytes
    self.logger = logger
    try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
  }

  var counters: Counters {
    let (bytes, segments) = state.withLock { ($0.index.totalCost, $0.index.count) }
    return Counters(
      bytes: bytes, segments: segments, failedWrites: failedWrites.load(ordering: .relaxed),
      damagedFiles: damagedFiles.load(ordering: .relaxed))
  }

  /// Whether a load may find it. True for everything until ``buildIndex()`` has ended.
  func mayContain(_ key: SegmentKey) -> Bool {
    let path = Self.path(of: key)
    return state.withLock { !$0.isIndexed || $0.index.contains(path) }
  }

  /// Bytes of the files of a row of segments; nil when one of them isn't there, or nobody knows yet.
  func fileBytes(_ keys: [SegmentKey]) -> [Int]? {
    state.withLock { state in
      guard state.isIndexed else { return nil }
      var sizes: [Int] = []
      sizes.reserveCapacity(keys.count)
      for key in keys {
        guard let size = state.index.cost(of: Self.path(of: key)) else { return nil }
        sizes.append(size)
      }
      return sizes
    }
  }

  /// The segment, or nil when it isn't there or isn't whole; a damaged file is removed.
  func load(_ key: SegmentKey) -> Segment? {
    let path = Self.path(of: key)
    let url = root.appendingPathComponent(path)
    guard let data = try? Data(contentsOf: url) else {
      _ = state.withLock { $0.index.remove(path) }
      return nil
    }
    guard let segment = SegmentFile.decode(ByteBuffer(bytes: data), key: key) else {
      damagedFiles.add(1, ordering: .relaxed)
      logger.warning("removed a damaged segment", metadata: ["segment": "\(key)"])
      remove([path])
      return nil
    }
    state.withLock { state in
      if state.index.use(path) == nil { state.index.insert((), cost: data.count, for: path) }
    }
    return segment
  }

  /// Keeps a segment, and makes room for it. Returns its bytes on disk, 0 when the disk refuses.
  @discardableResult
  func save(_ segment: Segment) -> Int {
    let path = Self.path(of: segment.key)
    let file = SegmentFile.encode(segment)
    let url = root.appendingPathComponent(path)
    do {
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(file.readableBytesView).write(to: url, options: .atomic)
    } catch {
      complain(about: error)
      return 0
    }
    let evicted = state.withLock { state in
      state.index.insert((), cost: file.readableBytes, for: path)
      return state.index.evict(downTo: budgetBytes).map(\.key)
    }
    remove(evicted)
    return file.readableBytes
  }

  /// Learns what is there, oldest first, and brings it under the budget. Segments can be loaded and saved meanwhile.
  func buildIndex() {
    var found: [(path: String, bytes: Int, used: Date)] = []
    let keys: Set<URLResourceKey> = [.fileSizeKey, .contentModificationDateKey, .isRegularFileKey]
    let walk = FileManager.default.enumerator(at: root, includingPropertiesForKeys: Array(keys))
    while let url = walk?.nextObject() as? URL {
      guard let values = try? url.resourceValues(forKeys: keys), values.isRegularFile == true else { continue }
      guard url.pathExtension == "seg" else {
        // What an earlier process began to write and never finished.
        if let date = values.contentModificationDate, date.timeIntervalSinceNow < -60 {
          try? FileManager.default.removeItem(at: url)
        }
        continue
      }
      let path = url.pathComponents.suffix(4).joined(separator: "/")
      found.append((path, values.fileSize ?? 0, values.contentModificationDate ?? .distantPast))
    }
    found.sort { $0.used < $1.used }
    let evicted = state.withLock { state in
      let sinceStart = state.index
      state.index = LRUIndex()
      for file in found where !sinceStart.contains(file.path) {
        state.index.insert((), cost: file.bytes, for: file.path)
      }
      for file in found where sinceStart.contains(file.path) {
        state.index.insert((), cost: file.bytes, for: file.path)
      }
      state.isIndexed = true
      return state.index.evict(downTo: budgetBytes).map(\.key)
    }
    remove(evicted)
  }

  private func remove(_ paths: [String]) {
    for path in paths {
      _ = state.withLock { $0.index.remove(path) }
      do {
        try FileManager.default.removeItem(at: root.appendingPathComponent(path))
      } catch let error as CocoaError where error.code == .fileNoSuchFile {
        continue  // gone already, which is what was wanted
      } catch {
        complain(about: error)
      }
    }
  }

  /// Logs at most once a minute: a full disk fails for every segment.
  private func complain(about error: any Error) {
    let total = failedWrites.add(1, ordering: .relaxed).newValue
    let isDue = state.withLock { state in
      let now = ContinuousClock.now
      if let last = state.lastComplaint, now - last < .seconds(60) { return false }
      state.lastComplaint = now
      return true
    }
    if isDue {
      logger.error(
        "segments can't be kept on disk; serving goes on without",
        metadata: ["error": "\(error)", "failures": "\(total)"])
    }
  }

  private static func path(of key: SegmentKey) -> String {
    "\(key.fingerprint.prefix(2))/\(key.fingerprint)/\(key.rendition.name)-v\(encodingVersion)/\(key.index).seg"
  }

  /// Part of every path: a change in how segments are encoded gets a new number, so that old sound is never mixed
  /// with new.
  static let encodingVersion = 2
}
