import Access
import Segments

/// Turns what a client asks for into a rendition that it may have.
public enum QualityLadder {
  /// A rendition together with the name under which it was asked for.
  public struct Choice: Equatable, Sendable {
    /// A tier, a bitrate or the rendition's own name.
    public let quality: String
    public let rendition: Rendition

    /// Whether it's said how good it is to be and not what it is, so that a file's own frames may stand in for it.
    let isTier: Bool

    init(quality: String, rendition: Rendition, isTier: Bool = false) {
      self.quality = quality
      self.rendition = rendition
      self.isTier = isTier
    }

    /// Whether it is all that there is of a file, whatever that is.
    var wantsAll: Bool { isTier && (rendition == .flac || quality == Rendition.originalName) }

    /// Whether the rendition is the policy's to choose.
    var isAutomatic: Bool { quality == AutomaticQuality.name }
  }

  /// What plays when nobody says anything.
  public static let defaultQuality = AutomaticQuality.name

  private static let tiers: [String: Rendition] = [
    "rescue": .opus48, "low": .mp3x128, "medium": .aac192, "high": .mp3x320, "lossless": .flac,
  ]

  /// What of a lossy file loses nothing audible when it's encoded once more, lowest bitrate first.
  private static let transparent: [Rendition] = [.mp3x128, .aac192, .mp3x320]
  /// Bits that it takes to encode once more what one bit held before.
  private static let headroom = 1.25

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
    if quality == Rendition.originalName, codec == nil {
      // The best that the plan includes; of which track, and so what that is, is seen when it plays.
      let best = allows(.flac, plan) ? Rendition.flac : .aac192
      return Choice(quality: quality, rendition: best, isTier: true)
    }
    guard let rendition = rendition(quality: quality, codec: codec) else {
      throw DubplateError(.unknownQuality, "there is no such quality or codec")
    }
    guard allows(rendition, plan) else {
      throw DubplateError(.notEntitled, "the plan doesn't include this quality")
    }
    return Choice(quality: quality, rendition: rendition, isTier: tiers[quality] != nil && codec == nil)
  }

  /// What a choice comes to for a track, lossy or not. A tier says how good it is to sound, and of a lossy file nothing
  /// sounds better than its own frames: they are sent where they cost no more than the tier, or where all is wanted that
  /// there is. Made into FLAC, it's no better and ten times the bytes: whoever wants that says so.
  /// - Parameter source: nil for a file that has lost nothing.
  static func choice(
    _ choice: Choice, of source: PlayableTrack.LossySource?, plan: Plan, decodes: (Rendition) -> Bool
  ) -> Choice {
    guard choice.isTier else { return choice }
    let wantsAll = choice.wantsAll
    if let source, let original = source.original, decodes(original), allows(original, plan),
      wantsAll || source.bitrate <= choice.rendition.bitrate
    {
      return Choice(quality: choice.quality, rendition: original, isTier: true)
    }
    guard wantsAll, source != nil || !decodes(choice.rendition) else { return choice }
    let nearest =
      if let source {
        Self.nearest(to: source) { decodes($0) && allows($0, plan) }
      } else {
        transparent.last { decodes($0) && allows($0, plan) }
      }
    return Choice(quality: choice.quality, rendition: nearest ?? choice.rendition, isTier: true)
  }

  /// The lowest rendition that keeps of a lossy file what can be heard, or the highest that there is.
  static func nearest(to source: PlayableTrack.LossySource, where isPossible: (Rendition) -> Bool) -> Rendition? {
    let possible = transparent.filter(isPossible)
    return possible.first { Double($0.bitrate) >= headroom * Double(source.bitrate) } ?? possible.last
  }

  static func allows(_ rendition: Rendition, _ plan: Plan) -> Bool {
    Entitlement(plan).allows(bitrate: rendition.bitrate, lossless: rendition == .flac)
  }

  private static func rendition(quality: String, codec: String?) -> Rendition? {
    if let byCodec = bitrates[quality] { return codec.map { byCodec[$0] } ?? byCodec["mp3"] ?? byCodec.values.first }
    let found = quality == AutomaticQuality.name ? Rendition.aac192 : tiers[quality] ?? Rendition(name: quality)
    guard let found, codec == nil || codec == found.codecName else { return nil }
    return found
  }
}
