import AudioCodec
import Foundation
import Testing

@Suite struct ProbeTests {
  @Test(arguments: ["mp3", "flac", "m4a", "ogg", "opus"])
  func tagsAreRead(_ ending: String) throws {
    let tags = [
      "title=Тест ä Title", "artist=Some One", "album=An Album", "album_artist=Various", "genre=Drum & Bass",
      "date=2019-04-01", "track=3/12", "disc=2/2", "composer=C",
    ].flatMap { ["-metadata", $0] }
    let path = try TestAudio.convert(TestAudio.piece.path, ["-t", "1"] + tags, to: ending)
    let probe = try AudioProbe.read(path: path)
    #expect(probe.tags.title == "Тест ä Title")
    #expect(probe.tags.artist == "Some One")
    #expect(probe.tags.album == "An Album")
    #expect(probe.tags.albumArtist == "Various")
    #expect(probe.tags.genre == "Drum & Bass")
    #expect(probe.tags.composer == "C")
    #expect(probe.tags.year == 2_019)
    #expect(probe.tags.trackNumber == 3 && probe.tags.trackTotal == 12)
    #expect(probe.tags.discNumber == 2)
    #expect(probe.isLosslessSource == (ending == "flac"))
    #expect(probe.bitrate > 20_000)
  }

  @Test(arguments: ["mp3", "flac", "m4a"])
  func theCoverIsReadAndBounded(_ ending: String) throws {
    let picture = "\(TestAudio.folder)/cover-\(ending).png"
    #expect(TestAudio.ffmpeg(["-f", "lavfi", "-i", "testsrc=s=96x96", "-frames:v", "1", picture]).status == 0)
    let path = "\(TestAudio.folder)/covered.\(ending)"
    let made = TestAudio.ffmpeg([
      "-t", "2", "-i", TestAudio.piece.path, "-i", picture, "-map", "0:a", "-map", "1:v", "-c:v", "copy",
      "-disposition:v", "attached_pic", path,
    ])
    #expect(made.status == 0)
    let probe = try AudioProbe.read(path: path)
    #expect(probe.cover?.mimeType == "image/png")
    #expect(probe.cover?.bytes == (try TestAudio.bytes(picture)))
    #expect(probe.sampleCount == 88_200)
    var limits = AudioLimits()
    limits.maxCoverBytes = 100
    #expect(try AudioProbe.read(path: path, limits: limits).cover == nil)
  }

  /// Whether more than the file has can be made of it, and of how many bits that is.
  @Test(
    arguments: [
      ("wav", ["-c:a", "pcm_s24le"], 24), ("flac", [], 16), ("m4a", ["-c:a", "alac"], 16),
      ("wv", ["-c:a", "wavpack"], 16),
      ("tta", ["-c:a", "tta"], 16), ("aiff", [], 16), ("mp3", [], 0), ("m4a", ["-c:a", "aac"], 0),
      ("ogg", ["-c:a", "libvorbis"], 0), ("opus", ["-c:a", "libopus"], 0), ("ac3", [], 0),
    ] as [(String, [String], Int)])
  func aFileThatHasLostNothingSaysItsBits(ending: String, arguments: [String], bits: Int) throws {
    let path = try TestAudio.convert(TestAudio.piece.path, ["-t", "1"] + arguments, to: ending)
    let probe = try AudioProbe.read(path: path)
    #expect(probe.isLosslessSource == (bits > 0))
    #expect((probe.bitsPerSample > 0) == (bits > 0) && probe.bitsPerSample >= bits)
  }

  @Test func aNameSaysNothing() throws {
    let path = try TestAudio.convert(TestAudio.piece.path, ["-t", "1", "-f", "flac"], to: "mp3")
    let probe = try AudioProbe.read(path: path)
    #expect(probe.codec == "flac" && probe.sampleCount == 44_100)
  }

  @Test func factsSurviveStorage() throws {
    let path = try TestAudio.convert(TestAudio.piece.path, ["-t", "1"], to: "mp3")
    let facts = try AudioProbe.read(path: path).facts
    #expect(try JSONDecoder().decode(SourceFacts.self, from: try JSONEncoder().encode(facts)) == facts)
  }

  @Test(arguments: [
    (44_100, 44_100), (22_050, 44_100), (11_025, 44_100), (88_200, 44_100), (48_000, 48_000), (32_000, 48_000),
    (96_000, 48_000), (8_000, 48_000),
  ])
  func theGridRateFollowsTheSource(_ rates: (source: Int, grid: Int)) throws {
    let path = "\(TestAudio.folder)/rate-\(rates.source).wav"
    try WAVFile.write(Synthesis.sine(300, count: rates.source + 1, rate: rates.source), rate: rates.source, to: path)
    let probe = try AudioProbe.read(path: path)
    #expect(probe.gridRate == rates.grid)
    let exact = Double(rates.source + 1) * Double(rates.grid) / Double(rates.source)
    #expect(probe.gridSampleCount == Int64(exact.rounded(.up)))
  }

  @Test func anID3TagInFrontOfFramesAndBehindThemIsNoSound() throws {
    let path = try TestAudio.convert(
      TestAudio.piece.path, ["-t", "3", "-write_xing", "0", "-id3v2_version", "0"], to: "mp3")
    let plain = try AudioProbe.read(path: path)
    var bytes = try TestAudio.bytes(path)
    let front: [UInt8] = Array("ID3".utf8) + [3, 0, 0, 0, 0, 8, 0] + [UInt8](repeating: 0, count: 1_024)
    bytes = front + front + bytes + Array("TAG".utf8) + [UInt8](repeating: 0x20, count: 125)
    let probe = try AudioProbe.read(path: try TestAudio.write(bytes, ending: "mp3"))
    #expect(probe.sampleCount == plain.sampleCount)
  }
}
