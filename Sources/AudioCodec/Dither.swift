/// Samples of more than 16 bits brought to 16, with triangular dither: two steps wide, so that what is rounded off is
/// noise that doesn't depend on the sound (Lipshitz, Wannamaker and Vanderkooy, «Quantization and dither», JAES 40(5)).
///
/// The noise of a sample depends on its place in the track alone, so a segment has the same bytes whoever makes it. A
/// sample that 16 bits hold exactly stays as it is: a source of 16 bits comes out bit for bit, and digital silence silent.
enum Dither {
  /// - Parameter noise: names the sample: its place in the track and its channel.
  @inline(__always)
  static func sample(_ sample: Float, noise: UInt64) -> Int16 {
    let scaled = sample * 32_768
    var rounded = scaled.rounded(.toNearestOrEven)
    // A NaN from a broken source becomes silence.
    guard scaled == scaled else { return 0 }
    if rounded != scaled { rounded = (scaled + triangle(noise)).rounded(.toNearestOrEven) }
    return Int16(max(-32_768, min(32_767, rounded)))
  }

  /// −1…1, the difference of two even distributions: the halves of a well mixed number (SplitMix64's finalizer).
  @inline(__always)
  private static func triangle(_ noise: UInt64) -> Float {
    var bits = (noise &+ 1) &* 0x9E37_79B9_7F4A_7C15
    bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    bits ^= bits >> 31
    let difference = Int64(bits >> 32) - Int64(bits & 0xFFFF_FFFF)
    return Float(difference) * 0x1p-32
  }
}
