import AudioCodec
import Foundation
import Synchronization

@testable import Catalog

/// Takes a file's text for its tags (`title|artist|album|album artist|disc|number|cover`), at no cost.
///
/// A file that begins with `!code` fails with that code; with `?code` it fails, and the failure may pass.
final class FakeInspector: AudioInspecting {
  private struct State {
    var paths: [String] = []
    var inFlight = 0
    var mostInFlight = 0
  }

  private let state = Mutex(State())
  private let hook: @Sendable (_ path: String, _ number: Int) throws -> Void

  /// - Parameter hook: runs inside every inspection with its path and its number from 1 on.
  init(hook: @escaping @Sendable (_ path: String, _ number: Int) throws -> Void = { _, _ in }) {
    self.hook = hook
  }

  /// The names of what was looked into since the last call.
  func takePaths() -> [String] {
    state.withLock { state in
      defer { state.paths = [] }
      return state.paths.map { ($0 as NSString).lastPathComponent }.sorted()
    }
  }

  var mostInFlight: Int { state.withLock { $0.mostInFlight } }

  func inspect(path: String) throws -> InspectedAudio {
    let number = state.withLock { state in
      state.paths.append(path)
      state.inFlight += 1
      state.mostInFlight = max(state.mostInFlight, state.inFlight)
      return state.paths.count
    }
    defer { state.withLock { $0.inFlight -= 1 } }
    try hook(path, number)
    let text = String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
    if text.hasPrefix("!") || text.hasPrefix("?") {
      throw InspectionError(
        code: String(text.dropFirst()), message: "It is no sound", isPassing: text.hasPrefix("?"))
    }
    var audio = InspectedAudio.fake
    let fields = text.split(separator: "|", omittingEmptySubsequences: false).map { $0.isEmpty ? nil : String($0) }
    func field(_ index: Int) -> String? { index < fields.count ? fields[index] : nil }
    audio.tags.title = field(0)
    audio.tags.artist = field(1)
    audio.tags.album = field(2)
    audio.tags.albumArtist = field(3)
    audio.tags.discNumber = field(4).flatMap { Int($0) }
    audio.tags.trackNumber = field(5).flatMap { Int($0) }
    audio.cover = field(6).map { Array($0.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }) }
    return audio
  }
}

extension InspectedAudio {
  static var fake: InspectedAudio {
    InspectedAudio(
      duration: 2, codec: "flac", container: "flac", bitrate: 900_000, sampleRate: 44_100, channels: 2,
      bitsPerSample: 16, sampleCount: 88_200, gridRate: 44_100, gridSampleCount: 88_200)
  }
}

/// An index that counts, and that can fail in the middle.
final class CountingIndex: LibraryIndex {
  struct Outage: Error {}

  private let inner: any LibraryIndex
  private let counts = Mutex((applied: 0, largest: 0, largestLookup: 0))
  private let failsAfter: Int

  init(_ inner: any LibraryIndex, failsAfter: Int = .max) {
    self.inner = inner
    self.failsAfter = failsAfter
  }

  var largestBatch: Int { counts.withLock { $0.largest } }
  var largestLookup: Int { counts.withLock { $0.largestLookup } }

  func beginScan() async throws -> Int64 { try await inner.beginScan() }

  func known(paths: [String]) async throws -> [KnownFile] {
    counts.withLock { $0.largestLookup = max($0.largestLookup, paths.count) }
    return try await inner.known(paths: paths)
  }

  func apply(_ batch: ScanBatch, scan: Int64) async throws {
    let size = batch.records.count + batch.unchanged.count + batch.problems.count + batch.stillFailing.count
    let number = counts.withLock { counts in
      counts.applied += 1
      counts.largest = max(counts.largest, size)
      return counts.applied
    }
    guard number <= failsAfter else { throw Outage() }
    try await inner.apply(batch, scan: scan)
  }

  func finishScan(_ scan: Int64, keeping folders: [String]) async throws -> Int {
    try await inner.finishScan(scan, keeping: folders)
  }

  func record(_ outcome: ScanOutcome, of scan: Int64) async throws { try await inner.record(outcome, of: scan) }

  func presentCount() async throws -> Int { try await inner.presentCount() }

  func referencedCovers(among keys: [String]) async throws -> Set<String> {
    try await inner.referencedCovers(among: keys)
  }

  func problems(limit: Int, offset: Int) async throws -> [ScanProblem] {
    try await inner.problems(limit: limit, offset: offset)
  }
}
