import Foundation
import Testing

@testable import Catalog

@Suite struct CoverStoreTests {
  private let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 1, 2, 3]

  @Test func aPictureIsKeptOnceUnderItsContent() throws {
    let folder = try TemporaryFolder()
    let store = CoverStore(directory: folder("covers"))
    let key = try #require(try store.store(png))
    #expect(try store.store(png) == key)
    #expect(try store.store(png + [4]) != key)
    let cover = try #require(try store.cover(key: key))
    #expect(cover == Cover(key: key, mime: "image/png", data: Data(png)))
    let names = try FileManager.default.contentsOfDirectory(atPath: folder("covers/" + key.prefix(2)))
    #expect(names.filter { $0.hasPrefix(key) } == [key])
  }

  @Test func theTypeIsThatOfTheContent() {
    #expect(ImageType.of([0xFF, 0xD8, 0xFF, 0xE0]) == "image/jpeg")
    #expect(ImageType.of(Array("GIF89a...".utf8)) == "image/gif")
    #expect(ImageType.of(Array("RIFF....WEBPVP8".utf8)) == "image/webp")
    #expect(ImageType.of(Array("....ftypavif".utf8)) == "image/avif")
    #expect(ImageType.of([0x42, 0x4D, 9, 9, 9, 9, 0, 0, 0, 0, 54]) == "image/bmp")
  }

  @Test(arguments: ["<svg onload=alert(1)>", "<!DOCTYPE html>", "", "BMfast text", "RIFF....WAVE"])
  func whatIsNoPictureIsNotKept(_ text: String) throws {
    let folder = try TemporaryFolder()
    #expect(try CoverStore(directory: folder("covers")).store(Array(text.utf8)) == nil)
  }

  @Test func aPictureOfMoreThanTenMegabytesIsNotKept() throws {
    let folder = try TemporaryFolder()
    let store = CoverStore(directory: folder("covers"))
    #expect(try store.store(png + [UInt8](repeating: 0, count: Limits.coverBytes - png.count)) != nil)
    #expect(try store.store(png + [UInt8](repeating: 0, count: Limits.coverBytes - png.count + 1)) == nil)
  }

  @Test(arguments: [
    "", "x", "../../etc/passwd", "..", String(repeating: "/", count: 32), String(repeating: "A", count: 32),
  ])
  func aKeyIsNeverAPath(_ key: String) throws {
    let folder = try TemporaryFolder()
    #expect(try CoverStore(directory: folder("covers")).cover(key: key) == nil)
  }

  @Test func anUnknownKeyIsNothing() throws {
    let folder = try TemporaryFolder()
    #expect(try CoverStore(directory: folder("covers")).cover(key: String(repeating: "a", count: 32)) == nil)
  }

  @Test func aScanStoresCoversAndRemovesThoseThatNoTrackHas() async throws {
    let library = try Library()
    let picture = String(String.UnicodeScalarView(png.map { Unicode.Scalar($0) }))
    try library.music.write("One||||||\(picture)", to: "a.flac")
    try library.music.write("Two||||||\(picture)", to: "b.flac")
    try library.music.write("Three||||||\(picture)x", to: "c.flac")
    try await library.scan()
    let all = try await library.all()
    let key = try #require(all["a.flac"]?.coverKey)
    #expect(all["b.flac"]?.coverKey == key)
    #expect(try library.covers.cover(key: key)?.data == Data(png))
    let other = try #require(all["c.flac"]?.coverKey)
    let leftover = library.data("covers/\(key.prefix(2))/\(key).tmp-abc")
    try Data("half".utf8).write(to: URL(fileURLWithPath: leftover))
    let long = Date(timeIntervalSinceNow: -TimeInterval(2 * Limits.strayFileSeconds))
    try FileManager.default.setAttributes([.modificationDate: long], ofItemAtPath: leftover)
    let current = leftover + "def"
    try Data("half".utf8).write(to: URL(fileURLWithPath: current))

    try library.music.write("Three", to: "c.flac", modified: 1_700_000_001)
    let report = try await library.scanner().scan()
    #expect(report.removedCovers == 2)
    #expect(try library.covers.cover(key: other) == nil)
    #expect(try library.covers.cover(key: key) != nil)
    #expect(!FileManager.default.fileExists(atPath: leftover))
    #expect(FileManager.default.fileExists(atPath: current), "somebody is still writing it")
  }

  @Test func whatGoesOfItselfWhileCoversAreSweptIsNoTrouble() async throws {
    let folder = try TemporaryFolder()
    let store = CoverStore(directory: folder("covers"))
    let key = try #require(try store.store(png))
    let half = "covers/\(key.prefix(2))/\(key).tmp-abc"
    try folder.write("half", to: half)
    // Between the listing and the removal a writer gives his file its name, and another process takes the picture.
    let removed = try await store.sweep { _ in
      try folder.move(half, to: "elsewhere")
      try folder.remove("covers/\(key.prefix(2))/\(key)")
      return []
    }
    #expect(removed == 0)
  }

  @Test func aDiskThatTakesNoPictureIsAProblemThatMayPass() async throws {
    let library = try Library()
    let picture = String(String.UnicodeScalarView(png.map { Unicode.Scalar($0) }))
    try library.music.write("One||||||\(picture)", to: "a.flac")
    // A file where the folder should be: nothing can be stored.
    try library.data.write("", to: "covers")
    #expect(try await library.scan().failed == 1)
    #expect(try await library.problems().first?.code == "cover_not_stored")
    try library.data.remove("covers")
    #expect(try await library.scan().added == 1)
  }

  // MARK: Scaled

  /// An uncompressed picture of one colour.
  private func bitmap(_ width: Int, _ height: Int) -> [UInt8] {
    func little(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(value >> (8 * $0) & 0xFF) } }
    let pixels = (width * 3 + 3) / 4 * 4 * height
    var bytes = Array("BM".utf8) + little(54 + pixels, 4) + little(0, 4) + little(54, 4)
    bytes += little(40, 4) + little(width, 4) + little(height, 4) + little(1, 2) + little(24, 2) + little(0, 4)
    bytes += little(pixels, 4) + little(2_835, 4) + little(2_835, 4) + little(0, 8)
    return bytes + [UInt8](repeating: 0x80, count: pixels)
  }

  @Test func aScaledPictureIsMadeOnceAndKeptBesideIt() throws {
    let folder = try TemporaryFolder()
    let store = CoverStore(directory: folder("covers"))
    let key = try #require(try store.store(bitmap(300, 200)))
    #expect(try store.keptScaled(key: key, size: 64) == nil)
    let made = try #require(try store.scaled(key: key, size: 64))
    #expect(made.mime == "image/jpeg" && made.key == "\(key)-64" && made.data.starts(with: [0xFF, 0xD8, 0xFF]))
    #expect(try store.keptScaled(key: key, size: 64) == made)
    #expect(try store.scaled(key: key, size: 64) == made)
  }

  @Test func whatFitsOrCanNotBeScaledIsShownAsItIs() throws {
    let folder = try TemporaryFolder()
    let store = CoverStore(directory: folder("covers"))
    for picture in [bitmap(300, 200), png, Array("....ftypavif".utf8)] {
      let key = try #require(try store.store(picture))
      let original = try #require(try store.cover(key: key))
      #expect(try store.scaled(key: key, size: 512) == original)
      #expect(try store.keptScaled(key: key, size: 512) == original, "it isn't tried again")
    }
  }

  @Test func noOtherSizesAreKept() throws {
    let folder = try TemporaryFolder()
    let store = CoverStore(directory: folder("covers"))
    let key = try #require(try store.store(bitmap(300, 200)))
    #expect(try store.scaled(key: key, size: 100) == nil)
    #expect(try store.scaled(key: String(repeating: "a", count: 32), size: 64) == nil)
    #expect(try store.keptScaled(key: "../../etc/passwd", size: 64) == nil)
  }

  @Test func aSweepRemovesScaledPicturesWithTheirOriginals() async throws {
    let folder = try TemporaryFolder()
    let store = CoverStore(directory: folder("covers"))
    let (kept, gone) = (
      try #require(try store.store(bitmap(300, 200))), try #require(try store.store(bitmap(200, 300)))
    )
    for key in [kept, gone] { _ = try store.scaled(key: key, size: 64) }
    #expect(try await store.sweep { Set($0).intersection([kept]) } == 2)
    #expect(try store.keptScaled(key: kept, size: 64) != nil)
    #expect(try store.keptScaled(key: gone, size: 64) == nil && store.cover(key: gone) == nil)
  }
}
