/// The renditions that one device may be sent, lowest bitrate first.
///
/// What the listener's plan or the device's decoders rule out isn't in it, so no decision can lead there.
public struct BitrateLadder: Sendable, Equatable {
  /// One rendition.
  public struct Rung: Sendable, Equatable {
    /// The caller's own name for it; unique within the ladder.
    public let id: Int
    /// What is really sent, the container's and the chunks' overhead included.
    public let bitsPerSecond: Double

    public init(id: Int, bitsPerSecond: Double) {
      self.id = id
      self.bitsPerSecond = bitsPerSecond
    }
  }

  /// At least one, in the order of their bitrates.
  public let rungs: [Rung]

  /// Nil without a rung, with more than ``PlaybackLimits/rungs``, with a bitrate that isn't positive and finite, or with
  /// an id that is there twice. Of two rungs with the same bitrate, the one with the lower id comes first.
  public init?(_ rungs: [Rung]) {
    guard (1...PlaybackLimits.rungs).contains(rungs.count), Set(rungs.map(\.id)).count == rungs.count,
      rungs.allSatisfy({ $0.bitsPerSecond.isFinite && $0.bitsPerSecond > 0 })
    else { return nil }
    self.rungs = rungs.sorted { ($0.bitsPerSecond, $0.id) < ($1.bitsPerSecond, $1.id) }
  }

  /// The index of the highest rung that needs no more than that; the lowest rung's if all need more.
  func highest(within bitsPerSecond: Double) -> Int {
    rungs.lastIndex { $0.bitsPerSecond <= bitsPerSecond } ?? 0
  }
}
