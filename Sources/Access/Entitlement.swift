/// What a plan may hear (protocol section 1.2: the free plan has everything up to 192 kbps).
public struct Entitlement: Sendable, Equatable {
  /// The highest bitrate in bit/s, or nil when there is no ceiling.
  public let maximumBitrate: Int?

  /// Whether lossless renditions are included, whatever their bitrate.
  public let includesLossless: Bool

  /// The rule of a plan.
  public init(_ plan: Plan) {
    switch plan {
    case .free:
      maximumBitrate = 192_000
      includesLossless = false
    case .premium:
      maximumBitrate = nil
      includesLossless = true
    }
  }

  /// Whether a rendition may be heard.
  /// - Parameters:
  ///   - bitrate: nominal bit/s of the rendition; not looked at for a lossless one, whose bitrate is the music's.
  ///   - lossless: whether the rendition is lossless.
  public func allows(bitrate: Int, lossless: Bool) -> Bool {
    if lossless { return includesLossless }
    guard let maximumBitrate else { return true }
    return bitrate <= maximumBitrate
  }
}
