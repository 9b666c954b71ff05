import Testing

@testable import AudioCodec

/// What is longer than the bound is refused, and never taken for what fits into it.
@Suite struct LengthBoundTests {
  private func piece(_ arguments: [String], _ ending: String) throws -> (FileSource, SourceFacts) {
    let path = try TestAudio.convert(TestAudio.piece.path, ["-t", "4"] + arguments, to: ending)
    return (try FileSource(path: path), try AudioProbe.read(path: path).facts)
  }

  /// Whatever the encoder's delay and padding, and whether the bound divides into frames.
  @Test(arguments: [(["-c:a", "libmp3lame"], "mp3"), (["-c:a", "aac"], "aac")])
  func aCountOfFramesGoesBeyondTheBound(_ arguments: [String], _ ending: String) throws {
    let (file, facts) = try piece(arguments, ending)
    var stream = try #require(facts.elementary)
    let samples = stream.model.samples
    for frames in [1, 2, 10, 40] {
      for (delay, padding) in [(0, 0), (1_105, 0), (1_105, 900), (3 * samples, 2 * samples)] {
        (stream.delay, stream.padding) = (delay, padding)
        for bound in [frames * samples, frames * samples + 1, frames * samples - 1] {
          let index = try FrameIndex(file: file, stream: stream, maxSamples: Int64(bound))
          #expect(stream.samples(frames: index.frameCount, frameSamples: samples) > bound)
        }
      }
    }
    (stream.delay, stream.padding) = (0, 0)
    let whole = try FrameIndex(file: file, stream: stream).frameCount
    #expect(try FrameIndex(file: file, stream: stream, maxSamples: Int64(whole * samples)).frameCount == whole)
  }

  @Test(arguments: [(["-c:a", "ac3"], "ac3"), (["-c:a", "adpcm_ms"], "wav")])
  func packetsThatGoOnBeyondTheBoundAreTooLong(_ arguments: [String], _ ending: String) throws {
    let (probed, facts) = try piece(arguments, ending)
    // A copy, of which no count is remembered.
    let file = try FileSource(path: try TestAudio.write(probed.bytes(at: 0, count: Int(probed.size)), ending: ending))
    let source = try #require(try SourceReader.packets(of: file, facts: facts, isKnown: false) as? CountedSource)
    let error = #expect(throws: AudioCodecError.self) {
      try source.length(within: 4 * 44_100 - Bounds.mostDelay - 5_000)
    }
    #expect(error?.code == .tooLong)
    #expect(try source.length(within: 5 * 44_100) >= 4 * 44_100)
  }

  @Test func soundThatGoesOnBeyondTheBoundIsTooLong() throws {
    let (file, facts) = try piece(["-c:a", "pcm_s16be"], "au")
    func end(within bound: Int64) throws -> Int64 {
      try SourceReader(
        file: file, source: try SourceReader.packets(of: file, facts: facts, isKnown: false), rate: 44_100, origin: 0,
        sampleCount: Bounds.maxSamples, grid: nil, beginsAtZero: false
      ).end(from: 0, within: bound)
    }
    #expect(try end(within: 4 * 44_100) == 4 * 44_100)
    let error = #expect(throws: AudioCodecError.self) { try end(within: 4 * 44_100 - 1) }
    #expect(error?.code == .tooLong)
  }
}
