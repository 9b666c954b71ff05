import Access
import Segments

/// Turns what a client asks for into a rendition that it may have.
public enum QualityLadder {
  /// A rendition together with the name under which it was asked for.
  public struct Choice: Equatable, Sendable {
    /// A tier, a bitrate or the rendition's own name.
    public let quality: String
    public let rendition: Rendition

    /// Whether the rendition is the policy's to choose.
    var isAutomatic: Bool { quality == AutomaticQuality.name }
  }

  /// What plays when nobody says anything.
  public static let defaultQuality = AutomaticQuality.name

  private static let tiers: [String: Rendition] = [
    "rescue": .opus48, "low": .mp3x128, "medium": .aac192, "high": .mp3x320, "lossless": .flac,
  ]

  private static let bitrates: [String: [String: Rendition]] = [
    "128kbps": ["mp3": .mp3x128, "aac": .aac128, "opus": .opus128], "160kbps": ["ogg": .ogg160],
    "192kbps": ["mp3": .mp3x192, "aac": .aac192],
    "320kbps": ["mp3": .mp3x320],
  ]

  /// - Parameters:
  ///   - quality: a tier, a bitrate or a rendition's name; nil is ``defaultQuality``.
  ///   - codec: chooses within a bitrate.
  /// - Throws: `unknown_quality`, `not_entitled`.
  public static func resolve(quality: String?, codec: String?, plan: Plan) throws(DubplateError) -> Choice {
    let quality = quality ?? defaultQuality
    guard let rendition = rendition(quality: quality, codec: codec) else {
      throw DubplateError(.unknownQuality, "there is no such quality or codec")
    }
    guard Entitlement(plan).allows(bitrate: rendition.bitrate, lossless: rendition == .flac) else {
      throw DubplateError(.notEntitled, "the plan doesn't include this quality")
    }
    return Choice(quality: quality, rendition: rendition)
  }

  private static func rendition(quality: String, codec: String?) -> Rendition? {
    if let byCodec = bitrates[quality] { return codec.map { byCodec[$0] } ?? byCodec["mp3"] ?? byCodec.values.first }
    let found = quality == AutomaticQuality.name ? Rendition.aac192 : tiers[quality] ?? Rendition(name: quality)
    guard let found, codec == nil || codec == found.codecName else { return nil }
    return found
  }
}
