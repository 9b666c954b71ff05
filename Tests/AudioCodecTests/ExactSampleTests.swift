import AudioCodec
import Foundation
import Testing

/// Nothing lost, nothing doubled, from the first segment to the last.
@Suite struct ExactSampleTests {
  static let sources = [
    TestAudio.Recipe(ending: "wav", arguments: ["-ar", "44100", "-c:a", "pcm_s16le"]),
    TestAudio.Recipe(ending: "wav", arguments: ["-ar", "96000", "-c:a", "pcm_s24le"]),
    TestAudio.Recipe(ending: "flac", arguments: ["-ar", "48000", "-ac", "1"]),
    TestAudio.Recipe(ending: "flac", arguments: ["-ar", "88200", "-sample_fmt", "s32"]),
    TestAudio.Recipe(ending: "mp3", arguments: ["-ar", "44100", "-b:a", "192k"]),
    TestAudio.Recipe(ending: "mp3", arguments: ["-ar", "22050", "-q:a", "3"]),
    TestAudio.Recipe(ending: "mp3", arguments: ["-ar", "32000", "-ac", "1", "-b:a", "96k"]),
    TestAudio.Recipe(ending: "m4a", arguments: ["-ar", "48000", "-c:a", "aac", "-aac_pns", "0"]),
    TestAudio.Recipe(ending: "ogg", arguments: ["-ar", "44100", "-c:a", "libvorbis"]),
    TestAudio.Recipe(ending: "opus", arguments: ["-c:a", "libopus"]),
    TestAudio.Recipe(ending: "aiff", arguments: ["-ar", "22050"]),
    TestAudio.Recipe(ending: "m4a", arguments: ["-c:a", "alac"]),
    TestAudio.Recipe(ending: "wv", arguments: ["-c:a", "wavpack"]),
    TestAudio.Recipe(ending: "wav", arguments: ["-ar", "8000", "-c:a", "pcm_u8"]),
    TestAudio.Recipe(ending: "wav", arguments: ["-ar", "192000", "-c:a", "pcm_f32le"]),
    TestAudio.Recipe(ending: "wav", arguments: ["-ar", "11025", "-c:a", "pcm_s32le"]),
    TestAudio.Recipe(ending: "flac", arguments: ["-ar", "192000", "-sample_fmt", "s32"]),
    TestAudio.Recipe(ending: "flac", arguments: ["-ar", "48000", "-ac", "8"]),
    TestAudio.Recipe(ending: "opus", arguments: ["-c:a", "libopus", "-ac", "6", "-mapping_family", "1"]),
    TestAudio.Recipe(ending: "mp3", arguments: ["-ar", "8000", "-ac", "1", "-b:a", "32k"]),
  ]

