import AudioCodec
import Foundation
import Testing

/// Damage in the middle of a file costs its own place and no other.
@Suite struct DamageTests {
  @Test(arguments: [
    ("flac", []), ("mp3", ["-b:a", "192k"]), ("mp3", ["-b:a", "192k", "-write_xing", "0"]),
    ("aac", ["-c:a", "aac", "-aac_pns", "0"]), ("ogg", ["-c:a", "libvorbis"]),
  ])
  func whatFollowsADamagedPlaceKeepsItsTime(_ format: (ending: String, arguments: [String])) throws {
    let path = try TestAudio.convert(TestAudio.piece.path, ["-t", "12"] + format.arguments, to: format.ending)
    var bytes = try TestAudio.bytes(path)
    let good = try PCMReader(path: path)
    let whole = try good.read(Int(good.sampleCount))
    let middle = bytes.count / 2
    for index in middle..<(middle + 6_000) { bytes[index] = 0x55 }
    let damagedPath = try TestAudio.write(bytes, ending: format.ending)
    let reader = try PCMReader(path: damagedPath)
    #expect(reader.sampleCount == good.sampleCount)
    let damaged = try reader.read(Int(reader.sampleCount))
    let far = whole.count * 2 / 3
    #expect(Comparison.peakDifference(whole[far..<whole.count], damaged[far..<whole.count]) < -90)
    #expect(Comparison.peakDifference(whole[0..<(whole.count / 3)], damaged[0..<(whole.count / 3)]) < -90)
    #expect(reader.concealedSamples + Int64(reader.damagedPackets) > 0)
    // Concealed by something quiet, not by a bang.
    #expect(damaged.left.allSatisfy { abs($0) <= 1.5 })
  }

  /// LAME aborts the process over samples that are far out of range.
  @Test func samplesThatAreNoSoundDoNotBringTheEncodersDown() throws {
    let count = 92_160
    var samples = Synthesis.sine(997, count: count, rate: 44_100)
    var state: UInt64 = 7
    for index in 0..<count {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let noise = Float(Int32(truncatingIfNeeded: state >> 32)) / 2_147_483_648
      switch index / 9_216 {
      case 0: samples.left[index] = .nan
      case 1: samples.left[index] = .infinity
      case 2: samples.left[index] = noise * 1e30
      case 3: samples.left[index] = -.infinity
      case 4: samples.left[index] = noise * 4
      case 5: samples.left[index] = index % 2 == 0 ? 1e9 : -1e9
      case 6: samples.left[index] = index % 500 == 0 ? 3e38 : 0
      case 7: samples.left[index] = noise.sign == .plus ? 5 : -5
      default: samples.left[index] = noise
      }
      samples.right[index] = -samples.left[index]
    }
    for rate in [44_100, 48_000, 22_050] {
      let path = "\(TestAudio.folder)/loud-\(rate).wav"
      try WAVFile.write(samples, rate: rate, float: true, to: path)
      let probe = try AudioProbe.read(path: path)
      let all = TrackEncoding.all(probe) + [.mp3(bitrate: 32_000, sampleRate: probe.gridRate)]
      for settings in all {
        let track = try TrackEncoding.encode(
          path, probe, settings, ranges: TrackEncoding.segments(settings, TrackEncoding.total(probe, settings)))
        #expect(track.frameCount == settings.frameCount(totalSamples: TrackEncoding.total(probe, settings)))
      }
    }
  }

  @Test func aFileThatGoesAwayWhileItIsOpenPlaysOn() throws {
    let path = try TestAudio.convert(TestAudio.piece.path, [], to: "flac")
    let probe = try AudioProbe.read(path: path)
    let settings = EncoderSettings.mp3(bitrate: 192_000, sampleRate: probe.gridRate)
    let encoder = try FrameRangeEncoder(
      path: path, facts: probe.facts, settings: settings, totalSamples: probe.gridSampleCount, frames: 160..<240)
    _ = try encoder.next(maxFrames: 2)
    #expect(unlink(path) == 0)
    var frames = 2
    while let piece = try encoder.next(maxFrames: 20) { frames += piece.frameCount }
    #expect(frames == 80)
    do {
      _ = try FrameRangeEncoder(
        path: path, facts: probe.facts, settings: settings, totalSamples: probe.gridSampleCount, frames: 0..<80)
      Issue.record("no error")
    } catch { #expect(error.code == .vanished) }
  }

  @Test func aReplacedFileIsNoticed() throws {
    let path = try TestAudio.convert(TestAudio.piece.path, ["-t", "5"], to: "flac")
    let probe = try AudioProbe.read(path: path)
    let other = try TestAudio.convert(TestAudio.piece.path, ["-t", "4"], to: "flac")
    try TestAudio.bytes(other).withUnsafeBytes { try Data($0).write(to: URL(fileURLWithPath: path)) }
    do {
      _ = try PCMReader(path: path, facts: probe.facts)
      Issue.record("no error")
    } catch { #expect(error.code == .changed) }
  }

  @Test func rangesOutsideOfTheTrackAreRefused() throws {
    let probe = try AudioProbe.read(path: TestAudio.piece.path)
    let settings = EncoderSettings.mp3(bitrate: 192_000, sampleRate: probe.gridRate)
    let count = settings.frameCount(totalSamples: TrackEncoding.total(probe, settings))
    for (range, used) in [
      (count..<count + 1, settings), (-1..<3, settings), (5..<5, settings),
      (0..<1, .mp3(bitrate: 1, sampleRate: 44_100)),
      (0..<1, .mp3(bitrate: 192_000, sampleRate: 48_000)), (0..<1, .flac(bitDepth: 20, sampleRate: 44_100)),
      (0..<1, .aac(bitrate: 192_000, sampleRate: 22_050)),
    ] {
      do {
        _ = try FrameRangeEncoder(
          path: TestAudio.piece.path, settings: used, totalSamples: probe.gridSampleCount, frames: range)
        Issue.record("no error for \(range)")
      } catch { #expect(error.code == .invalidRequest) }
    }
  }
}
