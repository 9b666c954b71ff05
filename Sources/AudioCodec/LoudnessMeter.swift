import CEBUR128
import Foundation

/// Loudness of a programme in stereo (ITU-R BS.1770-4, EBU R 128), as its samples go by. Not for two threads at once.
final class LoudnessMeter {
  private let state: UnsafeMutablePointer<ebur128_state>
  /// Samples of 100 ms, the step from one gating block to the next.
  private let stepSamples: Int
  private var samplesInStep = 0
  private var steps = 0
  private var interleaved: [Float] = []
  private(set) var histogram = LoudnessHistogram()

  /// Throws `encoderFailed` when memory runs out.
  init(sampleRate: Int) throws(AudioCodecError) {
    guard let state = ebur128_init(2, UInt(sampleRate), dubplate_ebur128_modes()) else { throw LibAV.outOfMemory() }
    self.state = state
    stepSamples = (sampleRate + 5) / 10
  }

  deinit {
    var state: UnsafeMutablePointer<ebur128_state>? = state
    ebur128_destroy(&state)
  }

  /// The next `count` samples.
  func add(_ samples: StereoBuffer, count: Int) throws(AudioCodecError) {
    if interleaved.count < 2 * count { interleaved = [Float](repeating: 0, count: 2 * count) }
    let succeeded = interleaved.withUnsafeMutableBufferPointer { buffer -> Bool in
      guard let base = buffer.baseAddress else { return count == 0 }
      for index in 0..<count {
        base[2 * index] = samples.left[index]
        base[2 * index + 1] = samples.right[index]
      }
      var done = 0
      while done < count {
        // The library is fed up to the ends of steps, so that its last 400 ms are a gating block each time it's asked.
        let some = min(count - done, stepSamples - samplesInStep)
        guard ebur128_add_frames_float(state, base + 2 * done, some) == dubplate_ebur128_success() else {
          return false
        }
        done += some
        samplesInStep += some
        if samplesInStep == stepSamples { endStep() }
      }
      return true
    }
    guard succeeded else { throw LibAV.outOfMemory() }
  }

  private func endStep() {
    samplesInStep = 0
    steps += 1
    guard steps >= 4 else { return }
    var lufs = -Double.infinity
    if ebur128_loudness_momentary(state, &lufs) == dubplate_ebur128_success() { histogram.add(lufs: lufs) }
  }

  /// Of all that was added.
  var loudness: Loudness {
    var range = 0.0
    let hasRange = ebur128_loudness_range(state, &range) == dubplate_ebur128_success() && range.isFinite
    var peak = 0.0
    for channel in [UInt32(0), 1] {
      var value = 0.0
      if ebur128_true_peak(state, channel, &value) == dubplate_ebur128_success() { peak = max(peak, value) }
    }
    let integrated = histogram.integrated
    return Loudness(
      integrated: integrated, range: hasRange && integrated != nil ? range : nil,
      truePeak: peak > 0 ? 20 * log10(peak) : nil)
  }
}

/// How loud a track is, in stereo as it is delivered.
public struct Loudness: Hashable, Sendable {
  /// Integrated loudness in LUFS (ITU-R BS.1770-4); nil for silence, and for what is shorter than 400 ms.
  public var integrated: Double?
  /// Loudness range in LU (EBU Tech 3342).
  public var range: Double?
  /// Largest true peak of both channels in dBTP, four times oversampled (BS.1770-4, annex 2); nil for digital silence.
  public var truePeak: Double?

  public init(integrated: Double?, range: Double?, truePeak: Double?) {
    self.integrated = integrated
    self.range = range
    self.truePeak = truePeak
  }
}

extension Loudness {
  /// To hundredths, as it is told: the measure itself is worth a tenth.
  public var rounded: Loudness {
    func round(_ value: Double?) -> Double? { value.map { ($0 * 100).rounded() / 100 } }
    return Loudness(integrated: round(integrated), range: round(range), truePeak: round(truePeak))
  }
}
