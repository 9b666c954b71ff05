import AudioCodec
import Foundation
import Testing

/// Files that lie, end early, go away or are made to hurt.
@Suite struct BadFileTests {
  private func code(_ path: String) -> AudioCodecError.Code? {
    do {
      _ = try AudioProbe.read(path: path)
      return nil
    } catch {
      return error.code
    }
  }

  @Test func whatIsNoMusicIsRefusedByItsKind() throws {
    let text = Array(String(repeating: "This is a shopping list: bread, milk, apples.\n", count: 900).utf8)
    for ending in ["mp3", "flac", "wav", "m4a", "ogg", "aac"] {
      #expect(code(try TestAudio.write(text, ending: ending)) == .notAudio)
    }
    #expect(code(try TestAudio.write([], ending: "mp3")) == .notAudio)
    #expect(code(try TestAudio.write([0], ending: "mp3")) == .notAudio)
    #expect(code(TestAudio.folder) == .notAudio)
    #expect(code(TestAudio.folder + "/nowhere/at-all.mp3") == .vanished)
    #expect(code("/dev/zero") == .notAudio)
  }

  @Test func aPlaylistCannotMakeUsReadAnotherFile() throws {
    let list = "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n\(TestAudio.piece.path)\n#EXT-X-ENDLIST\n"
    for ending in ["m3u8", "mp3"] { #expect(code(try TestAudio.write(Array(list.utf8), ending: ending)) == .notAudio) }
    let concat = "ffconcat version 1.0\nfile '\(TestAudio.piece.path)'\n"
    #expect(code(try TestAudio.write(Array(concat.utf8), ending: "mp3")) == .notAudio)
  }

  @Test func aPipeDoesNotHoldTheScannerUp() {
    let path = "\(TestAudio.folder)/pipe.mp3"
    #expect(mkfifo(path, 0o600) == 0)
    #expect(code(path) == .notAudio)
  }

  @Test func aFileWithPicturesOnlyHasNoAudio() throws {
    let path = "\(TestAudio.folder)/video.mp4"
    let made = TestAudio.ffmpeg(["-f", "lavfi", "-i", "testsrc=d=1:s=64x64", "-c:v", "mpeg4", path])
    #expect(made.status == 0)
    #expect(code(path) == .noAudio)
  }

  @Test func aHeaderWithoutSoundHasNoAudio() throws {
    let path = try TestAudio.write(WAVFile.bytes(StereoSamples(), rate: 44_100), ending: "wav")
    #expect([.noAudio, .notAudio].contains(code(path)))
    let bytes = try TestAudio.bytes(try TestAudio.convert(TestAudio.piece.path, ["-t", "1"], to: "flac"))
    #expect(
      [.noAudio, .notAudio, .truncated].contains(code(try TestAudio.write(Array(bytes.prefix(8_000)), ending: "flac"))))
  }

  @Test(arguments: [
    ("flac", []), ("wav", ["-c:a", "pcm_s16le"]), ("mp3", ["-b:a", "192k"]), ("mp3", ["-q:a", "3"]), ("aiff", []),
    ("m4a", ["-c:a", "aac", "-movflags", "+faststart"]),
  ])
  func aTruncatedFileIsFoundOut(_ format: (ending: String, arguments: [String])) throws {
    let path = try TestAudio.convert(TestAudio.piece.path, format.arguments, to: format.ending)
    #expect(code(path) == nil)
    let bytes = try TestAudio.bytes(path)
    for share in [0.4, 0.8, 0.97] {
      let cut = try TestAudio.write(Array(bytes.prefix(Int(Double(bytes.count) * share))), ending: format.ending)
      #expect(code(cut) == .truncated, "\(format.ending) cut at \(share)")
    }
  }

