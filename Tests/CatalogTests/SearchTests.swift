import Foundation
import Testing

@testable import Catalog

@Suite struct SearchTests {
  private func library(_ tags: [String]) async throws -> Library {
    let library = try Library()
    for (number, tag) in tags.enumerated() { try library.music.write(tag, to: "\(number).flac") }
    try await library.scan()
    return library
  }

  @Test func findsWordsInTitleArtistAndAlbumTogether() async throws {
    let library = try await library([
      "Amen|The Winstons|Color Him Father", "Think|Lyn Collins|Think", "Apache|Bongo Band",
    ])
    #expect(try await library.titles("winstons") == ["Amen"])
    #expect(try await library.titles("father amen") == ["Amen"])
    #expect(try await library.titles("amen think").isEmpty)
    #expect(try await library.titles("  ") == ["Apache", "Think", "Amen"])
  }

  @Test func caseAndDiacriticsDoNotMatter() async throws {
    let library = try await library([
      "Jóga|Björk|Homogenic", "Straße|Die Ärzte", "Sæglópur|Sigur Rós", "ФАНТОМ|Чиж", "Ｆｕｌｌ", "İstanbul", "Łódź",
    ])
    #expect(try await library.titles("JOGA bjork") == ["Jóga"])
    #expect(try await library.titles("jo\u{301}ga") == ["Jóga"])
    #expect(try await library.titles("strasse arzte") == ["Straße"])
    #expect(try await library.titles("saeglopur ros") == ["Sæglópur"])
    #expect(try await library.titles("фантом") == ["ФАНТОМ"])
    #expect(try await library.titles("full") == ["Ｆｕｌｌ"])
    #expect(try await library.titles("istanbul") == ["İstanbul"])
    #expect(try await library.titles("lodz") == ["Łódź"])
  }

  @Test(arguments: [
    ("100%", ["100% Pure"]), ("a_b", ["a_b"]), ("\\", ["back\\slash"]), ("'; DROP", []), ("%", ["100% Pure"]),
  ])
  func noCharacterIsAWildcard(_ query: String, _ found: [String]) async throws {
    let library = try await library(["100% Pure", "100 Pure", "a_b", "axb", "back\\slash"])
    #expect(try await library.titles(query) == found)
    #expect(try await library.tracks.count() == 5)
  }

  @Test func rowsAreInTheOrderOfTheShelf() async throws {
    let library = try await library([
      "Z|Guest|Later|Ada|1|2", "B|Guest|Later|Ada|2|1", "A|Guest|Later|Ada|1|10", "C|ada|Early||1|1", "D|Zoe", "E",
      "ä|Bob|X||1|1", "b|Bob|X||1|1",
    ])
    #expect(try await library.titles("") == ["E", "C", "Z", "A", "B", "ä", "b", "D"])
  }

  @Test func pagesAreCutFromOneWhole() async throws {
    let library = try await library((0..<25).map { String(format: "Loop %02d", $0) } + ["Other"])
    let whole = try await library.tracks.search(query: "loop", limit: 500, offset: 0)
    #expect(whole.total == 25)
    var rows: [Track] = []
    for offset in stride(from: 0, to: 30, by: 10) {
      let page = try await library.tracks.search(query: "loop", limit: 10, offset: offset)
      #expect(page.total == 25)
      rows += page.rows
    }
    #expect(rows == whole.rows)
  }

  @Test func absurdPagesAndQueriesAreHeldToBounds() async throws {
    let library = try await library(["One", "Two"])
    #expect(try await library.tracks.search(query: "", limit: 0, offset: -5).rows.count == 1)
    #expect(try await library.tracks.search(query: "", limit: .max, offset: .min).rows.count == 2)
    #expect(try await library.tracks.search(query: "", limit: .min, offset: .max).rows.isEmpty)
    let long = String(repeating: "one ", count: 100_000)
    #expect(try await library.tracks.search(query: long, limit: 1, offset: 0).total == 1)
    #expect(try await library.tracks.search(query: "\0one", limit: 1, offset: 0).total == 1)
    #expect(try await library.tracks.search(query: "one\u{0}", limit: 1, offset: 0).total == 1)
  }

  @Test func anUnknownIdIsNobody() async throws {
    let library = try await library(["One"])
    #expect(try await library.tracks.track(id: "nobody") == nil)
    #expect(try await library.tracks.track(id: "") == nil)
    #expect(try await library.tracks.track(id: "' OR 1=1 --") == nil)
    let track = try #require(try await library.all()["0.flac"])
    #expect(try await library.tracks.track(id: track.id) == track)
    #expect(try await library.tracks.tracks(ids: ["nobody", track.id, "' OR 1=1 --"]) == [track])
    #expect(try await library.tracks.tracks(ids: []).isEmpty)
    #expect(track.id.count == 16)
    #expect(track.fingerprint.count == 32)
  }
}
