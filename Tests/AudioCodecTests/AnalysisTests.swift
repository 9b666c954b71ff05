import AudioCodec
import Foundation
import Testing

@Suite struct AnalysisTests {
  /// Runs an analysis to its end.
  static func analysed(_ path: String, bitDepth: Int = 16) throws -> TrackAnalysis {
    let probe = try AudioProbe.read(path: path)
    let analyzer = try TrackAnalyzer(
      path: path, facts: probe.facts, settings: .flac(bitDepth: bitDepth, sampleRate: probe.gridRate),
      totalSamples: probe.gridSampleCount)
    while try analyzer.step() != nil {}
    return analyzer.analysis
  }

  private static func sine(dBFS: Double, seconds: Double, rate: Int = 48_000) -> StereoSamples {
    Synthesis.sine(997, count: Int(seconds * Double(rate)), rate: rate, level: pow(10, dBFS / 20))
  }

  private static func joined(_ parts: [StereoSamples]) -> StereoSamples {
    StereoSamples(left: parts.flatMap(\.left), right: parts.flatMap(\.right))
  }

  private static func wav(_ samples: StereoSamples, rate: Int = 48_000) throws -> String {
    try TestAudio.write(WAVFile.bytes(samples, rate: rate, float: true), ending: "wav")
  }

  // MARK: Loudness

  /// EBU Tech 3341, test signals 1 and 2; at both grid rates.
  @Test(arguments: [(-23.0, 48_000), (-33.0, 48_000), (-23.0, 44_100)])
  func aSineInBothChannelsIsAsLoudAsItsLevel(level: Double, rate: Int) throws {
    let path = try Self.wav(Self.sine(dBFS: level, seconds: 6, rate: rate), rate: rate)
    let loudness = try Self.analysed(path).loudness
    #expect(abs(try #require(loudness.integrated) - level) < 0.1)
    #expect(abs(try #require(loudness.truePeak) - level) < 0.1)
    // A bin of the histogram is 0.1 LU wide.
    #expect(try #require(loudness.range) <= 0.101)
  }

  /// EBU Tech 3341, test signals 3 and 4: quiet passages are gated, whichever gate it is that stops them.
  @Test(arguments: [[-36.0, -23, -36], [-72, -36, -23, -36, -72]])
  func quietPassagesDoNotCount(levels: [Double]) throws {
    let parts = levels.map { Self.sine(dBFS: $0, seconds: $0 == -23 ? 18 : 3) }
    let loudness = try Self.analysed(Self.wav(Self.joined(parts))).loudness
    #expect(abs(try #require(loudness.integrated) + 23) < 0.1)
  }

  /// EBU Tech 3341, test signal 5: what is less than 10 LU below counts.
  @Test func passagesAreWeighedByTheirLength() throws {
    let parts = [(-26.0, 6.0), (-20, 6.03), (-26, 6)].map { Self.sine(dBFS: $0.0, seconds: $0.1) }
    let loudness = try Self.analysed(Self.wav(Self.joined(parts))).loudness
    #expect(abs(try #require(loudness.integrated) + 23) < 0.1)
  }

  /// EBU Tech 3341, test signal 16 in kind: a quarter of the rate at 45°, whose samples miss its crests by 3 dB.
  @Test func aTruePeakIsFoundBetweenSamples() throws {
    let count = 48_000
    let plane = (0..<count).map { index in
      let edge = min(1, Double(min(index, count - 1 - index)) / 4_800)
      return Float(0.5 * edge * sin(2 * .pi * (Double(index) / 4 + 0.125)))
    }
    let analysis = try Self.analysed(Self.wav(StereoSamples(left: plane, right: plane)))
    let truePeak = try #require(analysis.loudness.truePeak)
    #expect(truePeak > -6.02 - 0.4 && truePeak < -6.02 + 0.2)
    #expect(try #require(analysis.waveform.peaks.max()) == 90, "the samples themselves reach 0.354")
  }

