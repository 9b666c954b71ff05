import Foundation
import GRDB
import Testing

@testable import Catalog

@Suite struct InspectionJournalTests {
  private let folder: TemporaryFolder
  private var path: String { folder("inspecting") }
  private let song = InspectionJournal.Entry(
    .scan, "Ünter/söng.mp3", stamp: FileStamp(size: 1 << 40, modified: -5), isSecondTry: true)

  init() throws {
    folder = try TemporaryFolder()
  }

  @Test func whatWasInHandIsKnownToTheNextProcess() throws {
    let first = try InspectionJournal(path: path)
    let other = InspectionJournal.Entry(.analysis, "abc", isSecondTry: false)
    let done = first.begin(InspectionJournal.Entry(.scan, "done.mp3", isSecondTry: false))
    _ = first.begin(song)
    _ = first.begin(other)
    first.end(done)
    // As a process that is killed leaves it: without a close.
    let second = try InspectionJournal(path: path)
    #expect(second.interrupted.count == 2 && second.interrupted.contains(song) && second.interrupted.contains(other))
    second.settle(song)
    #expect(try InspectionJournal(path: path).interrupted == [other])
  }

  @Test func anEndInGoodOrderBlamesNobody() throws {
    let journal = try InspectionJournal(path: path)
    let note = journal.begin(song)
    journal.close()
    journal.end(note)
    #expect(journal.begin(song) == nil)
    #expect(try InspectionJournal(path: path).interrupted.isEmpty)
  }

  @Test func whatNobodySettledOutlastsAnEndInGoodOrder() throws {
    _ = try InspectionJournal(path: path).begin(song)
    try InspectionJournal(path: path).close()
    #expect(try InspectionJournal(path: path).interrupted == [song])
  }

  @Test func moreThanThereAreSlotsGoOnWithoutANote() throws {
    let journal = try InspectionJournal(path: path)
    let notes = (0..<Limits.journalSlots + 10).map {
      journal.begin(InspectionJournal.Entry(.scan, "\($0).mp3", isSecondTry: false))
    }
    #expect(notes.count { $0 == nil } == 10)
    for note in notes { journal.end(note) }
    #expect(journal.begin(song) != nil)
    #expect(try InspectionJournal(path: path).interrupted == [song])
  }

  @Test func theLongestPathHasRoom() throws {
    let entry = InspectionJournal.Entry(.scan, String(repeating: "x", count: Limits.pathBytes), isSecondTry: false)
    _ = try InspectionJournal(path: path).begin(entry)
    #expect(try InspectionJournal(path: path).interrupted == [entry])
  }

  @Test func rubbishIsNoEntry() throws {
    for length in [0, 1, 19, 5_000, 100_000] {
      var random = SystemRandomNumberGenerator()
      let bytes = (0..<length).map { _ in UInt8.random(in: 2...255, using: &random) }
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      let journal = try InspectionJournal(path: path)
      // By chance a byte says that there is an entry; it has a name within bounds then.
      #expect(journal.interrupted.allSatisfy { $0.name.utf8.count <= Limits.pathBytes })
    }
  }
}

/// Scans after a process that died over a file.
@Suite struct InterruptedScanTests {
  private let library: Library
  private let journalPath: String

  init() throws {
    library = try Library()
    journalPath = library.data("inspecting")
    for name in ["a", "b", "c"] { try library.music.write(name, to: "\(name).flac") }
  }

  private func stamp(_ name: String) throws -> FileStamp { try FileSystem.status(library.music(name)).stamp }

  /// The process dies with a file in hand.
  private func die(over name: String, isSecondTry: Bool = false) throws {
    let stamp = try stamp(name)
    _ = try InspectionJournal(path: journalPath).begin(.init(.scan, name, stamp: stamp, isSecondTry: isSecondTry))
  }

  private func scanner(
    _ inspector: FakeInspector? = nil, index: (any LibraryIndex)? = nil, width: Int = 2
  ) throws -> LibraryScanner {
    LibraryScanner(
      root: library.music.path, index: index ?? library.index, covers: library.covers,
      inspector: inspector ?? library.inspector, journal: try InspectionJournal(path: journalPath), width: width)
  }

