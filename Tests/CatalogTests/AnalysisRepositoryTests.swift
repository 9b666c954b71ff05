import AudioCodec
import Foundation
import Synchronization
import Testing

@testable import Catalog

@Suite struct AnalysisRepositoryTests {
  /// A scanned library, and its analyses.
  private struct Shelf {
    let library: Library
    let analyses: SQLiteAnalysisRepository

    init(_ tags: [(name: String, tags: String)]) async throws {
      library = try Library()
      for (name, text) in tags { try library.music.write(text, to: name) }
      try await library.scan()
      analyses = SQLiteAnalysisRepository(library.database, now: { Date(timeIntervalSince1970: 1_800_000_000) })
    }

    func track(_ name: String) async throws -> Track { try #require(try await library.all()[name]) }

    func pending(_ version: String = "1", before: Double = 0) async throws -> [String] {
      try await analyses.pending(version: version, before: Date(timeIntervalSince1970: before), limit: 100).map(\.path)
        .sorted()
    }

    @discardableResult
    func analyse(_ name: String, _ analysis: TrackAnalysis, version: String = "1") async throws -> Track {
      let track = try await track(name)
      try await analyses.store(analysis, of: track.fingerprint, version: version)
      return track
    }
  }

  /// The analysis of a second of a sine of some level.
  static func analysis(dBFS: Double, seconds: Double = 1) throws -> TrackAnalysis {
    let folder = try TemporaryFolder()
    let rate = 44_100
    let count = Int(seconds * Double(rate))
    var bytes: [UInt8] = []
    func append<T: FixedWidthInteger>(_ value: T) { withUnsafeBytes(of: value.littleEndian) { bytes += $0 } }
    bytes += Array("RIFF".utf8)
    append(UInt32(36 + 4 * count))
    bytes += Array("WAVEfmt ".utf8)
    append(UInt32(16))
    append(UInt16(1))
    append(UInt16(2))
    append(UInt32(rate))
    append(UInt32(4 * rate))
    append(UInt16(4))
    append(UInt16(16))
    bytes += Array("data".utf8)
    append(UInt32(4 * count))
    for index in 0..<count {
      let value = Int16(32_767 * pow(10, dBFS / 20) * sin(2 * .pi * 997 * Double(index) / Double(rate)))
      append(value)
      append(value)
    }
    try folder.write(Data(bytes), to: "sine.wav")
    let analyzer = try TrackAnalyzer(
      path: folder("sine.wav"), settings: .flac(bitDepth: 16, sampleRate: rate), totalSamples: Int64(count))
    while try analyzer.step() != nil {}
    return analyzer.analysis
  }

  @Test func whatIsStoredComesBack() async throws {
    let shelf = try await Shelf([("a.wav", "A")])
    let analysis = try Self.analysis(dBFS: -20)
    let track = try await shelf.analyse("a.wav", analysis)
    #expect(try await shelf.analyses.outcome(of: track.fingerprint, version: "1") == .waveform(analysis.waveform))
    #expect(try await shelf.analyses.segmentSizes(of: track.fingerprint, version: "1") == analysis.segmentSizes)
    #expect(analysis.segmentSizes?.count == 1)
    let loudness = try await shelf.analyses.loudness(of: [track.id, "unknown"])
    #expect(loudness == [track.id: TrackLoudness(track: analysis.loudness)])
  }

  @Test func tracksWithoutAnAnalysisOfThisVersionArePending() async throws {
    let shelf = try await Shelf([("a.wav", "A"), ("b.wav", "B"), ("c.wav", "C")])
    #expect(try await shelf.pending() == ["a.wav", "b.wav", "c.wav"])
    let analysis = try Self.analysis(dBFS: -20)
    let track = try await shelf.analyse("a.wav", analysis)
    try await shelf.analyse("b.wav", analysis, version: "0")
    #expect(try await shelf.pending() == ["b.wav", "c.wav"])
    let count = try await shelf.analyses.pendingCount(version: "1", before: .distantPast)
    #expect(count.tracks == 2 && count.seconds == 4)
    // What an older encoder made has other sizes.
    #expect(try await shelf.analyses.segmentSizes(of: track.fingerprint, version: "2") == nil)
    #expect(try await shelf.analyses.outcome(of: track.fingerprint, version: "2") == nil)
  }

  @Test func theNewestTracksComeFirst() async throws {
    let library = try Library()
    let time = Mutex(1_000.0)
    let index = SQLiteLibraryIndex(library.database, now: { Date(timeIntervalSince1970: time.withLock { $0 }) })
    for name in ["b", "c", "a"] {
      try library.music.write(name, to: "\(name).wav")
      _ = try await library.scanner(index: index).scan()
      time.withLock { $0 += 10 }
    }
    let analyses = SQLiteAnalysisRepository(library.database)
    let paths = try await analyses.pending(version: "1", before: .distantPast, limit: 2).map(\.path)
    #expect(paths == ["a.wav", "c.wav"])
  }

