import Foundation
import GRDB
import Synchronization
import Testing

@testable import Catalog

@Suite struct LibraryScannerTests {
  @Test func aFirstScanTakesEverySoundFileAndASecondLooksIntoNone() async throws {
    let library = try Library()
    try library.music.write("One|Ada|First", to: "ada/first/01.flac")
    try library.music.write("Two|Ada|First", to: "ada/first/02.MP3")
    try library.music.write("no music", to: "ada/first/cover.jpg")
    try library.music.write("Three", to: "three.ogg")

    let first = try await library.scan()
    #expect(first.found == 3)
    #expect(first.added == 3)
    #expect(first.probed == 3)
    #expect(Set(try await library.all().keys) == ["ada/first/01.flac", "ada/first/02.MP3", "three.ogg"])
    #expect(library.inspector.takePaths().count == 3)

    let second = try await library.scan()
    #expect(second.found == 3)
    #expect(second.unchanged == 3)
    #expect(second.added == 0 && second.updated == 0 && second.missing == 0 && second.probed == 0)
    #expect(library.inspector.takePaths().isEmpty)
  }

  @Test func aReplacedFileKeepsItsIdAndGetsANewFingerprint() async throws {
    let library = try Library()
    try library.music.write("Old", to: "a.flac")
    try library.music.write("Other", to: "b.flac")
    try await library.scan()
    let before = try #require(try await library.all()["a.flac"])
    _ = library.inspector.takePaths()

    // The same length: only the time tells.
    try library.music.write("New", to: "a.flac", modified: 1_700_000_001)
    let progress = try await library.scan()
    let after = try #require(try await library.all()["a.flac"])
    #expect(progress.updated == 1 && progress.unchanged == 1 && progress.added == 0)
    #expect(library.inspector.takePaths() == ["a.flac"])
    #expect(after.id == before.id)
    #expect(after.title == "New")
    #expect(after.fingerprint != before.fingerprint)
    #expect(after.addedAt == before.addedAt)

    // The same time: only the length tells.
    try library.music.write("Newer", to: "a.flac", modified: 1_700_000_001)
    try await library.scan()
    #expect(try await library.all()["a.flac"]?.title == "Newer")
  }

  @Test func aTouchedFileIsLookedIntoAgain() async throws {
    let library = try Library()
    try library.music.write("One", to: "a.flac")
    try await library.scan()
    let before = try #require(try await library.all()["a.flac"])
    try library.music.touch("a.flac", modified: 1_700_000_000.000001)
    let progress = try await library.scan()
    #expect(progress.updated == 1)
    #expect(try await library.all()["a.flac"]?.fingerprint != before.fingerprint)
  }

  @Test func aRemovedFileBecomesMissingAndComesBackAsItself() async throws {
    let library = try Library()
    try library.music.write("One", to: "a.flac")
    try library.music.write("Two", to: "b.flac")
    try await library.scan()
    let before = try #require(try await library.all()["a.flac"])

    try library.music.remove("a.flac")
    let gone = try await library.scan()
    #expect(gone.missing == 1)
    #expect(try await library.titles("") == ["Two"])
    #expect(try await library.tracks.count() == 1)
    let missing = try #require(try await library.tracks.track(id: before.id))
    #expect(missing.missingSince == Date(timeIntervalSince1970: 1_750_000_000))
    #expect(try await library.scan().missing == 0)

    try library.music.write("One", to: "a.flac")
    let back = try await library.scan()
    #expect(back.updated == 1 && back.added == 0)
    #expect(try await library.all()["a.flac"] == before)
  }

  @Test func aRenamedFileIsANewTrack() async throws {
    let library = try Library()
    try library.music.write("One", to: "a.flac")
    try await library.scan()
    let before = try #require(try await library.all()["a.flac"])
    try library.music.move("a.flac", to: "b.flac")
    let progress = try await library.scan()
    #expect(progress.added == 1 && progress.missing == 1)
    let after = try #require(try await library.all()["b.flac"])
    #expect(after.id != before.id)
    #expect(after.fingerprint != before.fingerprint)
  }

  @Test func aLyingFileIsReportedOnceAndLookedIntoAgainWhenItChanges() async throws {
    let library = try Library()
    try library.music.write("!not_audio", to: "lie.mp3")
    try library.music.write("One", to: "a.flac")
    let first = try await library.scan()
    #expect(first.failed == 1 && first.added == 1)
    let problem = try #require(try await library.problems().first)
    #expect(problem.path == "lie.mp3")
    #expect(problem.code == "not_audio")
    #expect(problem.message == "It is no sound")
    _ = library.inspector.takePaths()

    let second = try await library.scan()
    #expect(second.failed == 1)
    #expect(library.inspector.takePaths().isEmpty)
    #expect(try await library.problems().count == 1)

    try library.music.write("Truth", to: "lie.mp3", modified: 1_700_000_001)
    let third = try await library.scan()
    #expect(third.added == 1 && third.failed == 0)
    #expect(try await library.problems().isEmpty)
    #expect(try await library.titles("truth") == ["Truth"])
  }

  @Test func aProblemIsForgottenWithItsFile() async throws {
    let library = try Library()
    try library.music.write("!truncated", to: "lie.mp3")
    try library.music.write("One", to: "a.flac")
    try await library.scan()
    try library.music.remove("lie.mp3")
    try await library.scan()
    #expect(try await library.problems().isEmpty)
  }

