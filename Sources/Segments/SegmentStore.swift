import Foundation
import Logging
import NIOCore
import Synchronization

/// Segments on disk, within a budget of bytes: the least recently used go first, and what is being played stays.
///
/// A segment is one file, `<fingerprint's first two digits>/<fingerprint>/<rendition>/<index>.seg`, written beside
/// its place and renamed into it, so that a reader sees a whole one or none. The folder is the truth and the index a
/// memory of it: a segment that another process has made is found by opening it. Calls block and belong on a file
/// thread. A disk that is full or gone costs the cache, never the sound: the error is logged, counted, and the segment served
/// from memory. A part of the disk is left to the database beside it: segments give way before that does.
final class SegmentStore: Sendable {
  private struct State {
    var index = StoreIndex()
    var lastComplaint: ContinuousClock.Instant?
    var isWalking = false
    var lastWalk: ContinuousClock.Instant?
  }

  /// Counts since the start.
  struct Counters: Sendable {
    var bytes = 0
    var segments = 0
    var failedWrites = 0
    var damagedFiles = 0
    /// Whether all files are counted that there were at the start.
    var isWhole = false
  }

  private let root: URL
  private let budgetBytes: Int
  private let pins: SegmentPins
  private let logger: Logger
  private let diskSpace: @Sendable (String) -> DiskSpace?
  private let state = Mutex(State())
  private let failedWrites = Atomic(0)
  private let damagedFiles = Atomic(0)

  /// - Parameters:
  ///   - root: the folder; made when it isn't there.
  ///   - budgetBytes: what all files together may take.
  ///   - pins: what is not evicted.
  ///   - diskSpace: asked what the file system of a folder has left.
  init(
    root: URL, budgetBytes: Int, pins: SegmentPins = SegmentPins(), logger: Logger,
    diskSpace: @escaping @Sendable (String) -> DiskSpace? = { DiskSpace(at: $0) }
  ) throws {
    self.root = root
    self.budgetBytes = budgetBytes
    self.pins = pins
    self.logger = logger
    self.diskSpace = diskSpace
    try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
  }

  var counters: Counters {
    state.withLock { state in
      Counters(
        bytes: state.index.totalBytes, segments: state.index.count,
        failedWrites: failedWrites.load(ordering: .relaxed), damagedFiles: damagedFiles.load(ordering: .relaxed),
        isWhole: state.lastWalk != nil)
    }
  }

  /// Bytes of the files of a row of segments, as far as the index knows them.
  func knownFileBytes(_ keys: [SegmentKey]) -> [Int?] {
    var found: [Int?] = []
    found.reserveCapacity(keys.count)
    for start in stride(from: 0, to: keys.count, by: SegmentLimits.sizesAtOnce) {
      // Made before the lock is taken: others play meanwhile.
      let names = keys[start..<min(start + SegmentLimits.sizesAtOnce, keys.count)].map(Self.name(of:))
      state.withLock { state in found += names.map { state.index.bytes(of: $0) } }
    }
    return found
  }

  /// Bytes of the files of a row of segments; nil when one of them isn't there.
  func fileBytes(_ keys: [SegmentKey]) -> [Int]? {
    let known = knownFileBytes(keys)
    var sizes: [Int] = []
    sizes.reserveCapacity(keys.count)
    for (key, size) in zip(keys, known) {
      if let size {
        sizes.append(size)
        continue
      }
      guard let size = SegmentFile.size(at: path(of: Self.name(of: key))) else { return nil }
      state.withLock { $0.index.use(Self.name(of: key), bytes: size) }
      sizes.append(size)
    }
    return sizes
  }

  /// Bytes of the frames and primings of a row of segments; nil when one of them isn't there. A file whose size is that of
  /// no segment is removed, and isn't there.
  /// - Parameter frames: of each segment.
  func soundBytes(_ keys: [SegmentKey], frames: [Int]) -> [Int]? {
    guard let files = fileBytes(keys) else { return nil }
    var sizes: [Int] = []
    sizes.reserveCapacity(keys.count)
    for (index, bytes) in files.enumerated() {
      guard let sound = SegmentFile.soundBytes(inFileOf: bytes, frames: frames[index]) else {
        discard(keys[index])
        return nil
      }
      sizes.append(sound)
    }
    return sizes
  }

  /// Removes a file that is no segment.
  private func discard(_ key: SegmentKey) {
    let name = Self.name(of: key)
    damagedFiles.add(1, ordering: .relaxed)
    logger.warning("removed a damaged segment", metadata: ["segment": "\(key)"])
    state.withLock { $0.index.remove(name) }
    remove([name])
  }