  @Test func aFailureIsNotRepeatedUntilTheFileChanges() async throws {
    let shelf = try await Shelf([("a.wav", "A")])
    let failure = AnalysisFailure(code: "damaged", message: "It is no sound", isPassing: false)
    let track = try await shelf.track("a.wav")
    try await shelf.analyses.store(failure, of: track.fingerprint, version: "1")
    #expect(try await shelf.pending(before: 2_000_000_000).isEmpty)
    #expect(try await shelf.analyses.outcome(of: track.fingerprint, version: "1") == .failed(failure))
    #expect(try await shelf.analyses.loudness(of: [track.id]).isEmpty)
    try shelf.library.music.write("A", to: "a.wav", modified: 1_700_000_001)
    try await shelf.library.scan()
    #expect(try await shelf.pending() == ["a.wav"])
    #expect(try await shelf.analyses.forgetOrphans() == 1)
    #expect(try await shelf.analyses.forgetOrphans() == 0)
  }

  @Test func aFailureThatMayPassIsTriedAgainAtTheNextStart() async throws {
    let shelf = try await Shelf([("a.wav", "A")])
    let failure = AnalysisFailure(code: "unreadable", message: "The disk is gone", isPassing: true)
    try await shelf.analyses.store(failure, of: try await shelf.track("a.wav").fingerprint, version: "1")
    #expect(try await shelf.pending(before: 1_799_999_999).isEmpty)
    #expect(try await shelf.pending(before: 1_800_000_001) == ["a.wav"])
  }

  @Test func aTrackThatIsGoneIsNotPending() async throws {
    let shelf = try await Shelf([("a.wav", "A"), ("b.wav", "B")])
    try shelf.library.music.remove("a.wav")
    try await shelf.library.scan()
    #expect(try await shelf.pending() == ["b.wav"])
  }

  @Test func anAlbumIsKnownWhenAllOfItIsAndCombinesItsBlocks() async throws {
    let shelf = try await Shelf([
      ("1.wav", "One|Guest|Album|Band"), ("2.wav", "Two|Band|ALBUM|Band"), ("3.wav", "Three|Other|Album|Other"),
      ("4.wav", "Four|Band"),
    ])
    let (loud, soft) = (try Self.analysis(dBFS: -10), try Self.analysis(dBFS: -16, seconds: 3))
    let first = try await shelf.analyse("1.wav", loud)
    #expect(try await shelf.analyses.loudness(of: [first.id])[first.id]?.album == nil)
    let second = try await shelf.analyse("2.wav", soft)
    let other = try await shelf.analyse("3.wav", soft)
    let single = try await shelf.analyse("4.wav", soft)
    let known = try await shelf.analyses.loudness(of: [first.id, second.id, other.id, single.id])
    var both = loud.histogram
    both.add(soft.histogram)
    let album = try #require(known[first.id]?.album)
    #expect(known[second.id]?.album == album)
    #expect(abs(try #require(album.integrated) - (try #require(both.integrated))) < 1e-4)
    // Seven blocks at −10 and twenty-seven at −16: by energy, not by the mean of −10 and −16.
    #expect(abs(try #require(album.integrated) + 14.1) < 0.2)
    #expect(album.truePeak == loud.loudness.truePeak && album.range == nil)
    #expect(abs(try #require(known[other.id]?.album?.integrated) + 16) < 0.2)
    #expect(known[single.id]?.album == nil && known[single.id]?.track == soft.loudness)
  }

  @Test func aTrackOfAnAlbumThatCanNotBeAnalysedHoldsNothingUp() async throws {
    let shelf = try await Shelf([("1.wav", "One|Band|Album"), ("2.wav", "Two|Band|Album")])
    let track = try await shelf.analyse("1.wav", try Self.analysis(dBFS: -10))
    let failure = AnalysisFailure(code: "damaged", message: "It is no sound", isPassing: false)
    try await shelf.analyses.store(failure, of: try await shelf.track("2.wav").fingerprint, version: "1")
    #expect(try await shelf.analyses.loudness(of: [track.id])[track.id]?.album?.integrated != nil)
  }

  @Test func sizesThatAreWrongAreForgotten() async throws {
    let shelf = try await Shelf([("a.wav", "A")])
    let track = try await shelf.analyse("a.wav", try Self.analysis(dBFS: -20))
    try await shelf.analyses.forgetSegmentSizes(of: track.fingerprint)
    #expect(try await shelf.analyses.segmentSizes(of: track.fingerprint, version: "1") == nil)
    #expect(try await shelf.pending().isEmpty)
  }

  @Test(arguments: [[], [0], [127, 128, 300_000, 0, 4_194_304, 16_383, 16_384]])
  func sizesArePackedWithoutLoss(sizes: [Int]) {
    #expect(SegmentSizes.sizes(of: SegmentSizes.bytes(of: sizes)) == sizes)
  }

  @Test(arguments: [[0x80], [1, 0xFF], [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1]])
  func bytesThatAreNoSizesAreRefused(bytes: [UInt8]) {
    #expect(SegmentSizes.sizes(of: bytes) == nil)
  }
}