  @Test func aFailureThatMayPassIsTriedAgainWithEveryScan() async throws {
    let library = try Library()
    try library.music.write("?unreadable", to: "locked.mp3")
    for _ in 0..<2 {
      #expect(try await library.scan().failed == 1)
      #expect(library.inspector.takePaths() == ["locked.mp3"])
    }
    #expect(try await library.problems().count == 1)
  }

  @Test func aFileThatTookTooLongIsTriedAgainAfterAWhile() async throws {
    let time = Mutex(Date(timeIntervalSince1970: 1_750_000_000))
    let library = try Library(now: { time.withLock { $0 } })
    try library.music.write("?timed_out", to: "slow.flac")
    try await library.scan()
    #expect(library.inspector.takePaths() == ["slow.flac"])
    for _ in 0..<3 {
      #expect(try await library.scan().failed == 1)
      #expect(library.inspector.takePaths().isEmpty, "as it is, it isn't tried with each scan")
      #expect(try await library.problems().map(\.code) == ["timed_out"])
    }
    time.withLock { $0 += Limits.slowFileSeconds }
    try await library.scan()
    #expect(library.inspector.takePaths() == ["slow.flac"])
    try library.music.write("Quick", to: "slow.flac", modified: 1_700_000_001)
    #expect(try await library.scan().added == 1)
  }

  /// After an upgrade every file is looked into once more.
  @Test(arguments: ["timed_out", "exhausted", "unreadable", "cover_not_stored", "interrupted"])
  func passingTroubleHidesNoTrackWhoseFileIsAsItWas(_ code: String) async throws {
    let library = try Library()
    try library.music.write("One", to: "a.flac")
    try library.music.write("Two", to: "b.flac")
    try await library.scan()
    try await library.database.pool.write { connection in
      try connection.execute(sql: "UPDATE tracks SET modified = \(Schema.forgottenModified)")
    }
    let trouble = FakeInspector { path, _ in
      guard path.hasSuffix("a.flac") else { return }
      throw InspectionError(code: code, message: "It may pass", isPassing: true)
    }
    let scanned = try await library.scanner(inspector: trouble).scan().progress
    #expect(scanned.failed == 1 && scanned.missing == 0)
    #expect(try await library.titles("") == ["One", "Two"])
    // What won't pass says that the file is no music, whatever was known of it.
    let damage = FakeInspector { _, _ in
      throw InspectionError(code: "damaged", message: "It's no music", isPassing: false)
    }
    try await library.database.pool.write { connection in
      try connection.execute(sql: "DELETE FROM scan_problems")
    }
    _ = try await library.scanner(inspector: damage).scan()
    #expect(try await library.titles("") == ["Two"])
  }

  @Test func aFileThatCannotBeLookedAtKeepsItsTrack() async throws {
    let library = try Library()
    try library.music.write("One", to: "a.flac")
    try await library.scan()
    let scan = try await library.index.beginScan()
    var batch = ScanBatch()
    batch.problems = [
      ScanBatch.Problem(
        path: "a.flac", stamp: .unknown,
        error: InspectionError(code: "unreadable", message: "Input/output error", isPassing: true), isRemembered: true)
    ]
    try await library.index.apply(batch, scan: scan)
    #expect(try await library.index.finishScan(scan, keeping: []) == 0)
    #expect(try await library.titles("") == ["One"])
  }

  @Test func aTrackWhoseFileBreaksIsMissingUntilItIsWholeAgain() async throws {
    let library = try Library()
    try library.music.write("One", to: "a.flac")
    try library.music.write("Two", to: "b.flac")
    try await library.scan()
    let before = try #require(try await library.all()["a.flac"])

    try library.music.write("!truncated", to: "a.flac", modified: 1_700_000_001)
    #expect(try await library.scan().failed == 1)
    #expect(try await library.tracks.track(id: before.id)?.missingSince != nil)
    #expect(try await library.titles("") == ["Two"])
    // As it was broken, it stays broken without another look.
    _ = library.inspector.takePaths()
    try await library.scan()
    #expect(library.inspector.takePaths().isEmpty)
    #expect(try await library.tracks.track(id: before.id)?.missingSince != nil)

    // Even with the very stamp of the good days.
    try library.music.write("One", to: "a.flac")
    let back = try await library.scan()
    #expect(back.updated == 1 && back.failed == 0)
    #expect(try await library.all()["a.flac"] == before)
  }

  @Test func twoSpellingsOfOneLetterAreTwoFiles() async throws {
    let library = try Library()
    try library.music.write("Composed", to: "caf\u{E9}.flac")
    try library.music.write("Decomposed!", to: "cafe\u{301}.flac")
    #expect(try await library.scan().added == 2)
    let second = try await library.scan()
    #expect(second.unchanged == 2 && second.probed == 0)
    #expect(try await library.tracks.count() == 2)
  }

  @Test func progressOnlyGrowsAndEndsWithTheResult() async throws {
    let library = try Library()
    for number in 0..<450 { try library.music.write("T\(number)", to: "\(number).flac") }
    let seen = Collected<ScanProgress>()
    let report = try await library.scanner().scan { seen.append($0) }
    let all = seen.values
    #expect(all.last == report.progress)
    #expect(report.progress.found == 450)
    #expect(report.progress.elapsed > .zero)
    #expect(all.count >= 4)
    for (before, after) in zip(all, all.dropFirst()) {
      #expect(before.found <= after.found)
      #expect(before.probed <= after.probed)
      #expect(before.elapsed <= after.elapsed)
    }
  }
}
