import AudioCodec
import Foundation
import Testing

/// Ranges that were encoded on their own must join as if one encoder had made them all.
@Suite struct JointTests {
  /// A seek to the middle encodes [a, end) first and [start, a) later; here at a different a in each segment.
  private func splitBySeeks(_ segments: [Range<Int>]) -> [Range<Int>] {
    segments.enumerated().flatMap { index, segment in
      let middle = segment.lowerBound + max(1, (index * 7 + 3) % segment.count)
      return middle < segment.upperBound
        ? [segment.lowerBound..<middle, middle..<segment.upperBound] : [segment]
    }
  }

  /// Error energies against the source of two encodes, in windows of a frame to each side of `places`.
  private func errors(
    _ joined: StereoSamples, _ continuous: StereoSamples, _ source: StereoSamples, at places: [Int], frame: Int
  ) -> [(place: Int, joined: Double, continuous: Double)] {
    places.compactMap { place in
      let window = max(place - frame, 0)..<min(place + frame, source.count)
      guard window.count > frame, Comparison.energy(source, in: window) > 1e-6 else { return nil }
      // 1e-9 is −90 dB of full scale: below it no difference can be heard.
      return (
        place, Comparison.error(source, joined, in: window) + 1e-9,
        Comparison.error(source, continuous, in: window) + 1e-9
      )
    }
  }

  /// The error at the joints is within 2 dB of one continuous encode's at the same places.
  ///
  /// Over all joints together that holds as it stands. For each single joint it is asked beyond what the two encodes
  /// differ by in the middle of ranges: nothing for MP3 and FLAC; but FFmpeg's AAC steers its bitrate by a loop that
  /// never settles, and two encodes of the same music differ by some dB from frame to frame wherever they began.
  @Test(arguments: TestAudio.pieces)
  func rangesJoinLikeOneContinuousEncode(_ piece: TestAudio.Piece) throws {
    let probe = try AudioProbe.read(path: piece.path)
    for settings in TrackEncoding.all(probe) {
      let source = try TestAudio.decode(piece.path, rate: settings.sampleRate)
      let frame = settings.frameSamples
      let count = settings.frameCount(totalSamples: TrackEncoding.total(probe, settings))
      let continuous = try TrackEncoding.decode(
        try TrackEncoding.encode(piece.path, probe, settings, ranges: [0..<count]))
      let segments = TrackEncoding.segments(settings, TrackEncoding.total(probe, settings))
      for split in [segments, splitBySeeks(segments)] {
        let joined = try TrackEncoding.decode(try TrackEncoding.encode(piece.path, probe, settings, ranges: split))
        let middles = split.filter { $0.count >= 16 }.flatMap { range in
          stride(from: range.lowerBound + 12, to: range.upperBound - 1, by: 6).map { $0 * frame }
        }
        let natural =
          errors(joined, continuous, source, at: middles, frame: frame)
          .map { 10 * log10($0.joined / $0.continuous) }.max() ?? 0
        let allowed = settings.codec == .aac ? max(natural, 0) : 0
        let joints = errors(
          joined, continuous, source, at: split.dropFirst().map { $0.lowerBound * frame }, frame: frame)
        #expect(joints.count >= 5)
        for joint in joints {
          let excess = 10 * log10(joint.joined / joint.continuous) - allowed
          #expect(excess < 2, "\(settings) at sample \(joint.place) of \(piece): \(excess) dB beyond \(allowed)")
        }
        let mean = 10 * log10(joints.map(\.joined).reduce(0, +) / joints.map(\.continuous).reduce(0, +))
        #expect(mean < 2, "\(settings) over all joints of \(piece): \(mean) dB")
      }
    }
  }

  /// The first frame after a quick start is hardly worse than the continuous encode's.
  @Test(arguments: TestAudio.pieces)
  func aQuickStartSoundsLikeASettledOne(_ piece: TestAudio.Piece) throws {
    let probe = try AudioProbe.read(path: piece.path)
    let all: [EncoderSettings] = [
      .mp3(bitrate: 192_000, sampleRate: probe.gridRate), .aac(bitrate: 192_000, sampleRate: probe.gridRate),
      .opus(bitrate: 48_000), .opus(bitrate: 128_000),
      .vorbis(bitrate: 160_000, sampleRate: probe.gridRate),
    ]
    for settings in all {
      let source = try PCMReader(path: piece.path, facts: probe.facts, rate: settings.sampleRate)
      let total = TrackEncoding.total(probe, settings)
      let count = settings.frameCount(totalSamples: TrackEncoding.total(probe, settings))
      var errors = (quick: 0.0, settled: 0.0)
      for start in stride(from: 40, to: count - 30, by: max((count - 70) / 6, 1)) {
        func error(isQuick: Bool) throws -> Double {
          let encoder = try FrameRangeEncoder(
            path: piece.path, facts: probe.facts, settings: settings, totalSamples: total,
            frames: start..<start + 25, isQuick: isQuick)
          let frames = try #require(try encoder.next(maxFrames: 25))
          let track = TrackEncoding.Track(
            settings: settings, totalSamples: total,
            file: settings.streamHeader(totalSamples: total) + frames.priming + frames.bytes,
            primingSamples: settings.primingSamples, frameCount: 25, frameSizes: frames.frameSizes)
          let first = try TrackEncoding.decode(track)[0..<settings.frameSamples]
          source.seek(to: Int64(start * settings.frameSamples))
          let original = try source.read(settings.frameSamples)
          return Comparison.error(original, first, in: 0..<settings.frameSamples)
        }
        errors.quick += try error(isQuick: true)
        errors.settled += try error(isQuick: false)
      }
      let excess = 10 * log10((errors.quick + 1e-9) / (errors.settled + 1e-9))
      #expect(excess < (settings.codec == .aac ? 3 : 2), "\(settings): \(excess) dB")
    }
  }

  @Test func aRangeIsTheSameBytesEveryTime() throws {
    let probe = try AudioProbe.read(path: TestAudio.piece.path)
    for settings in TrackEncoding.all(probe) {
      let range = [settings.framesPerSegment + 3..<settings.framesPerSegment + 9]
      let first = try TrackEncoding.encode(TestAudio.piece.path, probe, settings, ranges: range, pieceFrames: 1)
      let second = try TrackEncoding.encode(TestAudio.piece.path, probe, settings, ranges: range, pieceFrames: 100)
      #expect(first.file == second.file)
    }
  }

  @Test func fullSegmentsOfMP3HaveOneSize() throws {
    let probe = try AudioProbe.read(path: TestAudio.piece.path)
    let settings = EncoderSettings.mp3(bitrate: 128_000, sampleRate: probe.gridRate)
    let track = try TrackEncoding.encode(
      TestAudio.piece.path, probe, settings,
      ranges: TrackEncoding.segments(settings, TrackEncoding.total(probe, settings)))
    let sizes = stride(from: 80, to: track.frameCount - 80, by: 80).map {
      track.frameSizes[$0..<($0 + 80)].reduce(0, +)
    }
    #expect(Set(sizes).count == 1)
  }
}
