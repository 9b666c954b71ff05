import AudioCodec
import Foundation
import Testing

/// What is read at a position does not depend on the way there.
@Suite struct SeekTests {
  static let sources: [TestAudio.Recipe] = [
    .init(ending: "flac", arguments: []),
    .init(ending: "wav", arguments: ["-c:a", "pcm_s16le"]),
    .init(ending: "wav", arguments: ["-ar", "96000", "-c:a", "pcm_s24le"]),
    .init(ending: "wav", arguments: ["-ar", "37800", "-c:a", "pcm_s16le"]),
    .init(ending: "flac", arguments: ["-ar", "32000"]),
    .init(ending: "mp3", arguments: ["-b:a", "320k"]),
    .init(ending: "mp3", arguments: ["-q:a", "2"]),
    .init(ending: "mp3", arguments: ["-b:a", "128k", "-write_xing", "0"]),
    .init(ending: "mp3", arguments: ["-q:a", "6", "-write_xing", "0", "-id3v2_version", "0"]),
    .init(ending: "mp3", arguments: ["-ar", "22050", "-b:a", "32k"]),
    // FFmpeg's AAC fills noisy bands with a decoder's own random numbers, which no seek can repeat: switched off here.
    .init(ending: "aac", arguments: ["-c:a", "aac", "-aac_pns", "0"]),
    .init(ending: "m4a", arguments: ["-c:a", "aac", "-aac_pns", "0"]),
    .init(ending: "ogg", arguments: ["-c:a", "libvorbis"]),
    .init(ending: "opus", arguments: ["-c:a", "libopus", "-b:a", "96k"]),
    .init(ending: "aiff", arguments: []),
    .init(ending: "m4a", arguments: ["-c:a", "alac"]),
    .init(ending: "wv", arguments: ["-c:a", "wavpack"]),
    .init(ending: "mp2", arguments: ["-c:a", "mp2"]),
  ]

  @Test(arguments: sources)
  func readingAfterASeekIsReadingStraight(_ source: TestAudio.Recipe) throws {
    let path = try TestAudio.convert(TestAudio.piece.path, source.arguments, to: source.ending)
    let probe = try AudioProbe.read(path: path)
    let straight = try PCMReader(path: path, facts: probe.facts).read(Int(probe.gridSampleCount))
    #expect(Int64(straight.count) == probe.gridSampleCount)
    #expect(Comparison.energy(straight, in: 0..<straight.count) > 1e-5)
    let reused = try PCMReader(path: path, facts: probe.facts)
    var worst = -Double.infinity
    var place: UInt64 = 12_345
    for turn in 0..<40 {
      place = place &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      var sample = Int(place >> 33) % straight.count
      // The edges, and the grid's own.
      switch turn {
      case 0: sample = 0
      case 1: sample = 1
      case 2: sample = straight.count - 1
      case 3: sample = straight.count - 5_000
      case 4...9: sample = 92_160 * (turn - 3)
      default: break
      }
      let count = min(3_000, straight.count - sample)
      let reader = turn % 2 == 0 ? try PCMReader(path: path, facts: probe.facts) : reused
      reader.seek(to: Int64(sample))
      let read = try reader.read(count)
      worst = max(worst, Comparison.peakDifference(read, straight[sample..<(sample + count)]))
      #expect(reader.damagedPackets == 0)
    }
    #expect(worst < -90, "\(worst) dB")
  }

  /// The judge reads the same samples: position 0 is the first one behind the encoder's delay.
  @Test(arguments: sources.filter { !$0.arguments.contains("-ar") && $0.ending != "opus" })
  func positionsAreThoseOfTheJudge(_ source: TestAudio.Recipe) throws {
    let path = try TestAudio.convert(TestAudio.piece.path, source.arguments, to: source.ending)
    // Its decoder of choice for MP2 reckons in integers, and cuts off what is louder than full scale.
    let judge = try TestAudio.decode(path, decoder: source.ending == "mp2" ? "mp2float" : nil)
    let reader = try PCMReader(path: path)
    let count = min(judge.count, Int(reader.sampleCount))
    let read = try reader.read(count)
    #expect(Comparison.peakDifference(read, judge[0..<count]) < -90)
  }

  @Test(arguments: [
    ("mp3", ["-b:a", "192k"]), ("m4a", ["-c:a", "aac"]), ("ogg", ["-c:a", "libvorbis"]), ("opus", ["-c:a", "libopus"]),
  ])
  func encoderDelayIsTakenOff(_ format: (ending: String, arguments: [String])) throws {
    let path = try TestAudio.convert(TestAudio.piece.path, format.arguments + ["-ar", "48000"], to: format.ending)
    let original = try TestAudio.convert(TestAudio.piece.path, ["-ar", "48000", "-c:a", "pcm_f32le"], to: "wav")
    let ours = try PCMReader(path: path)
    let theirs = try PCMReader(path: original)
    // An MP4 edit list says the duration in milliseconds.
    #expect(abs(ours.sampleCount - theirs.sampleCount) <= (format.ending == "m4a" ? 48 : 0))
    let one = try theirs.read(300_000)
    let other = try ours.read(300_000)
    let best = Comparison.ratio(one, other)
    for shift in [-3, -2, -1, 1, 2, 3] { #expect(Comparison.ratio(one, other, shift: shift) < best) }
  }

  @Test(arguments: [22_050, 32_000, 96_000, 37_800, 11_025, 192_000])
  func resamplingKeepsTheMoment(_ rate: Int) throws {
    let path = "\(TestAudio.folder)/sine-\(rate).wav"
    try WAVFile.write(Synthesis.sine(997, count: rate * 3, rate: rate), rate: rate, float: true, to: path)
    let reader = try PCMReader(path: path)
    let ideal = Synthesis.sine(997, count: Int(reader.sampleCount), rate: reader.sampleRate)
    for sample in [0, 1_000, 44_101, 92_160, 100_003] {
      reader.seek(to: Int64(sample))
      let read = try reader.read(2_000)
      // At the very beginning the filter sees the step from silence.
      let range = (sample == 0 ? 200 : 0)..<2_000
      #expect(Comparison.peakDifference(read[range], ideal[(sample + range.lowerBound)..<(sample + 2_000)]) < -60)
    }
  }
}
