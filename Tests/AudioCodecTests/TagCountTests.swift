import Foundation
import Testing

@testable import AudioCodec

/// Files of more tags than libavformat gets along with.
@Suite struct TagCountTests {
  /// A file of every container whose tags are found by their names, with `count` of them.
  private func file(_ count: Int, _ arguments: [String], _ ending: String) throws -> String {
    let list = "\(TestAudio.folder)/\(UUID().uuidString).txt"
    let lines = (0..<count).map { "NAME\($0)=\($0)" }
    try (";FFMETADATA1\n" + lines.joined(separator: "\n") + "\n").write(toFile: list, atomically: true, encoding: .utf8)
    return try TestAudio.convert(
      TestAudio.piece.path, ["-f", "ffmetadata", "-i", list, "-map_metadata", "1", "-t", "0.5"] + arguments, to: ending)
  }

  private func code(_ path: String) -> AudioCodecError.Code? {
    do {
      _ = try AudioProbe.read(path: path)
      return nil
    } catch { return error.code }
  }

  private static let kinds: [(arguments: [String], ending: String)] = [
    (["-c:a", "flac"], "flac"), (["-c:a", "flac"], "oga"), (["-c:a", "libvorbis"], "ogg"),
    (["-c:a", "libopus"], "opus"), (["-c:a", "flac"], "mka"), (["-c:a", "libmp3lame"], "mp3"),
    (["-c:a", "libmp3lame", "-id3v2_version", "3"], "mp3"),
    (["-c:a", "aac", "-movflags", "use_metadata_tags"], "m4a"), (["-c:a", "wmav2"], "wma"),
  ]

  @Test(arguments: kinds.indices) func moreTagsThanMusicHasAreRefusedAndManyAreNot(_ kind: Int) throws {
    let (arguments, ending) = Self.kinds[kind]
    #expect(code(try file(Bounds.maxTags + 200, arguments, ending)) == .tooManyTags)
    #expect(code(try file(1_000, arguments, ending)) == nil)
  }

  /// Those that are counted before libavformat sees them.
  @Test(arguments: kinds.indices.prefix(7)) func tagsAreCountedWhereverTheyAre(_ kind: Int) throws {
    let (arguments, ending) = Self.kinds[kind]
    let source = try FileSource(path: try file(300, arguments, ending))
    var tags = TagCount(size: source.size) { source.bytes(at: $0, count: $1) }
    let found = tags.counted(from: Tags.endOfLeadingTags(file: source))
    // Encoders add their own names, Matroska lengths.
    #expect((300...308).contains(found), "\(found)")
  }

  @Test func whatAHeaderDeclaresIsNotBelieved() throws {
    func little(_ number: Int) -> [UInt8] { (0..<4).map { UInt8(number >> (8 * $0) & 0xFF) } }
    let comment = little(3) + Array("A=b".utf8)
    func counted(_ declared: Int, _ present: Int) -> Int {
      var counter = CommentCounter(skipping: 2)
      var header: [UInt8] = [7, 7] + little(4) + Array("Some".utf8) + little(declared)
      for _ in 0..<present { header += comment }
      for start in stride(from: 0, to: header.count, by: 3) {
        counter.feed(header[start..<min(start + 3, header.count)])
      }
      return counter.count
    }
    #expect(counted(0xFFFF_FFFF, 5) == 5)
    #expect(counted(3, 5) == 3)
    #expect(counted(0, 5) == 0)
    #expect(counted(0xFFFF_FFFF, 3_000) == Bounds.maxTags + 1)
  }

  /// Rubbish, cut and changed files: counting ends, and never traps.
  @Test func anyBytesAreCounted() throws {
    var random = EdgeNumbers(seed: 7)
    for (arguments, ending) in Self.kinds {
      let whole = Array(try TestAudio.bytes(try file(20, arguments, ending)).prefix(8_000))
      for _ in 0..<100 {
        var bytes = Array(whole.prefix(random.next(whole.count + 1)))
        for _ in 0..<random.next(4) where !bytes.isEmpty { bytes[random.next(bytes.count)] = UInt8(random.next(256)) }
        var tags = TagCount(size: Int64(bytes.count)) { offset, count in
          offset < bytes.count ? Array(bytes[Int(offset)...].prefix(count)) : []
        }
        #expect((0...Bounds.maxTags + 1).contains(tags.counted(from: 0)))
      }
    }
  }

  /// A character may have any number of combining marks: what bounds it is bytes.
  @Test(arguments: [("flac", ["-c:a", "flac"]), ("mp3", ["-c:a", "libmp3lame"]), ("ogg", ["-c:a", "libvorbis"])])
  func aTagOfOneEndlessCharacterIsCut(_ ending: String, _ codec: [String]) throws {
    let list = "\(TestAudio.folder)/\(UUID().uuidString).txt"
    let text = "a" + String(repeating: "\u{301}", count: 400_000)
    try ";FFMETADATA1\nlyrics=\(text)\ntitle=\(text)\n".write(toFile: list, atomically: true, encoding: .utf8)
    let path = try TestAudio.convert(
      TestAudio.piece.path, ["-f", "ffmetadata", "-i", list, "-map_metadata", "1", "-t", "0.5"] + codec, to: ending)
    let limits = AudioLimits()
    let tags = try AudioProbe.read(path: path).tags
    #expect((limits.maxLyricsBytes - 3...limits.maxLyricsBytes).contains(tags.lyrics?.utf8.count ?? 0))
    #expect((limits.maxTagBytes - 3...limits.maxTagBytes).contains(tags.title?.utf8.count ?? 0))
  }

  @Test func aTagIsCutBetweenScalars() {
    let text = "aé€𝄞z\u{301}"
    for most in 0...text.utf8.count + 1 {
      let cut = text.withCString { AudioProbe.text($0, maxBytes: most) }
      #expect(cut.utf8.elementsEqual(text.utf8.prefix(cut.utf8.count)) && cut.utf8.count <= most)
      #expect(cut.utf8.count >= most - 3 || cut.utf8.count == text.utf8.count)
    }
  }
}
