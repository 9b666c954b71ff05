import AudioCodec
import Foundation
import Testing

@testable import Catalog

/// Files that the `ffmpeg` program made, through the real inspector.
@Suite struct RealFilesTests {
  private func ffmpeg(_ arguments: [String]) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["ffmpeg", "-nostdin", "-v", "error", "-y"] + arguments
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
  }

  private let tags = [
    "-metadata", "title=Sine", "-metadata", "artist=Ada", "-metadata", "album=Waves", "-metadata",
    "album_artist=Various",
    "-metadata", "genre=Test", "-metadata", "date=1999", "-metadata", "track=3/12", "-metadata", "disc=2",
  ]

  private func sine(_ rate: Int, _ seconds: String) -> [String] {
    ["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=\(rate):duration=\(seconds)"]
  }

  private func scan(_ library: Library) async throws -> ScanProgress {
    try await library.scanner(inspector: ProbeInspector()).scan().progress
  }

  @Test func tagsAndFactsOfFLAC() async throws {
    let library = try Library()
    try ffmpeg(["-f", "lavfi", "-i", "color=red:size=32x32", "-frames:v", "1", library.data("cover.png")])
    try ffmpeg(
      sine(44_100, "1.5") + [
        "-i", library.data("cover.png"), "-map", "0", "-map", "1", "-disposition:v", "attached_pic",
      ]
        + ["-ac", "2", "-c:a", "flac", "-sample_fmt", "s16"] + tags + [library.music("a.flac")])
    #expect(try await scan(library).added == 1)
    let track = try #require(try await library.all()["a.flac"])
    #expect(track.title == "Sine" && track.artist == "Ada" && track.album == "Waves" && track.albumArtist == "Various")
    #expect(track.genre == "Test" && track.year == 1999 && track.trackNumber == 3 && track.discNumber == 2)
    #expect(track.codec == "flac")
    #expect(track.sampleRate == 44_100 && track.channels == 2 && track.bitsPerSample == 16)
    #expect(track.sampleCount == 66_150 && track.gridRate == 44_100 && track.gridSampleCount == 66_150)
    #expect(track.duration == 1.5)
    #expect(track.bitrate > 0)
    #expect(track.flacBitDepth == 16)
    #expect(track.audioFacts?.sampleCount == 66_150)
    #expect(track.filePath(in: library.music.path) == library.music("a.flac"))
    let key = try #require(track.coverKey)
    let cover = try #require(try library.covers.cover(key: key))
    #expect(cover.mime == "image/png")
    #expect(cover.data == (try Data(contentsOf: URL(fileURLWithPath: library.data("cover.png")))))
  }

  @Test(arguments: [
    ("a.mp3", ["-c:a", "libmp3lame"], "mp3"), ("a.m4a", ["-c:a", "aac"], "aac"),
    ("a.ogg", ["-c:a", "libvorbis"], "vorbis"),
    ("a.opus", ["-c:a", "libopus"], "opus"), ("a.wav", [], "pcm_s16le"),
  ])
  func everyFormatHasItsExactLength(_ name: String, _ encoder: [String], _ codec: String) async throws {
    let library = try Library()
    try ffmpeg(sine(48_000, "2") + ["-ac", "2"] + encoder + ["-metadata", "title=Sine"] + [library.music(name)])
    #expect(try await scan(library).added == 1)
    let track = try #require(try await library.all()[name])
    #expect(track.codec == codec)
    #expect(track.gridRate == 48_000)
    #expect(track.title == "Sine")
    // AAC keeps its padding at the end; the others are exact.
    #expect((96_000...(codec == "aac" ? 97_024 : 96_000)).contains(track.sampleCount))
    #expect(track.flacBitDepth == 16, "a lossy source has no more to keep")
    #expect(try await scan(library).unchanged == 1)
  }

  @Test(arguments: ["a.flac", "a.ogg", "a.m4a"])
  func lyricsAreReadAndGoWithThem(_ name: String) async throws {
    let library = try Library()
    let text = "[00:00.50]One\n\n[00:01.00]Two"
    try ffmpeg(sine(44_100, "2") + ["-metadata", "lyrics=\(text)", library.music(name)])
    _ = try await scan(library)
    let id = try #require(try await library.all()[name]).id
    #expect(try await library.tracks.lyrics(id: id) == text)
    try ffmpeg(sine(44_100, "3") + [library.music(name)])
    _ = try await scan(library)
    #expect(try await library.all()[name]?.id == id)
    #expect(try await library.tracks.lyrics(id: id) == nil)
  }

  /// ID3v2.3 section 4.9, whose key carries the language.
  @Test func lyricsOfAnMP3() async throws {
    let library = try Library()
    try ffmpeg(sine(44_100, "2") + ["-c:a", "libmp3lame", "-id3v2_version", "0", library.data("plain.mp3")])
    let body = [0] + Array("eng".utf8) + [0] + Array("One\nTwo".utf8)
    let frame = Array("USLT".utf8) + [0, 0, 0, UInt8(body.count), 0, 0] + body
    let header = Array("ID3".utf8) + [3, 0, 0, 0, 0, 0, UInt8(frame.count)]
    try library.music.write(
      Data(header + frame) + (try Data(contentsOf: URL(fileURLWithPath: library.data("plain.mp3")))), to: "a.mp3")
    _ = try await scan(library)
    let id = try #require(try await library.all()["a.mp3"]).id
    #expect(try await library.tracks.lyrics(id: id) == "One\nTwo")
    #expect(try await library.tracks.lyrics(id: "nobody") == nil)
  }

  @Test func liesAreReportedByName() async throws {
    let library = try Library()
    try library.music.write("This is a letter.\n", to: "letter.mp3")
    try library.music.write("", to: "empty.flac")
    try ffmpeg(sine(44_100, "20") + ["-c:a", "flac", library.data("whole.flac")])
    let whole = try Data(contentsOf: URL(fileURLWithPath: library.data("whole.flac")))
    try library.music.write(whole.prefix(whole.count / 2), to: "half.flac")
    try library.music.write(whole, to: "whole.flac")
    let progress = try await scan(library)
    #expect(progress.added == 1 && progress.failed == 3)
    let problems = try await library.problems()
    #expect(problems.map(\.path) == ["empty.flac", "half.flac", "letter.mp3"])
    #expect(problems.map(\.code) == ["not_audio", "truncated", "not_audio"])
    for problem in problems { #expect(!problem.message.contains("/")) }
    let again = try await scan(library)
    #expect(again.probed == 0 && again.failed == 3 && again.unchanged == 1)
  }
}
