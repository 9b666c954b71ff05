import Foundation
import Testing

@testable import AudioCodec
@testable import Catalog

@Suite struct TrackRecordTests {
  private let stamp = FileStamp(size: 1, modified: 2)

  private func record(_ path: String = "a/b.flac", change: (inout InspectedAudio) -> Void = { _ in }) throws
    -> TrackRecord
  {
    var audio = InspectedAudio.fake
    change(&audio)
    return try TrackRecord(path: path, stamp: stamp, audio: audio, coverKey: nil)
  }

  @Test(arguments: [
    ("a/01 Amen.flac", "01 Amen"), ("x.y.mp3", "x.y"), ("a/.hidden", ".hidden"), ("a/ .mp3", " .mp3"),
    ("plain", "plain"),
  ])
  func withoutATitleTheFilesNameIsTheTitle(_ path: String, _ title: String) throws {
    #expect(try record(path).title == title)
    #expect(try record(path) { $0.tags.title = " \u{0} \n" }.title == title)
  }

  @Test func tagsAreCleanedAndCut() throws {
    let record = try record {
      $0.tags.title = "  Two\u{0}Parts\u{7} "
      $0.tags.artist = ""
      $0.tags.album = String(repeating: "x", count: 100_000)
      $0.tags.genre = "\u{202E}Drum"
    }
    #expect(record.title == "Two Parts")
    #expect(record.artist == nil)
    #expect(record.album?.count == Limits.tagCharacters)
    #expect(record.genre == "Drum")
  }

  @Test func lyricsKeepTheirLinesAndAreCut() throws {
    #expect(try record { $0.tags.lyrics = "\u{0}\r\nOne\u{7}\r\n\r\n\tTwo\r" }.lyrics == "One\n\n\tTwo")
    #expect(try record { $0.tags.lyrics = " \n\u{1}\n" }.lyrics == nil)
    #expect(
      try record { $0.tags.lyrics = String(repeating: "la ", count: 100_000) }.lyrics?.count == Limits.lyricsScalars)
  }

  @Test func aCharacterOfAnyNumberOfMarksIsCutAsWell() throws {
    let text = "a" + String(repeating: "\u{301}", count: 1_000_000)
    let record = try record {
      $0.tags.lyrics = text
      $0.tags.title = text
      $0.tags.album = text
    }
    #expect(record.lyrics?.unicodeScalars.count == Limits.lyricsScalars)
    for tag in [record.title, record.album] { #expect(tag?.unicodeScalars.count ?? .max <= 4 * Limits.tagCharacters) }
  }

  @Test func numbersOutOfRangeAreNoNumbers() throws {
    let record = try record {
      $0.tags.year = 0
      $0.tags.trackNumber = -1
      $0.tags.discNumber = .max
      $0.bitrate = -5
    }
    #expect(record.year == nil && record.trackNumber == nil && record.discNumber == nil)
    #expect(record.audio.bitrate == 0)
  }

  @Test(
    arguments: [
      { $0.duration = .nan }, { $0.duration = .infinity }, { $0.duration = 0 }, { $0.duration = -1 },
      { $0.sampleCount = 0 }, { $0.gridSampleCount = -1 }, { $0.sampleRate = 0 }, { $0.channels = 0 },
      { $0.channels = 1_000 }, { $0.gridRate = 96_000 },
    ] as [@Sendable (inout InspectedAudio) -> Void])
  func factsThatNoSoundHasAreRefused(_ change: @Sendable (inout InspectedAudio) -> Void) {
    let error = #expect(throws: InspectionError.self) { try record(change: change) }
    #expect(error?.code == "damaged")
  }

  @Test func aFingerprintStandsForPathSizeAndTime() {
    let base = Identifier.fingerprint(path: "a", size: 1, modified: 2)
    #expect(base == Identifier.fingerprint(path: "a", size: 1, modified: 2))
    #expect(base != Identifier.fingerprint(path: "b", size: 1, modified: 2))
    #expect(base != Identifier.fingerprint(path: "a", size: 2, modified: 2))
    #expect(base != Identifier.fingerprint(path: "a", size: 1, modified: 3))
    #expect(
      Identifier.fingerprint(path: "a:1", size: 2, modified: 3)
        != Identifier.fingerprint(path: "a", size: 1, modified: 23))
  }

  @Test func theFactsOfTheLongestChainAreKeptWhole() throws {
    let step = Bounds.maxFileBytes / Int64(Bounds.maxLinks)
    let links = (0..<Int64(Bounds.maxLinks)).map { number in
      SourceLink(
        start: number * step + step / 2, end: (number + 1) * step, sampleCount: Bounds.maxSamples / 1_024,
        origin: 48_000 * 86_400)
    }
    let facts = SourceFacts(
      container: "ogg", sampleRate: 48_000, channels: 2, sampleCount: links.reduce(0) { $0 + $1.sampleCount },
      origin: 312,
      size: Bounds.maxFileBytes, modifiedNanoseconds: 1_800_000_000_000_000_000, links: links)
    #expect(facts.makeSense)
    let text = String(decoding: try JSONEncoder().encode(facts), as: UTF8.self)
    let kept = try record { $0.sourceFacts = text }.audio.sourceFacts
    #expect(try JSONDecoder().decode(SourceFacts.self, from: Data(try #require(kept).utf8)) == facts)
  }

  @Test func aFileOfMoreThanIsKeptIsRefusedByName() throws {
    let most = String(repeating: "1", count: Limits.sourceFactsBytes)
    #expect(try record { $0.sourceFacts = most }.audio.sourceFacts == most)
    let error = #expect(throws: InspectionError.self) { try record { $0.sourceFacts = most + "1" } }
    #expect(error?.code == "too_many_parts" && error?.isPassing == false)
  }
}
