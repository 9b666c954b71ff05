import Testing

@testable import AudioCodec

/// What a file says that isn't in the form that it should be: tags in another encoding, bytes between frames.
@Suite struct ForeignBytesTests {
  @Test(
    arguments: [
      ([0xDC, 0x6E, 0xEF], 100, "Ünï"), (Array("Ünï".utf8), 100, "Ünï"), (Array("Ünï".utf8), 3, "Ün"),
      (Array("Ünï".utf8), 4, "Ün"),
      ([0xE9, 0xE8, 0x20, 0xFF], 100, "éè ÿ"), ([], 100, ""), ([0xC3], 100, "Ã"),
    ] as [([UInt8], Int, String)])
  func aTagThatIsNotUTF8IsLatin1(bytes: [UInt8], maxBytes: Int, text: String) {
    let value = (bytes + [0]).map { CChar(bitPattern: $0) }
    #expect(AudioProbe.text(value, maxBytes: maxBytes) == text)
  }

  @Test func anOldTagKeepsItsLetters() throws {
    let path = try TestAudio.convert(
      TestAudio.piece.path, ["-t", "2", "-c:a", "libmp3lame", "-id3v2_version", "0"], to: "mp3")
    let file = try FileSource(path: path)
    let title: [UInt8] = [0xDC, 0x6E, 0xEF]
    let tag = Array("TAG".utf8) + title + [UInt8](repeating: 0, count: 128 - 3 - title.count)
    let tagged = try TestAudio.write(file.bytes(at: 0, count: Int(file.size)) + tag, ending: "mp3")
    #expect(try AudioProbe.read(path: tagged).tags.title == "Ünï")
  }

  /// A file of which most isn't sound is none: four bytes of a program look like a header now and then.
  @Test(arguments: [(0.2, true), (0.4, true), (0.6, false), (0.95, false)])
  func mostOfAFileIsSoundOrItIsNone(foreign: Double, isSound: Bool) throws {
    let path = try TestAudio.convert(
      TestAudio.piece.path,
      ["-t", "8", "-c:a", "libmp3lame", "-b:a", "128k", "-write_xing", "0", "-id3v2_version", "0"],
      to: "mp3")
    let file = try FileSource(path: path)
    var bytes = file.bytes(at: 0, count: Int(file.size))
    // From its first hundredth on, so that there is something to begin and to end with.
    let start = bytes.count / 100 * 4
    for index in start..<start + Int(Double(bytes.count) * foreign) - bytes.count / 100 { bytes[index] = 0x55 }
    let changed = try TestAudio.write(bytes, ending: "mp3")
    if isSound {
      #expect(try AudioProbe.read(path: changed).facts.sampleCount > 0)
    } else {
      let error = #expect(throws: AudioCodecError.self) { try AudioProbe.read(path: changed) }
      #expect(error?.code == .notAudio)
    }
  }
}
