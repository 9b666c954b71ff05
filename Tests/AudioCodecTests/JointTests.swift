import AudioCodec
import Foundation
import Testing

/// Ranges that were encoded on their own must join as if one encoder had made them all.
@Suite struct JointTests {
  /// Error against the source around each joint, against that of one continuous encode at the same place.
  private func check(_ piece: TestAudio.Piece, _ settings: EncoderSettings, _ probe: AudioProbe, split: [Range<Int>]) throws {
    let source = try TestAudio.decode(piece.path)
    let count = settings.frameCount(totalSamples: probe.gridSampleCount)
    let joined = try TrackEncoding.decode(try TrackEncoding.encode(piece.path, probe, settings, ranges: split))
    let continuous = try TrackEncoding.decode(try TrackEncoding.encode(piece.path, probe, settings, ranges: [0..<count]))
    var joints = 0
    for joint in split.dropFirst().map({ $0.lowerBound * settings.frameSamples }) {
      let window = (joint - settings.frameSamples)..<min(joint + settings.frameSamples, source.count)
      guard Comparison.energy(source, in: window) > 1e-6 else { continue }
      joints += 1
      let ours = Comparison.error(source, joined, in: window)
      let theirs = Comparison.error(source, continuous, in: window)
      // 1e-9 is −90 dB of full scale: below it no difference can be heard.
      let excess = 10 * log10((ours + 1e-9) / (theirs + 1e-9))
      #expect(excess < 2, "\(settings) at sample \(joint) of \(piece): \(excess) dB")
    }
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
    let sizes = stride(from: 80, to: track.frameCount - 80, by: 80).map { track.frameSizes[$0..<($0 + 80)].reduce(0, +) }
    #expect(Set(sizes).count == 1)
  }
}
