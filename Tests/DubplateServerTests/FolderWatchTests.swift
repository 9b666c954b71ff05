#if os(Linux)
  import Foundation
  import Logging
  import Synchronization
  import Testing

  @testable import DubplateServer

  @Suite(.timeLimit(.minutes(2))) struct FolderWatchTests {
    private final class Lines: Sendable {
      let kept = Mutex<[String]>([])
    }

    @Test func aChangeInAWatchedFolderIsToldAndFoldersBeyondTheBoundAreSaidOnce() async throws {
      let root = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
      defer { try? FileManager.default.removeItem(atPath: root) }
      let folders = (0..<4).map { "\(root)/\($0)" }
      for folder in folders {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      }
      let lines = Lines()
      let (changes, changed) = AsyncStream<Void>.makeStream()
      let logger = Logger(label: "test") { _ in
        LineLogHandler { line in lines.kept.withLock { $0.append(line) } }
      }
      let made = FolderWatch(most: 2, logger: logger, onChange: { changed.yield() })
      let watch = try #require(made)
      for folder in folders.prefix(2) { watch.add(folder) }
      for folder in folders.prefix(2) { watch.add(folder) }
      watch.add(root + "/none")
      // As many as there may be are all of them.
      #expect(lines.kept.withLock { $0.count } == 0)
      for folder in folders { watch.add(folder) }
      for folder in folders { watch.add(folder) }
      #expect(lines.kept.withLock { $0.count } == 1)
      try Data([1]).write(to: URL(filePath: folders[1] + "/new.flac"))
      var iterator = changes.makeAsyncIterator()
      #expect(await iterator.next() != nil)
      // One that is removed makes room.
      try FileManager.default.removeItem(atPath: folders[0])
      #expect(await iterator.next() != nil)
      watch.add(folders[2])
      try Data([1]).write(to: URL(filePath: folders[2] + "/new.flac"))
      #expect(await iterator.next() != nil)
    }

    /// How many folders the kernel watches (proc(5), fdinfo).
    private static func watched(by watch: FolderWatch) throws -> Int {
      let said = try String(contentsOfFile: "/proc/self/fdinfo/\(watch.descriptor)", encoding: .utf8)
      return said.split(separator: "\n").count { $0.hasPrefix("inotify ") }
    }

    @Test func aFolderThatWasMovedAwayIsWatchedNoMoreNorWhatIsInIt() async throws {
      let root = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
      defer { try? FileManager.default.removeItem(atPath: root) }
      let (library, elsewhere) = (root + "/library", root + "/elsewhere")
      for folder in [library + "/artist/album", elsewhere] {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      }
      let (changes, changed) = AsyncStream<Void>.makeStream()
      let made = FolderWatch(most: 3, logger: Logger(label: "test"), onChange: { changed.yield() })
      let watch = try #require(made)
      let folders = [library, library + "/artist", library + "/artist/album"]
      for folder in folders { watch.add(folder) }
      try FileManager.default.moveItem(atPath: library + "/artist", toPath: elsewhere + "/artist")
      var iterator = changes.makeAsyncIterator()
      #expect(await iterator.next() != nil)
      #expect(try Self.watched(by: watch) == 0)
      // The scan names what is left.
      watch.add(library)
      #expect(try Self.watched(by: watch) == 1)
      try Data([1]).write(to: URL(filePath: library + "/2.flac"))
      #expect(await iterator.next() != nil)
      // The library itself is moved away.
      try FileManager.default.moveItem(atPath: library, toPath: elsewhere + "/library")
      #expect(await iterator.next() != nil)
      #expect(try Self.watched(by: watch) == 0)
    }
  }
#endif
