import AudioCodec
import Foundation
import TestSupport
import Testing

/// A file's own frames, cut on the grid: what is decoded of any stretch is what the whole file decodes to there.
@Suite struct OriginalFramesTests {
  static let sources = [
    TestAudio.Recipe(ending: "mp3", arguments: ["-ar", "44100", "-b:a", "128k"]),
    TestAudio.Recipe(ending: "mp3", arguments: ["-ar", "48000", "-b:a", "320k"]),
    TestAudio.Recipe(ending: "mp3", arguments: ["-ar", "44100", "-b:a", "64k"]),
    TestAudio.Recipe(ending: "mp3", arguments: ["-ar", "44100", "-q:a", "0"]),
    TestAudio.Recipe(ending: "mp3", arguments: ["-ar", "48000", "-q:a", "9", "-joint_stereo", "0"]),
    TestAudio.Recipe(ending: "mp3", arguments: ["-ar", "44100", "-abr", "1", "-b:a", "160k"]),
    TestAudio.Recipe(
      ending: "mp3", arguments: ["-ar", "44100", "-b:a", "192k", "-write_xing", "0", "-id3v2_version", "0"]),
    TestAudio.Recipe(ending: "m4a", arguments: ["-ar", "44100", "-c:a", "aac", "-b:a", "128k", "-aac_pns", "0"]),
    TestAudio.Recipe(
      ending: "m4a", arguments: ["-ar", "48000", "-c:a", "aac", "-b:a", "96k", "-aac_pns", "0", "-use_editlist", "0"]),
    TestAudio.Recipe(
      ending: "aac", arguments: ["-ar", "44100", "-c:a", "aac", "-b:a", "160k", "-aac_pns", "0", "-f", "adts"]),
  ]