  @Test(arguments: sources)
  func everyCodecKeepsEverySample(_ source: TestAudio.Recipe) throws {
    // Six seconds and a bit: two segments and a short third one.
    let path = try TestAudio.convert(TestAudio.piece.path, ["-t", "5.4321"] + source.arguments, to: source.ending)
    let probe = try AudioProbe.read(path: path)
    let judge = try TestAudio.decode(path)
    let exact = Double(judge.count) - Double(probe.sampleCount)
    // ffmpeg's own decode leaves the padding of an AAC track in.
    #expect(source.arguments.contains("aac") ? (0..<1_024).contains(exact) : exact == 0)
    let original = 5.4321 * Double(probe.sampleRate)
    // (An MP4 edit list says it in milliseconds.)
    #expect(abs(Double(probe.sampleCount) - original) <= (source.ending == "m4a" ? 48 : 1), "the music's own length")

    let reader = try PCMReader(path: path, facts: probe.facts)
    let pcm = try reader.read(Int(probe.gridSampleCount) + 10)
    #expect(Int64(pcm.count) == probe.gridSampleCount)
    for settings in TrackEncoding.all(probe) where settings.bitrate != 320_000 {
      let track = try TrackEncoding.encode(
        path, probe, settings, ranges: TrackEncoding.segments(settings, TrackEncoding.total(probe, settings)))
      let decoded = try TrackEncoding.decode(track)
      #expect(track.frameCount == settings.frameCount(totalSamples: TrackEncoding.total(probe, settings)))
      if settings.codec == .flac {
        #expect(Int64(decoded.count) == probe.gridSampleCount)
        let steps: Float = settings.bitDepth == 16 ? 32_768 : 8_388_608
        // What a lossy source or a resampler overshoots by, no integer format can keep.
        let kept = Comparison.clipped(pcm, to: -1...(1 - 1 / steps))
        // Rounding is half a step, and dither a step more; an Opus decoder that began half a second before still has a
        // trace of another state.
        let dither: Float = probe.isLosslessSource ? 0 : 1
        let allowed: Float = (source.ending == "opus" ? 1 : 0.51) + dither
        #expect(Comparison.peakDifference(kept, decoded) <= 20 * log10(Double(allowed / steps)) + 0.01)
      } else {
        #expect(decoded.count == TrackEncoding.decodedSamples(of: track))
        let original =
          settings.sampleRate == probe.gridRate
          ? pcm
          : try PCMReader(path: path, facts: probe.facts, rate: settings.sampleRate).read(Int(track.totalSamples))
        let best = Comparison.ratio(original, decoded)
        #expect(best > 8)
        for shift in [-2, -1, 1, 2] { #expect(Comparison.ratio(original, decoded, shift: shift) < best) }
      }
    }
  }

  @Test(arguments: [("pcm_s16le", "s16", 16), ("pcm_s24le", "s32", 24)])
  func flacIsTheSourceBitForBit(_ sample: (codec: String, format: String, bits: Int)) throws {
    let path = try TestAudio.convert(
      TestAudio.piece.path, ["-t", "7.77", "-af", "volume=0.7", "-c:a", sample.codec], to: "wav")
    let probe = try AudioProbe.read(path: path)
    #expect(probe.flacBitDepth == sample.bits)
    let settings = EncoderSettings.flac(bitDepth: probe.flacBitDepth, sampleRate: probe.gridRate)
    let track = try TrackEncoding.encode(
      path, probe, settings, ranges: TrackEncoding.segments(settings, TrackEncoding.total(probe, settings)))
    let file = try TestAudio.write(track.file, ending: "flac")
    let raw = ["-f", sample.format == "s16" ? "s16le" : "s24le", "-"]
    let ours = TestAudio.ffmpeg(["-i", file] + raw)
    let theirs = TestAudio.ffmpeg(["-i", path] + raw)
    #expect(ours.errors.isEmpty)
    #expect(ours.output == theirs.output)
    #expect(!ours.output.isEmpty)
    // A strict judge: checksums, frame numbers and the header's own claims.
    let strict = TestAudio.ffmpeg(["-err_detect", "crccheck+bitstream+buffer+explode", "-i", file, "-f", "null", "-"])
    #expect(strict.status == 0 && strict.errors.isEmpty)
    let again = try AudioProbe.read(path: file)
    #expect(again.sampleCount == probe.gridSampleCount && again.bitsPerSample == sample.bits)
  }

  @Test func monoIsDoubledWithoutLosingLevel() throws {
    let path = try TestAudio.convert(TestAudio.piece.path, ["-t", "1", "-ac", "1", "-c:a", "pcm_s16le"], to: "wav")
    let pcm = try PCMReader(path: path).read(44_100)
    let raw = TestAudio.ffmpeg(["-i", path, "-f", "f32le", "-"]).output
    #expect(pcm.left == pcm.right)
    raw.withUnsafeBytes { #expect(Array($0.bindMemory(to: Float.self)) == pcm.left) }
  }

  @Test func surroundIsMixedWithoutClipping() throws {
    let path = try TestAudio.convert(
      TestAudio.piece.path, ["-t", "1", "-af", "pan=5.1|c0=c0|c1=c1|c2=c0|c3=c0|c4=c0|c5=c1", "-c:a", "pcm_s16le"],
      to: "wav")
    let probe = try AudioProbe.read(path: path)
    #expect(probe.channels == 6 && probe.flacBitDepth == 24)
    let pcm = try PCMReader(path: path, facts: probe.facts).read(44_100)
    #expect(pcm.count == 44_100)
    #expect(pcm.left.allSatisfy { abs($0) <= 1 })
    #expect(Comparison.energy(pcm, in: 0..<44_100) > 1e-5)
  }

  @Test func shortTracksKeepTheirLength() throws {
    for count in [1, 100, 1_023, 1_153, 4_609, 92_160, 92_161] {
      let path = "\(TestAudio.folder)/short-\(count).wav"
      try WAVFile.write(Synthesis.sine(440, count: count, rate: 44_100), rate: 44_100, to: path)
      let probe = try AudioProbe.read(path: path)
      #expect(probe.sampleCount == Int64(count))
      for settings in TrackEncoding.all(probe) {
        let track = try TrackEncoding.encode(
          path, probe, settings, ranges: TrackEncoding.segments(settings, TrackEncoding.total(probe, settings)))
        let decoded = try TrackEncoding.decode(track)
        #expect(decoded.count == TrackEncoding.decodedSamples(of: track))
      }
    }
  }
}
