import Foundation
import Logging
import Synchronization
import Testing

@testable import Catalog
@testable import DubplateServer

@Suite struct SkippedFilesTests {
  private final class Lines: Sendable {
    private let lines = Mutex<[String]>([])
    var all: [String] { lines.withLock(\.self) }
    var logger: Logger {
      Logger(label: "test") { _ in LineLogHandler { line in self.lines.withLock { $0.append(line) } } }
    }
  }

  /// Problems of a library, as a scan left them.
  private struct Problems: LibraryIndex {
    struct NotAsked: Error {}
    let paths: [String]

    func problems(limit: Int, offset: Int) async throws -> [ScanProblem] {
      let index = paths.dropFirst(offset).prefix(limit)
      return index.map { ScanProblem(path: $0, code: "not_audio", message: "no sound", seenAt: Date()) }
    }
    func beginScan() async throws -> Int64 { throw NotAsked() }
    func known(paths: [String]) async throws -> [KnownFile] { throw NotAsked() }
    func apply(_ batch: ScanBatch, scan: Int64) async throws { throw NotAsked() }
    func finishScan(_ scan: Int64, keeping folders: [String]) async throws -> Int { throw NotAsked() }
    func record(_ outcome: ScanOutcome, of scan: Int64) async throws { throw NotAsked() }
    func presentCount() async throws -> Int { throw NotAsked() }
    func referencedCovers(among keys: [String]) async throws -> Set<String> { throw NotAsked() }
  }

  @Test func aSkippedFileIsNamedOnceAndManyAreCounted() async throws {
    let lines = Lines()
    var skipped = SkippedFiles()
    for paths in [["a"], ["a"], ["a", "b"]] { try await skipped.report(Problems(paths: paths), logger: lines.logger) }
    #expect(lines.all.count == 2 && lines.all.contains { $0.contains("path=b ") })
    // One that was whole meanwhile, and isn't again, is news.
    try await skipped.report(nil, logger: lines.logger)
    try await skipped.report(Problems(paths: ["a"]), logger: lines.logger)
    #expect(lines.all.count == 3)
    let many = Problems(paths: (0..<1_234).map { "many\($0)" })
    for _ in 0..<2 { try await skipped.report(many, logger: lines.logger) }
    #expect(lines.all.count == 3 + 20 + 1)
    #expect(lines.all.last?.contains("files=1214") == true)
  }
}
