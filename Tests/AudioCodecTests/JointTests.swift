import AudioCodec
import Foundation
import Testing

/// Ranges that were encoded on their own must join as if one encoder had made them all.
@Suite struct JointTests {
  /// Error against the source around each joint, against that of one continuous encode at the same place.
  private func check(_ piece: TestAudio.Piece, _ settings: EncoderSettings, _ probe: AudioProbe, split: [Range<Int>])
    throws
  {
    let source = try TestAudio.decode(piece.path)
    let count = settings.frameCount(totalSamples: probe.gridSampleCount)
    let joined = try TrackEncoding.decode(try TrackEncoding.encode(piece.path, probe, settings, ranges: split))
    let continuous = try TrackEncoding.decode(
      try TrackEncoding.encode(piece.path, probe, settings, ranges: [0..<count]))
    let frame = settings.frameSamples
    func window(_ start: Int) -> Range<Int> { max(start - frame, 0)..<min(start + frame, source.count) }
    var joints = 0
    var ours = 0.0
    var theirs = 0.0
    for joint in split.dropFirst().map({ $0.lowerBound * frame }) {
      guard Comparison.energy(source, in: window(joint)) > 1e-6 else { continue }
      joints += 1
      // 1e-9 is −90 dB of full scale: below it no difference can be heard.
      let here = Comparison.error(source, joined, in: window(joint)) + 1e-9
      let there = Comparison.error(source, continuous, in: window(joint)) + 1e-9
      ours += here
      theirs += there
      // FFmpeg's AAC steers its bitrate by a loop that never settles: its noise goes up and down by some dB from frame
      // to frame, in one encode as in two, but not at the same frames. A joint must not stand out of that.
      let reach = settings.codec == .aac ? 8 : 0
      let around = (-reach...reach).map { joint + $0 * frame }.filter { $0 > 0 && $0 < source.count - frame }
        .map { Comparison.error(source, continuous, in: window($0)) + 1e-9 }
      let excess = 10 * log10(here / (around.max() ?? there))
      #expect(excess < 2, "\(settings) at sample \(joint) of \(piece): \(excess) dB")
    }
    let mean = 10 * log10(ours / theirs)
    #expect(mean < 2, "\(settings) over all joints of \(piece): \(mean) dB")
    #expect(joints >= 5)
  }

  @Test(arguments: TestAudio.pieces)
  func segmentsJoinLikeOneContinuousEncode(_ piece: TestAudio.Piece) throws {
    let probe = try AudioProbe.read(path: piece.path)
    for settings in TrackEncoding.all(probe) {
      try check(piece, settings, probe, split: TrackEncoding.segments(settings, probe.gridSampleCount))
    }
  }

  @Test(arguments: TestAudio.pieces)
  func aSegmentSplitBySeeksJoinsLikeOneContinuousEncode(_ piece: TestAudio.Piece) throws {
    let probe = try AudioProbe.read(path: piece.path)
    for settings in TrackEncoding.all(probe) {
      // A seek to the middle encodes [a, end) first and [start, a) later; here at a different a in each segment.
      let split = TrackEncoding.segments(settings, probe.gridSampleCount).enumerated().flatMap { index, segment in
        let middle = segment.lowerBound + max(1, (index * 7 + 3) % segment.count)
        return middle < segment.upperBound ? [segment.lowerBound..<middle, middle..<segment.upperBound] : [segment]
      }
      try check(piece, settings, probe, split: split)
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
      TestAudio.piece.path, probe, settings, ranges: TrackEncoding.segments(settings, probe.gridSampleCount))
    let sizes = stride(from: 80, to: track.frameCount - 80, by: 80).map {
      track.frameSizes[$0..<($0 + 80)].reduce(0, +)
    }
    #expect(Set(sizes).count == 1)
  }
}