  @Test func theErrorNamesNoPath() throws {
    let path = try TestAudio.write(Array("no music".utf8), ending: "mp3")
    #expect(throws: AudioCodecError.self) { try AudioProbe.read(path: path) }
    do { _ = try AudioProbe.read(path: path) } catch { #expect(!"\(error)".contains("/")) }
  }

  @Test func aDeadlineIsKept() throws {
    var limits = AudioLimits()
    limits.probeDeadline = .zero
    do {
      _ = try AudioProbe.read(path: TestAudio.piece.path, limits: limits)
      Issue.record("no error")
    } catch { #expect(error.code == .timedOut) }
  }

  /// Every mutation ends in a probe or in a typed error, and what was probed can be read and encoded without a crash.
  @Test(arguments: ["wav", "flac", "mp3", "m4a", "ogg", "opus", "aac", "aiff", "wv", "mka"])
  func mutatedFilesNeverCrash(_ ending: String) throws {
    let bytes = try TestAudio.bytes(try TestAudio.convert(TestAudio.piece.path, ["-t", "2"], to: ending))
    var state: UInt64 = 0xD0B1_ED00 &+ UInt64(bytes.count)
    func random(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % max(bound, 1)
    }
    var accepted = 0
    for turn in 0..<60 {
      var mutated = bytes
      switch turn % 4 {
      // The very first is left whole: what is read is encoded.
      case 0: for _ in 0..<(turn / 4) { mutated[random(min(2_000, mutated.count))] = UInt8(random(256)) }
      case 1: for _ in 0..<(10 + turn) { mutated[random(mutated.count)] = UInt8(random(256)) }
      case 2:
        let from = random(mutated.count - 600)
        mutated.removeSubrange(from..<(from + random(600)))
      default:
        let from = random(mutated.count - 4_000)
        for index in from..<(from + random(4_000)) { mutated[index] = UInt8(random(256)) }
      }
      let path = try TestAudio.write(mutated, ending: ending)
      defer { unlink(path) }
      do {
        let probe = try AudioProbe.read(path: path)
        accepted += 1
        let settings = EncoderSettings.mp3(bitrate: 128_000, sampleRate: probe.gridRate)
        let count = settings.frameCount(totalSamples: probe.gridSampleCount)
        for first in Set([0, count / 2]) {
          let encoder = try FrameRangeEncoder(
            path: path, facts: probe.facts, settings: settings, totalSamples: probe.gridSampleCount,
            frames: first..<min(first + 12, count))
          var frames = 0
          while let piece = try encoder.next(maxFrames: 5) { frames += piece.frameCount }
          #expect(frames == min(12, count - first))
        }
      } catch {
        #expect(!error.message.isEmpty)
      }
    }
    #expect(accepted > 0)
  }

  @Test func randomBytesNeverCrash() throws {
    var state: UInt64 = 42
    for turn in 0..<200 {
      var bytes = [UInt8](repeating: 0, count: 1 + turn * 97)
      for index in bytes.indices {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        bytes[index] = UInt8(truncatingIfNeeded: state >> 40)
      }
      let heads: [[UInt8]] = [
        Array("fLaC".utf8), Array("OggS".utf8), Array("RIFF\u{7F}\u{7F}\u{7F}\u{7F}WAVEfmt ".utf8),
        [0xFF, 0xFB, 0x90, 0x64],
        Array("ID3\u{3}\u{0}\u{0}\u{7F}\u{7F}\u{7F}\u{7F}".utf8), [0xFF, 0xF1, 0x50, 0x80], Array("FORM....AIFF".utf8),
        [],
        Array("\u{0}\u{0}\u{0}\u{18}ftypM4A ".utf8), [0x1A, 0x45, 0xDF, 0xA3],
      ]
      let head = heads[turn % heads.count]
      for (index, byte) in head.enumerated() where index < bytes.count { bytes[index] = byte }
      let path = try TestAudio.write(bytes, ending: "mp3")
      defer { unlink(path) }
      #expect(code(path) != nil)
    }
  }
}
