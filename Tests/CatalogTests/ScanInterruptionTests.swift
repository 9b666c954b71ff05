import Dispatch
import Foundation
import Testing

@testable import Catalog

@Suite struct ScanInterruptionTests {
  @Test func tenThousandFilesAreTakenInSmallBatches() async throws {
    let library = try Library()
    try library.music.fill(folders: 100, files: 100)
    let index = CountingIndex(library.index)
    let first = try await library.scanner(index: index, width: 3).scan().progress
    #expect(first.added == 10_000)
    #expect(try await library.tracks.count() == 10_000)
    #expect(index.largestBatch == Limits.scanBatch)
    #expect(index.largestLookup == Limits.scanBatch)
    #expect(library.inspector.mostInFlight <= 3)
    #expect(library.inspector.takePaths().count == 10_000)

    let second = try await library.scanner(index: index).scan().progress
    #expect(second.unchanged == 10_000)
    #expect(library.inspector.takePaths().isEmpty)
  }

  @Test func aVanishedLibraryLosesNoTrack() async throws {
    let library = try Library()
    try library.music.write("One", to: "a.flac")
    try await library.scan()
    try FileManager.default.removeItem(atPath: library.music.path)
    let error = await #expect(throws: ScanError.self) { try await library.scan() }
    #expect(error?.code == "library_unavailable")
    #expect(try await library.titles("") == ["One"])
    try library.music.write("One", to: "a.flac")
    #expect(try await library.scan().unchanged == 1)
  }

  @Test func anUnmountedLibraryLosesNoTrack() async throws {
    let library = try Library()
    try library.music.write("One", to: "a.flac")
    try library.music.write("!not_audio", to: "lie.flac")
    try await library.scan()
    try library.music.remove("a.flac")
    try library.music.remove("lie.flac")
    await #expect(throws: ScanError.libraryEmpty(knownTracks: 1)) { try await library.scan() }
    #expect(try await library.titles("") == ["One"])
    #expect(try await library.problems().count == 1)
  }

  @Test func anEmptyLibraryIsFineAsLongAsNothingIsKnown() async throws {
    let library = try Library()
    #expect(try await library.scan().found == 0)
  }

  @Test func aFileInPlaceOfTheLibraryIsRefused() async throws {
    let library = try Library()
    try library.music.write("x", to: "file")
    let error = await #expect(throws: ScanError.self) {
      try await library.scanner(root: library.music("file")).scan()
    }
    #expect(error?.code == "library_unavailable")
  }

  @Test func aLibraryThatGoesAwayDuringTheScanLosesNoTrack() async throws {
    let library = try Library()
    for number in 0..<5 { try library.music.write("T\(number)", to: "music/\(number).flac") }
    let root = library.music("music")
    _ = try await library.scanner(root: root).scan()
    try library.music.write("new", to: "music/z.flac")
    let music = library.music
    let leaving = FakeInspector { _, number in
      if number == 1 { try music.move("music", to: "elsewhere") }
    }
    let error = await #expect(throws: ScanError.self) {
      try await library.scanner(root: root, inspector: leaving).scan()
    }
    #expect(error?.code == "library_unavailable")
    #expect(try await library.tracks.count() == 5)
  }

  @Test func aCancelledScanKeepsWhatItWroteAndGoesOnNextTime() async throws {
    let cancel = Collected<Task<ScanReport, any Error>>()
    let started = DispatchSemaphore(value: 0)
    let library = try Library()
    for number in 0..<600 { try library.music.write("T\(number)", to: "\(number).flac") }
    let inspector = FakeInspector { _, number in
      guard number == 250 else { return }
      // The task's handle is there before the first file is looked into.
      started.wait()
      cancel.values.first?.cancel()
    }
    let scanner = library.scanner(inspector: inspector)
    let task = Task { try await scanner.scan() }
    cancel.append(task)
    started.signal()
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(try await library.tracks.count() == 200)

    let rest = try await library.scan()
    #expect(rest.unchanged == 200 && rest.added == 400 && rest.missing == 0)
  }

  @Test func aScanThatDiesKeepsWhatItWroteAndMarksNothing() async throws {
    let library = try Library()
    for number in 0..<500 { try library.music.write("T\(number)", to: "\(number).flac") }
    let dying = CountingIndex(library.index, failsAfter: 1)
    await #expect(throws: CountingIndex.Outage.self) { try await library.scanner(index: dying).scan() }
    #expect(try await library.tracks.count() == 200)
    let rest = try await library.scan()
    #expect(rest.unchanged == 200 && rest.added == 300)

    // The same with everything known: what the dead scan did not reach is not missing.
    let again = CountingIndex(library.index, failsAfter: 1)
    await #expect(throws: CountingIndex.Outage.self) { try await library.scanner(index: again).scan() }
    #expect(try await library.tracks.count() == 500)
  }

  @Test func onlyOneScanRunsAtATime() async throws {
    let library = try Library()
    try library.music.write("One", to: "a.flac")
    let reached = AsyncStream<Void>.makeStream()
    let release = DispatchSemaphore(value: 0)
    let inspector = FakeInspector { _, _ in
      reached.continuation.yield()
      release.wait()
    }
    let scanner = library.scanner(inspector: inspector)
    let running = Task { try await scanner.scan() }
    for await _ in reached.stream { break }
    await #expect(throws: ScanError.alreadyRunning) { try await scanner.scan() }
    release.signal()
    #expect(try await running.value.progress.added == 1)
    #expect(try await scanner.scan().progress.unchanged == 1)
  }

  @Test func whatIsInAnUnreadableFolderStaysAsItWas() async throws {
    let library = try Library()
    for path in ["a_b/1.flac", "a_b/c/2.flac", "aXb/3.flac", "a_b.flac"] { try library.music.write(path, to: path) }
    try library.music.write("!not_audio", to: "a_b/lie.flac")
    try await library.scan()
    // The next scan saw nothing, and could not read one folder.
    let scan = try await library.index.beginScan()
    #expect(try await library.index.finishScan(scan, keeping: ["a_b"]) == 2)
    #expect(Set(try await library.all().keys) == ["a_b/1.flac", "a_b/c/2.flac"])
    #expect(try await library.problems().map(\.path) == ["a_b/lie.flac"])
  }
}