  /// The segment, or nil when it isn't there or isn't whole; a damaged file is removed. Throws `busy`.
  func load(_ key: SegmentKey) throws(SegmentError) -> Segment? {
    let name = Self.name(of: key)
    guard let file = try SegmentFile.read(path(of: name)) else {
      state.withLock { $0.index.remove(name) }
      return nil
    }
    guard let segment = SegmentFile.decode(file, key: key) else {
      discard(key)
      return nil
    }
    state.withLock { $0.index.use(name, bytes: file.readableBytes) }
    return segment
  }

  /// Keeps a segment, and makes room for it. Returns its bytes on disk, 0 when the disk refuses.
  @discardableResult
  func save(_ segment: Segment) -> Int {
    let name = Self.name(of: segment.key)
    let file = SegmentFile.encode(segment)
    let url = URL(fileURLWithPath: path(of: name), isDirectory: false)
    guard makeRoom(for: file.readableBytes) else {
      complain(about: POSIXError(.ENOSPC))
      return 0
    }
    do {
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(file.readableBytesView).write(to: url, options: .atomic)
    } catch {
      complain(about: error)
      return 0
    }
    state.withLock { $0.index.use(name, bytes: file.readableBytes) }
    evict()
    return file.readableBytes
  }

  /// Whether it's time to look at what other processes have put in and taken out.
  var isWalkDue: Bool {
    state.withLock { state in
      guard !state.isWalking else { return false }
      return state.lastWalk.map { ContinuousClock.now - $0 > SegmentLimits.storeWalkInterval } ?? true
    }
  }

  /// Learns what is there, and brings it under the budget. Segments can be loaded and saved meanwhile.
  func buildIndex() {
    let isFree = state.withLock { state in
      guard !state.isWalking else { return false }
      state.isWalking = true
      state.index.beginWalk()
      return true
    }
    guard isFree else { return }
    let began = ContinuousClock.now
    var found: [(number: StoreIndex.Number, bytes: UInt32, used: UInt32)] = []
    StoreWalk(root: root.path).run { track, folder, files in
      state.withLock { state in
        for file in files {
          let name = StoreIndex.Name(track: track, folder: folder, index: file.index)
          guard let number = state.index.number(name) else { continue }
          found.append((number, UInt32(clamping: file.bytes), UInt32(clamping: file.used)))
        }
      }
    } stray: { path, age in
      // What an earlier process began to write and never finished.
      if age > SegmentLimits.strayFileSeconds { unlink(path) }
    }
    found.sort { $0.used > $1.used }
    // In portions, so that nobody who looks a segment up waits for all of them.
    for start in stride(from: 0, to: found.count, by: SegmentLimits.indexPortion) {
      state.withLock { state in
        for file in found[start..<min(start + SegmentLimits.indexPortion, found.count)] {
          state.index.found(file.number, bytes: Int(file.bytes))
        }
      }
    }
    state.withLock { state in
      state.index.endWalk()
      state.isWalking = false
      state.lastWalk = .now
    }
    evict()
    logger.debug(
      "the store has been counted", metadata: ["segments": "\(found.count)", "took": "\(ContinuousClock.now - began)"])
  }

  /// Removes what was used least recently until the disk has `bytes` beyond its reserve. Whether it has.
  @discardableResult
  func makeRoom(for bytes: Int = 0) -> Bool {
    guard let shortfall = diskSpace(root.path)?.shortfall(for: bytes), shortfall > 0 else { return true }
    let evicted = state.withLock { state in
      state.index.evict(downTo: max(0, state.index.totalBytes - shortfall)) { name in
        Self.key(of: name).map(pins.contains) ?? false
      }
    }
    remove(evicted)
    return diskSpace(root.path).map { $0.shortfall(for: bytes) == 0 } ?? true
  }

  private func evict() {
    let evicted = state.withLock { state in
      state.index.evict(downTo: budgetBytes) { name in Self.key(of: name).map(pins.contains) ?? false }
    }
    remove(evicted)
  }

  private func remove(_ names: [StoreIndex.Name]) {
    for name in names where unlink(path(of: name)) != 0 && errno != ENOENT {
      complain(about: POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO))
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

  // MARK: Names

  private static let suffix = "-v\(encodingVersion)"

  private static func name(of key: SegmentKey) -> StoreIndex.Name {
    StoreIndex.Name(track: key.fingerprint, folder: key.rendition.name + suffix, index: key.index)
  }

  private static func key(of name: StoreIndex.Name) -> SegmentKey? {
    guard name.folder.hasSuffix(suffix) else { return nil }
    return Rendition(name: String(name.folder.dropLast(suffix.count))).map {
      SegmentKey(fingerprint: name.track, rendition: $0, index: name.index)
    }
  }

  private func path(of name: StoreIndex.Name) -> String {
    "\(root.path)/\(name.track.prefix(2))/\(name.track)/\(name.folder)/\(name.index).seg"
  }

  /// Part of every path: a change in how segments are encoded gets a new number, so that old sound is never mixed
  /// with new.
  static let encodingVersion = 4
}
