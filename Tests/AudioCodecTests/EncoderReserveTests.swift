import Testing

@testable import AudioCodec

@Suite struct EncoderReserveTests {
  private let mp3 = EncoderSettings.mp3(bitrate: 192_000, sampleRate: 44_100)

  @Test func itFollowsWhatIsAskedForAndIsBounded() throws {
    let reserve = EncoderReserve()
    #expect(try !reserve.replenish(), "nothing was asked for")
    reserve.expect(mp3)
    reserve.expect(.flac(bitDepth: 16, sampleRate: 44_100))
    var opened = 0
    while try reserve.replenish() { opened += 1 }
    #expect(opened == EncoderReserve.capacity(for: .mp3) && reserve.count(mp3) == opened)
    _ = try reserve.take(mp3)
    #expect(reserve.count(mp3) == opened - 1)
    #expect(try reserve.replenish())
    #expect(try !reserve.replenish())
    // Opened now, and from now on kept.
    let aac = EncoderSettings.aac(bitrate: 128_000, sampleRate: 48_000)
    _ = try reserve.take(aac)
    #expect(try reserve.replenish() && reserve.count(aac) == 1)
  }

  @Test func aSpareMakesTheSameBytes() throws {
    let path = TestAudio.piece.path
    let probe = try AudioProbe.read(path: path)
    let settings = EncoderSettings.mp3(bitrate: 192_000, sampleRate: probe.gridRate)
    let reserve = EncoderReserve()
    reserve.expect(settings)
    #expect(try reserve.replenish())
    func encode(_ reserve: EncoderReserve?) throws -> EncodedFrames? {
      try FrameRangeEncoder(
        path: path, facts: probe.facts, settings: settings, totalSamples: probe.gridSampleCount, frames: 100..<110,
        reserve: reserve
      ).next(maxFrames: 10)
    }
    let spared = try encode(reserve)
    #expect(reserve.count(settings) == 0)
    #expect(try spared == encode(nil))
  }

  /// At a track's beginning AAC's whole pre-roll is shorter than its quick one elsewhere: nothing is made twice.
  @Test func aQuickStartIsNeverLongerThanASettledOne() {
    for settings in [mp3, .aac(bitrate: 192_000, sampleRate: 44_100), .flac(bitDepth: 16, sampleRate: 44_100)] {
      for frame in [0, 1, 80] { #expect(settings.settlingFrames(from: frame) >= 0) }
    }
    #expect(mp3.settlingFrames(from: 0) == 1 && mp3.settlingFrames(from: 80) == 2)
    #expect(EncoderSettings.aac(bitrate: 192_000, sampleRate: 44_100).settlingFrames(from: 0) == 0)
  }
}
