import CFFmpeg

/// A moment or a length that a file says, in samples or in ticks of its container's clock.
///
/// A file may say any 64-bit number, and Swift ends the process where a sum has no room for its result. So a file's
/// number becomes one of these before anything is reckoned with it. What is out of range is nil, and so is a sum that
/// leaves the range. The range is a small part of 64 bits: a few of these values may be added as plain integers.
struct MediaTime: Hashable, Comparable, Sendable {
  let value: Int64

  /// 760,000 years at 48 kHz, and eight years of a clock whose tick is a quarter of a nanosecond.
  static let range: ClosedRange<Int64> = -(1 << 60)...(1 << 60)
  static let zero = MediaTime(within: 0)

  /// Nil for what is out of range; libav's «no timestamp» and the result of a conversion that failed are among that.
  init?(_ value: Int64) {
    guard Self.range.contains(value) else { return nil }
    self.value = value
  }

  private init(within value: Int64) { self.value = value }

  static func + (left: MediaTime, right: MediaTime) -> MediaTime? { MediaTime(left.value + right.value) }
  static func < (left: MediaTime, right: MediaTime) -> Bool { left.value < right.value }

  /// The same moment on a clock of another rate, both in ticks a second.
  func rescaled(fromRate rate: Int32, to other: Int32) -> MediaTime? {
    rescaled(from: AVRational(num: 1, den: rate), to: AVRational(num: 1, den: other))
  }

  /// The same moment on another clock; nil where that has no number for it, or a clock stands still.
  func rescaled(from: AVRational, to: AVRational, rounding: AVRounding = AV_ROUND_NEAR_INF) -> MediaTime? {
    // Where libavutil has no number it answers the lowest that there is.
    MediaTime(av_rescale_q_rnd(value, from, to, rounding))
  }
}
