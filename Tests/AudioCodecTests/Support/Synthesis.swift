import AudioCodec
import Foundation

/// Material that is hard on an encoder: partials, noise, transients and silence, the same in every run.
enum Synthesis {
  static func music(seconds: Double, rate: Int) -> StereoSamples {
    let count = Int(seconds * Double(rate))
    var samples = StereoSamples(
      left: [Float](repeating: 0, count: count), right: [Float](repeating: 0, count: count))
    var state: UInt64 = 0x9E37_79B9_7F4A_7C15
    func noise() -> Double {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(Int32(truncatingIfNeeded: state >> 32)) / 2_147_483_648
    }
    let chords: [[Double]] = [[110, 164.81, 220, 277.18], [98, 146.83, 196, 246.94], [87.31, 130.81, 174.61, 220]]
    for index in 0..<count {
      let time = Double(index) / Double(rate)
      let chord = chords[Int(time / 2.1) % chords.count]
      var left = 0.0
      var right = 0.0
      for (voice, base) in chord.enumerated() {
        for partial in 1...6 {
          let level = 0.09 / Double(partial) * (1 + 0.3 * sin(time * Double(voice + partial)))
          left += level * sin(2 * .pi * base * Double(partial) * time)
          right += level * sin(2 * .pi * base * Double(partial) * 1.002 * time + Double(voice))
        }
      }
      let beat = time.truncatingRemainder(dividingBy: 0.3448)
      let burst = exp(-beat * 40) * noise()
      let kick = exp(-beat * 12) * sin(2 * .pi * (45 * beat + 6 * (1 - exp(-beat * 30))))
      left += 0.25 * burst + 0.35 * kick
      right += 0.22 * burst + 0.35 * kick + 0.01 * noise()
      samples.left[index] = Float(max(-0.98, min(0.98, left)))
      samples.right[index] = Float(max(-0.98, min(0.98, right)))
    }
    return samples
  }

  /// One sine, the same in both channels.
  static func sine(_ frequency: Double, count: Int, rate: Int, level: Double = 0.5) -> StereoSamples {
    let plane = (0..<count).map { Float(level * sin(2 * .pi * frequency * Double($0) / Double(rate))) }
    return StereoSamples(left: plane, right: plane)
  }
}

/// A plain WAV writer.
enum WAVFile {
  /// 16-bit integer, or 32-bit float.
  static func bytes(_ samples: StereoSamples, rate: Int, float: Bool = false) -> [UInt8] {
    let width = float ? 4 : 2
    let size = samples.count * 2 * width
    var bytes: [UInt8] = []
    bytes.reserveCapacity(44 + size)
    func append<T: FixedWidthInteger>(_ value: T) { withUnsafeBytes(of: value.littleEndian) { bytes += $0 } }
    bytes += Array("RIFF".utf8)
    append(UInt32(36 + size))
    bytes += Array("WAVEfmt ".utf8)
    append(UInt32(16))
    append(UInt16(float ? 3 : 1))
    append(UInt16(2))
    append(UInt32(rate))
    append(UInt32(rate * 2 * width))
    append(UInt16(2 * width))
    append(UInt16(8 * width))
    bytes += Array("data".utf8)
    append(UInt32(size))
    for index in 0..<samples.count {
      for value in [samples.left[index], samples.right[index]] {
        if float {
          append(value.bitPattern)
        } else {
          append(Int16(max(-32_768, min(32_767, (value * 32_768).rounded()))))
        }
      }
    }
    return bytes
  }

  static func write(_ samples: StereoSamples, rate: Int, float: Bool = false, to path: String) throws {
    try Data(bytes(samples, rate: rate, float: float)).write(to: URL(fileURLWithPath: path))
  }
}