  @Test func silenceAndWhatIsShorterThanABlockHaveNoLoudness() throws {
    let silence = try Self.analysed(Self.wav(Synthesis.sine(997, count: 96_000, rate: 48_000, level: 0)))
    #expect(silence.loudness == Loudness(integrated: nil, range: nil, truePeak: nil))
    #expect(silence.histogram.blockCount == 0 && silence.histogram.bytes.isEmpty)
    let blip = try Self.analysed(Self.wav(Self.sine(dBFS: -10, seconds: 0.3)))
    #expect(blip.loudness.integrated == nil && blip.loudness.truePeak != nil)
    #expect(blip.waveform.peaks.count == Waveform.points)
    #expect(blip.segmentSizes?.count == 1)
  }

  @Test(arguments: TestAudio.pieces)
  func realMusicIsAsLoudAsFFmpegSays(piece: TestAudio.Piece) throws {
    let analysis = try Self.analysed(piece.path)
    let judge = try Judge(piece.path)
    #expect(abs(try #require(analysis.loudness.integrated) - judge.integrated) <= 0.1)
    #expect(abs(try #require(analysis.loudness.truePeak) - judge.truePeak) <= 0.3)
    #expect(abs(try #require(analysis.loudness.range) - judge.range) <= 1)
  }

  @Test func anAlbumIsAsLoudAsItsTracksInARow() throws {
    let quiet = Self.sine(dBFS: -40, seconds: 10, rate: 44_100)
    let loud = try TestAudio.decode(TestAudio.piece.path)
    var sum = LoudnessHistogram()
    for part in [quiet, loud] {
      let analysis = try Self.analysed(Self.wav(part, rate: 44_100))
      let histogram = try #require(LoudnessHistogram(bytes: analysis.histogram.bytes))
      #expect(abs(try #require(histogram.integrated) - (try #require(analysis.loudness.integrated))) < 0.001)
      sum.add(histogram)
    }
    let judge = try Judge(Self.wav(Self.joined([quiet, loud]), rate: 44_100))
    #expect(abs(try #require(sum.integrated) - judge.integrated) <= 0.1)
  }

  @Test(arguments: [[1, 2, 3], [UInt8](repeating: 0xFF, count: 10), [UInt8](repeating: 0, count: 10_000)])
  func bytesThatAreNoHistogramAreRefused(bytes: [UInt8]) {
    #expect(LoudnessHistogram(bytes: bytes) == nil)
  }

  // MARK: Waveform

  @Test func aWaveformFollowsTheSound() throws {
    let parts = [(0.25, 12_345), (0, 10_000), (1.0, 30_000)].map {
      Synthesis.sine(997, count: $0.1, rate: 44_100, level: $0.0)
    }
    let samples = Self.joined(parts)
    let waveform = try Self.analysed(Self.wav(samples, rate: 44_100)).waveform
    #expect(waveform.peaks.count == 1_024 && waveform.rms.count == 1_024)
    for point in 0..<1_024 {
      let range = point * samples.count / 1_024..<(point + 1) * samples.count / 1_024
      let part = samples[range]
      let peak = zip(part.left, part.right).map { max(abs($0), abs($1)) }.max() ?? 0
      let rms = Comparison.energy(samples, in: range).squareRoot()
      #expect(abs(Double(waveform.peaks[point]) - Double(peak) * 255) <= 0.51)
      #expect(abs(Double(waveform.rms[point]) - rms * 255) <= 0.51)
    }
  }

  // MARK: Sizes