  @Test func theFileIsSkippedAndSaidSoAndTriedByTheScanBehind() async throws {
    try die(over: "b.flac")
    let scanner = try scanner()
    let report = try await scanner.scan()
    #expect(report.progress.failed == 1 && report.interrupted == 1)
    #expect(library.inspector.takePaths() == ["a.flac", "c.flac"])
    #expect(try await library.problems().map(\.code) == ["interrupted"])
    #expect(try await library.titles("") == ["a", "c"])
    let second = try await scanner.scan()
    #expect(second.progress.added == 1 && second.interrupted == 0)
    #expect(library.inspector.takePaths() == ["b.flac"])
    #expect(try await library.problems().isEmpty)
    #expect(try InspectionJournal(path: journalPath).interrupted.isEmpty)
  }

  @Test func aTrackThatWasOnlyToBeLookedIntoOnceMoreStays() async throws {
    _ = try await scanner().scan()
    #expect(try await library.titles("") == ["a", "b", "c"])
    // As a new release has it that looks more closely.
    try await library.database.pool.write { connection in
      try connection.execute(sql: "UPDATE tracks SET modified = \(Schema.forgottenModified)")
    }
    try die(over: "b.flac")
    let report = try await scanner().scan()
    #expect(report.interrupted == 1)
    #expect(try await library.titles("") == ["a", "b", "c"])
    #expect(try await library.problems().map(\.code) == ["interrupted"])
    _ = try await scanner().scan()
    #expect(try await library.problems().isEmpty)
    // One whose file has changed is not what the catalogue says.
    try library.music.write("another", to: "b.flac")
    try die(over: "b.flac")
    _ = try await scanner().scan()
    #expect(try await library.titles("") == ["a", "c"])
  }

  @Test func theSecondTryIsMadeWithNothingElseInHandAndSaysSo() async throws {
    for name in ["b.flac", "c.flac"] { try die(over: name) }
    _ = try await scanner().scan()
    for number in 0..<8 { try library.music.write("n\(number)", to: "n\(number).flac") }
    let noted = Collected<[InspectionJournal.Entry]>()
    let path = journalPath
    let inspector = FakeInspector { file, _ in
      // What a process would leave that dies here.
      if file.hasSuffix("b.flac") || file.hasSuffix("c.flac") {
        noted.append(try InspectionJournal(path: path).interrupted)
      }
    }
    #expect(try await scanner(inspector, width: 4).scan().progress.added == 10)
    #expect(noted.values.map(\.count) == [1, 1])
    #expect(noted.values.allSatisfy { $0[0].isSecondTry })
  }

  @Test func whatEndedTheProcessTwiceIsLeftAloneUntilItChanges() async throws {
    try die(over: "b.flac", isSecondTry: true)
    for _ in 0..<3 {
      _ = try await scanner().scan()
      #expect(!library.inspector.takePaths().contains("b.flac"))
      #expect(try await library.problems().map(\.code) == ["interrupted"])
    }
    try library.music.write("b again", to: "b.flac", modified: 1_800_000_000)
    #expect(try await scanner().scan().progress.added == 1)
    #expect(try await library.problems().isEmpty)
  }

  @Test func whatHasChangedOrGoneSinceIsNotHeldAgainst() async throws {
    try die(over: "a.flac")
    try die(over: "b.flac")
    try library.music.write("a again", to: "a.flac", modified: 1_800_000_000)
    try library.music.remove("b.flac")
    #expect(try await scanner().scan().progress.added == 2)
    #expect(try await library.titles("") == ["a again", "c"])
    #expect(try InspectionJournal(path: journalPath).interrupted.isEmpty)
  }

  @Test func itIsWrittenDownBeforeAnyOtherFileIsTried() async throws {
    try die(over: "b.flac")
    // The first write is what this is about, the second that of the first batch.
    let dying = CountingIndex(library.index, failsAfter: 1)
    await #expect(throws: CountingIndex.Outage.self) { try await scanner(index: dying).scan() }
    #expect(try await library.problems().map(\.path) == ["b.flac"])
  }

  @Test func whatCannotBeWrittenDownStaysInTheJournal() async throws {
    try die(over: "b.flac")
    let dying = CountingIndex(library.index, failsAfter: 0)
    await #expect(throws: CountingIndex.Outage.self) { try await scanner(index: dying).scan() }
    #expect(try InspectionJournal(path: journalPath).interrupted.map(\.name) == ["b.flac"])
    #expect(library.inspector.takePaths().isEmpty)
  }
}
