import Access
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
