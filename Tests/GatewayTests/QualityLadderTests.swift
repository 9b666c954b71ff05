import Access
import AudioCodec
import Foundation
import Segments
import Testing

@testable import Gateway

@Suite struct QualityLadderTests {
  @Test(
    arguments: [
      ("low", nil, "mp3-128"), ("medium", nil, "aac-192"), ("high", nil, "mp3-320"), ("lossless", nil, "flac"),
      ("auto", nil, "aac-192"),
      ("192kbps", nil, "mp3-192"), ("192kbps", "aac", "aac-192"), ("320kbps", "mp3", "mp3-320"),
      ("160kbps", "ogg", "ogg-160"), ("160kbps", nil, "ogg-160"), ("ogg-160", "ogg", "ogg-160"),
      ("aac-128", nil, "aac-128"),
      ("low", "mp3", "mp3-128"),
    ] as [(String, String?, String)])
  func namesMeanRenditions(quality: String, codec: String?, name: String) throws {
    let choice = try QualityLadder.resolve(quality: quality, codec: codec, plan: .premium)
    #expect(choice.rendition.name == name)
    #expect(choice.quality == quality)
  }

  private func lossy(_ bitrate: Int, isPlain: Bool = true) throws -> PlayableTrack.LossySource {
    let facts = try JSONDecoder().decode(
      SourceFacts.self,
      from: Data(
        """
        {"container": "mp3", "sampleRate": 44100, "channels": 2, "sampleCount": 1000000, "origin": 1105, "size": 1,
         "modifiedNanoseconds": 1, "elementary": {"model": {"kind": "layer3", "length": 417, "samples": 1152,
         "sampleRate": 44100, "channels": 2, "bitrate": 128000, "sideInformationEnd": 36}, "firstFrame": 0, "delay": 1105,
         "padding": 0}}
        """.utf8))
    let frames = try #require(facts.originalFrames)
    return PlayableTrack.LossySource(bitrate: bitrate, original: isPlain ? .original(frames, bitrate: bitrate) : nil)
  }

  /// What each tier comes to for MP3 files of some bitrates, and for a file whose frames can't be had.
  @Test(
    arguments: [
      ("lossless", 192_000, true, "original"), ("original", 320_000, true, "original"),
      ("high", 192_000, true, "original"), ("high", 320_000, true, "original"), ("medium", 192_000, true, "original"),
      ("medium", 256_000, true, "aac-192"), ("low", 128_000, true, "original"), ("low", 192_000, true, "mp3-128"),
      ("rescue", 192_000, true, "opus-48"), ("flac", 192_000, true, "flac"), ("320kbps", 192_000, true, "mp3-320"),
      ("mp3-320", 128_000, true, "mp3-320"),
      ("lossless", 96_000, false, "mp3-128"), ("lossless", 128_000, false, "aac-192"),
      ("original", 192_000, false, "mp3-320"), ("lossless", 500_000, false, "mp3-320"),
      ("high", 192_000, false, "mp3-320"),
    ] as [(String, Int, Bool, String)])
  func aLossyFileIsNeverMadeMoreOf(quality: String, bitrate: Int, isPlain: Bool, name: String) throws {
    let source = try lossy(bitrate, isPlain: isPlain)
    let asked = try QualityLadder.resolve(quality: quality, codec: nil, plan: .premium)
    let choice = QualityLadder.choice(asked, of: source, plan: .premium) { _ in true }
    #expect(choice.rendition.name == name)
    #expect(choice.quality == quality)
    // Settled twice, it stays what it is.
    #expect(QualityLadder.choice(choice, of: source, plan: .premium) { _ in true } == choice)
  }

  @Test(
    arguments: [
      (0, 320_000), (128_000, 128_000), (129_900, 128_000), (192_040, 192_000), (197_000, 192_000),
      (199_000, 199_000), (170_123, 170_123), (321_500, 320_000), (90_000, 90_000),
    ])
  func aFileWasEncodedAtWhatItsMeanIsALittleAbove(mean: Int, nominal: Int) {
    #expect(PlayableTrack.LossySource.nominal(mean: mean) == nominal)
  }

  @Test func aDeviceThatCannotDecodeAFileGetsAnother() throws {
    let source = try lossy(192_000)
    let asked = try QualityLadder.resolve(quality: "lossless", codec: nil, plan: .premium)
    let choice = QualityLadder.choice(asked, of: source, plan: .premium) { $0.codec != .mp3 }
    #expect(choice.rendition == .aac192)
    let named = try QualityLadder.resolve(quality: "lossless", codec: "flac", plan: .premium)
    #expect(QualityLadder.choice(named, of: source, plan: .premium) { _ in true }.rendition == .flac)
  }

  @Test func theFreePlanHasNoFileAboveItsBound() throws {
    let asked = try QualityLadder.resolve(quality: "original", codec: nil, plan: .free)
    for (bitrate, name) in [(128_000, "original"), (192_000, "original"), (320_000, "aac-192")] {
      let source = try lossy(bitrate)
      #expect(QualityLadder.choice(asked, of: source, plan: .free) { _ in true }.rendition.name == name)
    }
  }

  @Test(
    arguments: [("loud", nil), ("320kbps", "aac"), ("low", "flac"), ("", nil), ("192kbps", "wma"), ("160kbps", "mp3")]
      as [(String, String?)])
  func whatThereIsNotIsRefused(quality: String, codec: String?) {
    let error = #expect(throws: DubplateError.self) {
      try QualityLadder.resolve(quality: quality, codec: codec, plan: .premium)
    }
    #expect(error?.code == .unknownQuality)
  }

  @Test(arguments: ["high", "lossless", "320kbps", "flac"])
  func theFreePlanEndsAt192(quality: String) {
    let error = #expect(throws: DubplateError.self) {
      try QualityLadder.resolve(quality: quality, codec: nil, plan: .free)
    }
    #expect(error?.code == .notEntitled)
  }

  @Test(arguments: [nil, "low", "medium", "auto", "192kbps"])
  func theFreePlanHasTheRest(quality: String?) throws {
    #expect(try QualityLadder.resolve(quality: quality, codec: nil, plan: .free).rendition.bitrate <= 192_000)
  }
}
