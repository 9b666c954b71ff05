import Foundation
import Glibc
import Synchronization
import Testing

@testable import Catalog

@Suite struct LibraryWalkTests {
  private func walk(_ root: String, batch: Int = 3) throws -> [LibraryWalk.Item] {
    let walk = try LibraryWalk(root: root)
    var items: [LibraryWalk.Item] = []
    while true {
      let next = walk.next(batch)
      #expect(next.count <= batch)
      if next.isEmpty { return items }
      items += next
    }
  }

  private func paths(_ root: String) throws -> [String] {
    try walk(root).compactMap { if case .file(let path, _) = $0 { path } else { nil } }.sorted()
  }

  @Test func goesIntoEveryFolderAndTakesSoundFilesOnly() throws {
    let folder = try TemporaryFolder()
    for name in [
      "a.mp3", "b/c/d/e.FLAC", "b/x.opus", "b/y.m4b", "b/notes.txt", "b/cover.png", "c/z.aiff", "mp3", "c/q.mp3.part",
    ] { try folder.write("x", to: name) }
    try folder.makeFolder("empty")
    try folder.makeFolder("folder.mp3")
    #expect(try paths(folder.path) == ["a.mp3", "b/c/d/e.FLAC", "b/x.opus", "b/y.m4b", "c/z.aiff"])
  }

  @Test func tellsEachFolderOnceAndBehindLinksBeforeItsNames() throws {
    let folder = try TemporaryFolder()
    for name in ["a.mp3", "b/c/d.mp3"] { try folder.write("x", to: name) }
    try folder.makeFolder(".hidden")
    #expect(symlink(folder("b"), folder("link")) == 0)
    let told = Mutex<[String]>([])
    let walk = try LibraryWalk(root: folder.path) { path in told.withLock { $0.append(path) } }
    #expect(told.withLock { $0 } == [folder.path])
    while !walk.next(1).isEmpty {}
    #expect(told.withLock { $0 } == [folder.path, folder("b"), folder("b/c")])
  }

  @Test func tellsSizeAndTimeInNanoseconds() throws {
    let folder = try TemporaryFolder()
    try folder.write("12345", to: "a.mp3")
    var times = [timespec(tv_sec: 1, tv_nsec: 2), timespec(tv_sec: 1_700_000_000, tv_nsec: 123_456_789)]
    #expect(utimensat(AT_FDCWD, folder("a.mp3"), &times, 0) == 0)
    #expect(
      try walk(folder.path) == [.file(path: "a.mp3", stamp: FileStamp(size: 5, modified: 1_700_000_000_123_456_789))])
  }

  @Test func skipsWhatIsHidden() throws {
    let folder = try TemporaryFolder()
    for name in [".a.mp3", ".trash/b.mp3", "c/.d/e.mp3", "f.mp3"] { try folder.write("x", to: name) }
    #expect(try paths(folder.path) == ["f.mp3"])
  }

  @Test func aLoopOfLinksEnds() throws {
    let folder = try TemporaryFolder()
    try folder.write("x", to: "a/b/c.mp3")
    try folder.link("a/b/up", to: folder("a"))
    try folder.link("a/self", to: ".")
    try folder.link("round", to: "round")
    try folder.link("root", to: folder.path)
    #expect(try paths(folder.path) == ["a/b/c.mp3"])
  }

  @Test func aLinkToWhatIsAboveTheLibraryIsNotEntered() throws {
    let folder = try TemporaryFolder()
    try folder.write("x", to: "music/a.mp3")
    try folder.write("x", to: "private/b.mp3")
    try folder.link("music/machine", to: "/")
    try folder.link("music/above", to: "..")
    #expect(try paths(folder("music")) == ["a.mp3"])
  }

  @Test func followsALinkToAFolderOutside() throws {
    let folder = try TemporaryFolder()
    try folder.write("x", to: "music/a.mp3")
    try folder.write("x", to: "disk/deep/b.mp3")
    try folder.link("music/disk", to: folder("disk"))
    try folder.link("music/file.mp3", to: folder("disk/deep/b.mp3"))
    #expect(try paths(folder("music")) == ["a.mp3", "disk/deep/b.mp3", "file.mp3"])
  }

  @Test func theRealPathOfAFolderWinsOverItsLinks() throws {
    let folder = try TemporaryFolder()
    try folder.write("x", to: "z/deep/a.mp3")
    for name in ["a", "b", "zz"] { try folder.link(name, to: folder("z/deep")) }
    #expect(try paths(folder.path) == ["z/deep/a.mp3"])
  }

  @Test func ofTwoLinksTheFirstByNameWins() throws {
    let folder = try TemporaryFolder()
    try folder.write("x", to: "disk/a.mp3")
    try folder.makeFolder("music")
    for name in ["c", "a", "b"] { try folder.link("music/\(name)", to: folder("disk")) }
    #expect(try paths(folder("music")) == ["a/a.mp3"])
  }

  @Test func doesNotTouchPipesAndDanglingLinks() throws {
    let folder = try TemporaryFolder()
    try folder.write("x", to: "a.mp3")
    #expect(mkfifo(folder("pipe.mp3"), 0o600) == 0)
    try folder.link("nowhere.mp3", to: folder("gone.mp3"))
    #expect(try walk(folder.path).count == 1)
  }

  @Test func aLinkThatLoopsIsReportedWhenItHasASoundFilesName() throws {
    let folder = try TemporaryFolder()
    try folder.link("loop.mp3", to: "loop.mp3")
    guard case .problem(let path, let error) = try #require(try walk(folder.path).first) else {
      Issue.record("no problem")
      return
    }
    #expect(path == "loop.mp3")
    #expect(error.code == "unreadable")
    #expect(error.isPassing)
  }

  @Test func aNameThatIsNoUTF8IsReported() throws {
    let folder = try TemporaryFolder()
    let name = Array(folder.path.utf8) + Array("/bad".utf8) + [0xFF, 0xFE] + Array(".mp3".utf8)
    let descriptor = open(name.map { CChar(bitPattern: $0) } + [0], O_CREAT | O_WRONLY, 0o600)
    #expect(descriptor >= 0)
    close(descriptor)
    guard case .problem(let path, let error) = try #require(try walk(folder.path).first) else {
      Issue.record("no problem")
      return
    }
    #expect(path == "bad\u{FFFD}\u{FFFD}.mp3")
    #expect(error.code == "bad_name")
  }

  @Test func aFolderThatIsNotThereFails() throws {
    let folder = try TemporaryFolder()
    #expect(throws: FileSystem.Failure(number: ENOENT)) { try LibraryWalk(root: folder("gone")) }
  }

  @Test(.enabled(if: getuid() != 0, "permissions do not hold the superuser back"))
  func anUnreadableFolderIsReportedAndTheRestIsWalked() throws {
    let folder = try TemporaryFolder()
    try folder.write("x", to: "locked/a.mp3")
    try folder.write("x", to: "open/b.mp3")
    #expect(chmod(folder("locked"), 0) == 0)
    defer { chmod(folder("locked"), 0o700) }
    let items = try walk(folder.path)
    #expect(items.count == 2)
    #expect(items.contains { if case .unreadableFolder("locked", _) = $0 { true } else { false } })
  }
}
