import Testing

@testable import AudioCodec

@Suite struct DitherTests {
  @Test func whatSixteenBitsHoldStaysAsItIs() {
    for value in [-32_768, -32_767, -1, 0, 1, 2, 12_345, 32_767] {
      for noise in 0..<1_000 as Range<UInt64> {
        #expect(Dither.sample(Float(value) / 32_768, noise: noise) == Int16(value))
      }
    }
    #expect(Dither.sample(.nan, noise: 1) == 0)
    #expect(Dither.sample(2.000_1, noise: 1) == .max && Dither.sample(-2.000_1, noise: 1) == .min)
  }

  /// The mean of what comes out is what went in, and the noise has the same power for every value: a quarter of a
  /// squared step, a twelfth of it rounding.
  @Test(arguments: [0.1, 0.25, 0.5, 0.75, 100.3, -7.9] as [Float])
  func theErrorIsNoiseThatDoesNotDependOnTheSound(_ steps: Float) {
    let count = 200_000
    var (sum, squares) = (0.0, 0.0)
    for noise in 0..<UInt64(count) {
      let error = Double(Dither.sample(steps / 32_768, noise: noise)) - Double(steps)
      sum += error
      squares += error * error
    }
    #expect(abs(sum / Double(count)) < 0.01)
    #expect(abs(squares / Double(count) - 0.25) < 0.01)
  }

  @Test func neighboursAndChannelsHaveNoiseOfTheirOwn() {
    let half = 0.5 / 32_768 as Float
    let row = (0..<20_000 as Range<UInt64>).map { Double(Dither.sample(half, noise: $0)) - 0.5 }
    for lag in 1...8 {
      let products = zip(row, row.dropFirst(lag)).reduce(0) { $0 + $1.0 * $1.1 }
      #expect(abs(products / Double(row.count)) < 0.02)
    }
  }

  /// Whoever makes a segment of a lossy source, alone or with those around it, makes the same bytes.
  @Test func aSegmentOfALossySourceIsTheSameWhoeverMakesIt() throws {
    let path = try TestAudio.convert(
      TestAudio.piece.path, ["-t", "7", "-c:a", "libmp3lame", "-b:a", "192k"], to: "mp3")
    let probe = try AudioProbe.read(path: path)
    #expect(probe.flacBitDepth == 16)
    let settings = EncoderSettings.flac(bitDepth: 16, sampleRate: probe.gridRate)
    func encode(_ frames: Range<Int>) throws -> EncodedFrames {
      let encoder = try FrameRangeEncoder(
        path: path, facts: probe.facts, settings: settings, totalSamples: probe.gridSampleCount, frames: frames)
      return try #require(try encoder.next(maxFrames: frames.count))
    }
    let whole = try encode(0..<60)
    let part = try encode(20..<40)
    let start = whole.frameSizes[..<20].reduce(0, +)
    #expect(Array(whole.bytes[start..<start + part.bytes.count]) == part.bytes)
    #expect(Array(whole.frameSizes[20..<40]) == part.frameSizes)
  }
}