  /// Each segment, encoded on its own as a listener's is, has the size that the analysis foretells: for every kind of
  /// source of which it foretells one.
  @Test(arguments: Source.all)
  func segmentsHaveTheSizesThatWereForetold(source: Source) throws {
    let path = try source.make()
    let probe = try AudioProbe.read(path: path)
    let settings = EncoderSettings.flac(bitDepth: source.bitDepth, sampleRate: probe.gridRate)
    let sizes = try Self.analysed(path, bitDepth: source.bitDepth).segmentSizes
    guard let sizes else {
      #expect(!source.mustBeForetold, "\(source) has no table")
      return
    }
    #expect(sizes.count == EncoderSettings.segmentCount(totalSamples: probe.gridSampleCount))
    for (index, size) in sizes.enumerated() {
      let encoder = try FrameRangeEncoder(
        path: path, facts: probe.facts, settings: settings, totalSamples: probe.gridSampleCount,
        frames: settings.frames(ofSegment: index, totalSamples: probe.gridSampleCount))
      var made = 0
      while let piece = try encoder.next(maxFrames: 3) { made += piece.bytes.count }
      #expect(made == size, "segment \(index) of \(source)")
    }
  }

  @Test func aDamagedFileHasNoSizes() throws {
    var bytes = try TestAudio.bytes(
      try TestAudio.convert(TestAudio.piece.path, ["-c:a", "flac", "-sample_fmt", "s16"], to: "flac"))
    for index in bytes.count / 2..<bytes.count / 2 + 9_000 { bytes[index] = UInt8(truncatingIfNeeded: index &* 37) }
    let analysis = try Self.analysed(try TestAudio.write(bytes, ending: "flac"))
    #expect(analysis.segmentSizes == nil)
    #expect(analysis.loudness.integrated != nil)
  }

  @Test func onlyALosslessRenditionIsAnalysed() throws {
    let error = #expect(throws: AudioCodecError.self) {
      _ = try TrackAnalyzer(
        path: TestAudio.piece.path, settings: .mp3(bitrate: 128_000, sampleRate: 44_100), totalSamples: 1_000)
    }
    #expect(error?.code == .invalidRequest)
  }

  /// A kind of source.
  struct Source: Sendable, CustomStringConvertible {
    var description: String
    var arguments: [String]
    var ending: String
    var bitDepth = 24
    /// Decoding that is the same from wherever it begins.
    var mustBeForetold = true

    func make() throws -> String { try TestAudio.convert(TestAudio.piece.path, arguments, to: ending) }

    static let all = [
      Source(description: "FLAC", arguments: ["-c:a", "flac", "-sample_fmt", "s16"], ending: "flac", bitDepth: 16),
      Source(description: "WAV", arguments: [], ending: "wav", bitDepth: 16),
      Source(description: "FLAC at 96 kHz", arguments: ["-c:a", "flac", "-ar", "96000"], ending: "flac"),
      Source(description: "FLAC at 32 kHz", arguments: ["-c:a", "flac", "-ar", "32000"], ending: "flac"),
      Source(description: "ALAC", arguments: ["-c:a", "alac"], ending: "m4a", bitDepth: 16),
      Source(description: "MP3", arguments: ["-b:a", "192k"], ending: "mp3"),
      Source(description: "MP3, VBR", arguments: ["-q:a", "4"], ending: "mp3"),
      Source(description: "Vorbis", arguments: ["-c:a", "libvorbis"], ending: "ogg"),
      Source(description: "AAC", arguments: ["-c:a", "aac", "-b:a", "128k"], ending: "m4a", mustBeForetold: false),
      Source(description: "Opus", arguments: ["-c:a", "libopus"], ending: "opus", mustBeForetold: false),
    ]
  }

  /// What ffmpeg's `ebur128` filter says of a file.
  struct Judge {
    let integrated: Double
    let range: Double
    let truePeak: Double

    init(_ path: String) throws {
      let outcome = TestAudio.ffmpeg(["-v", "info", "-i", path, "-af", "ebur128=peak=true", "-f", "null", "-"])
      let summary = outcome.errors.components(separatedBy: "Summary:").last ?? ""
      func value(_ name: String) throws -> Double {
        guard let line = summary.components(separatedBy: "\n").first(where: { $0.contains(name) }),
          let number = line.split(separator: " ").compactMap({ Double($0) }).first
        else { throw TestFailure("ffmpeg says nothing of \(name): \(outcome.errors.suffix(300))") }
        return number
      }
      integrated = try value("I:")
      range = try value("LRA:")
      truePeak = try value("Peak:")
    }
  }
}