  @Test(arguments: sources)
  func anyStretchIsTheFilesOwnSound(_ source: TestAudio.Recipe) throws {
    let path = try TestAudio.convert(TestAudio.piece.path, ["-t", "8.765"] + source.arguments, to: source.ending)
    let probe = try AudioProbe.read(path: path)
    let original = try #require(probe.facts.originalFrames)
    let settings = EncoderSettings(original: original, bitrate: probe.bitrate, sampleRate: probe.facts.gridRate)
    let reader = try PCMReader(path: path, facts: probe.facts)
    let whole = try reader.read(Int(probe.gridSampleCount))
    let count = settings.frameCount(totalSamples: probe.gridSampleCount + Int64(original.lead))
    var random = SeededGenerator(seed: 7)
    for round in 0..<12 {
      let first = round == 0 ? 0 : Int.random(in: 0..<count - 3, using: &random)
      let frames = first..<(round == 1 ? count : min(first + Int.random(in: 1...80, using: &random), count))
      let copier = try FrameCopier(path: path, facts: probe.facts, settings: settings, frames: frames)
      var (bytes, sizes, primingFrames): ([UInt8], [Int], Int) = ([], [], 0)
      while let piece = try copier.next(maxFrames: round.isMultiple(of: 2) ? 1_000 : 7) {
        if sizes.isEmpty { (bytes, primingFrames) = (piece.priming, piece.primingFrames) }
        #expect(
          piece.firstFrame == frames.lowerBound + sizes.count && piece.bytes.count == piece.frameSizes.reduce(0, +))
        bytes += piece.bytes
        sizes += piece.frameSizes
      }
      #expect(sizes.count == frames.count && primingFrames == settings.primingFrames(before: first))
      let format = original.codec == .mp3 ? "mp3" : "aac"
      // (Of priming that lacks what it reaches back for.)
      let decoded = try TestAudio.decode(
        try TestAudio.write(bytes, ending: format), format: format, mayComplain: true)
      #expect(decoded.count == (primingFrames + frames.count) * settings.frameSamples)
      // From the first sample that is the music's, to the track's end.
      let start = first * settings.frameSamples - original.lead
      let skipped = max(-start, 0)
      let heard = decoded[(primingFrames * settings.frameSamples + skipped)..<decoded.count]
      let length = min(heard.count, whole.count - start - skipped)
      let expected = whole[(start + skipped)..<(start + skipped + length)]
      #expect(Comparison.peakDifference(heard[0..<length], expected) < 1e-4, "\(source), \(frames)")
    }
  }

  static let others = [
    TestAudio.Recipe(ending: "mp3", arguments: ["-ar", "22050"]),
    TestAudio.Recipe(ending: "mp3", arguments: ["-ar", "44100", "-ac", "1"]),
    TestAudio.Recipe(ending: "mp3", arguments: ["-ar", "32000"]),
    TestAudio.Recipe(ending: "m4a", arguments: ["-ar", "44100", "-ac", "1", "-c:a", "aac"]),
    TestAudio.Recipe(ending: "m4a", arguments: ["-ar", "44100", "-c:a", "alac"]),
    TestAudio.Recipe(ending: "flac", arguments: []),
    TestAudio.Recipe(ending: "ogg", arguments: ["-c:a", "libvorbis"]),
    TestAudio.Recipe(ending: "opus", arguments: ["-c:a", "libopus"]),
    TestAudio.Recipe(ending: "mka", arguments: ["-c:a", "aac"]),
  ]

  @Test(arguments: others)
  func whatCannotBeCutHasNone(_ source: TestAudio.Recipe) throws {
    let path = try TestAudio.convert(TestAudio.piece.path, ["-t", "2"] + source.arguments, to: source.ending)
    #expect(try AudioProbe.read(path: path).facts.originalFrames == nil)
  }

  /// Lost frames are silence of their length: what follows stays at its moment.
  @Test(arguments: ["mp3", "aac"])
  func whatTheFileHasLostIsSilence(_ format: String) throws {
    let arguments =
      format == "mp3" ? ["-b:a", "128k", "-write_xing", "0"] : ["-c:a", "aac", "-aac_pns", "0", "-f", "adts"]
    let path = try TestAudio.convert(TestAudio.piece.path, ["-t", "6", "-ar", "44100"] + arguments, to: format)
    var bytes = try TestAudio.bytes(path)
    let half = bytes.count / 2
    for place in half..<half + 6_000 { bytes[place] = 0x55 }
    let damaged = try TestAudio.write(bytes, ending: format)
    let probe = try AudioProbe.read(path: damaged)
    let original = try #require(probe.facts.originalFrames)
    let settings = EncoderSettings(original: original, bitrate: 128_000, sampleRate: 44_100)
    let count = settings.frameCount(totalSamples: probe.gridSampleCount + Int64(original.lead))
    // Beyond the file's end, too.
    let copier = try FrameCopier(path: damaged, facts: probe.facts, settings: settings, frames: 0..<count + 5)
    let piece = try #require(try copier.next(maxFrames: 100_000))
    #expect(piece.frameCount == count + 5)
    let decoded = try TestAudio.decode(
      try TestAudio.write(piece.priming + piece.bytes, ending: format), format: format, mayComplain: true)
    // A frame that was cut into by the damage may be one that can't be decoded.
    let frames = piece.primingFrames + count + 5
    #expect((frames - 1...frames).map { $0 * settings.frameSamples }.contains(decoded.count))
    // The end is the undamaged file's: one of the frames that the damage reaches into may be lost besides.
    let whole = try PCMReader(path: path).read(6 * 44_100)
    let (start, end) = (5 * 44_100, 6 * 44_100 - 2_000)
    let place = piece.primingFrames * settings.frameSamples + original.lead
    let tolerance = 2 * settings.frameSamples
    let best = stride(from: -tolerance, through: tolerance, by: settings.frameSamples).map {
      Comparison.peakDifference(decoded[(place + start + $0)..<(place + end + $0)], whole[start..<end])
    }.min()
    #expect(try #require(best) < 1e-4)
  }

  /// What comes back from where facts were stored may be anything.
  @Test(arguments: [
    #""sampleRate":0,"channels":2,"bitrate":128000"#, #""sampleRate":-1,"channels":2,"bitrate":0"#,
    #""sampleRate":44100,"channels":2,"bitrate":9223372036854775807"#,
  ]) func factsThatMakeNoSenseHaveNone(model: String) throws {
    for (origin, start) in [(0, 0), (Int64.max, 0), (0, Int64.min), (Int64.min, Int64.max)] as [(Int64, Int64)] {
      for length in [417, 0, -1, Int.min, Int.max] {
        let text = """
          {"container":"mp3","sampleRate":44100,"channels":2,"sampleCount":1000,"origin":\(origin),"size":1,
           "modifiedNanoseconds":1,"elementary":{"model":{"kind":"layer3","length":\(length),"samples":1152,\(model),
           "sideInformationEnd":36},"firstFrame":0,"delay":0,"padding":0,"isConstantRate":true}}
          """
        let facts = try JSONDecoder().decode(SourceFacts.self, from: Data(text.utf8))
        let isPlain = model.contains("44100") && length == 417 && origin == 0
        #expect(facts.originalFrames == nil || isPlain)
        let aac = text.replacing(#""size""#, with: "\"plainAACStart\":\(start),\"size\"")
        _ = try JSONDecoder().decode(SourceFacts.self, from: Data(aac.utf8)).originalFrames
      }
    }
  }

  @Test func anotherFileIsRefused() throws {
    let path = try TestAudio.convert(TestAudio.piece.path, ["-t", "3", "-ar", "44100", "-b:a", "128k"], to: "mp3")
    let probe = try AudioProbe.read(path: path)
    let settings = EncoderSettings(
      original: try #require(probe.facts.originalFrames), bitrate: 128_000, sampleRate: 44_100)
    try FileManager.default.removeItem(atPath: path)
    let other = try TestAudio.convert(TestAudio.piece.path, ["-t", "3", "-ar", "44100", "-c:a", "aac"], to: "m4a")
    try FileManager.default.moveItem(atPath: other, toPath: path)
    #expect {
      try FrameCopier(path: path, facts: probe.facts, settings: settings, frames: 0..<10)
    } throws: { ($0 as? AudioCodecError)?.code == .changed }
  }
}
