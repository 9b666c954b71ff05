import AudioCodec
import Foundation

/// How far two recordings are apart.
enum Comparison {
  /// Mean energy of the difference in `range`, both channels.
  static func error(_ one: StereoSamples, _ other: StereoSamples, in range: Range<Int>) -> Double {
    var sum = 0.0
    for index in range {
      let left = Double(one.left[index] - other.left[index])
      let right = Double(one.right[index] - other.right[index])
      sum += left * left + right * right
    }
    return sum / Double(2 * max(range.count, 1))
  }

  static func energy(_ one: StereoSamples, in range: Range<Int>) -> Double {
    var sum = 0.0
    for index in range {
      sum += Double(one.left[index] * one.left[index]) + Double(one.right[index] * one.right[index])
    }
    return sum / Double(2 * max(range.count, 1))
  }

  static func clipped(_ samples: StereoSamples, to range: ClosedRange<Float>) -> StereoSamples {
    func clip(_ sample: Float) -> Float { min(max(sample, range.lowerBound), range.upperBound) }
    return StereoSamples(left: samples.left.map(clip), right: samples.right.map(clip))
  }

  /// The largest difference of any sample, in dB of full scale; −∞ if they are equal.
  static func peakDifference(_ one: StereoSamples, _ other: StereoSamples) -> Double {
    guard one.count == other.count else { return .infinity }
    var peak: Float = 0
    for index in 0..<one.count {
      peak = max(peak, abs(one.left[index] - other.left[index]), abs(one.right[index] - other.right[index]))
    }
    return peak == 0 ? -.infinity : 20 * log10(Double(peak))
  }

  /// Signal to noise of `decoded` shifted by `shift` samples against `source`, in dB, over a stretch in the middle.
  static func ratio(_ source: StereoSamples, _ decoded: StereoSamples, shift: Int = 0) -> Double {
    let lower = source.count / 4
    let upper = min(source.count, decoded.count) * 3 / 4
    var noise = 0.0
    var signal = 0.0
    for index in lower..<upper {
      let difference = Double(source.left[index] - decoded.left[index + shift])
      noise += difference * difference
      signal += Double(source.left[index] * source.left[index])
    }
    return 10 * log10((signal + 1e-12) / (noise + 1e-12))
  }
}

extension StereoSamples {
  subscript(range: Range<Int>) -> StereoSamples {
    StereoSamples(left: Array(left[range]), right: Array(right[range]))
  }
}
