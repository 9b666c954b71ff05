/// The course of a track's loudness for the eye.
public struct Waveform: Hashable, Sendable {
  /// Largest absolute sample of both channels in each stretch; 255 is full scale and more.
  public var peaks: [UInt8]
  /// Root of the mean square of both channels; 255 is full scale.
  public var rms: [UInt8]

  public init(peaks: [UInt8], rms: [UInt8]) {
    self.peaks = peaks
    self.rms = rms
  }

  /// Points that a track is divided into; one of fewer samples has as many points as samples.
  public static let points = 1_024
}

/// Makes a ``Waveform`` of samples as they go by.
struct WaveformBuilder {
  private let total: Int64
  private let points: Int64
  private var position: Int64 = 0
  private var peak: Float = 0
  private var squares = 0.0
  private(set) var waveform = Waveform(peaks: [], rms: [])

  /// - Parameter totalSamples: of the whole track.
  init(totalSamples: Int64) {
    total = max(totalSamples, 1)
    points = min(Int64(Waveform.points), total)
  }

  /// Where the stretch of a point begins: stretches differ by one sample at most.
  private func start(of point: Int64) -> Int64 { point * total / points }

  /// The next samples; those beyond the track's end are dropped.
  mutating func add(_ samples: StereoBuffer, count: Int) {
    var done = 0
    while done < count, waveform.peaks.count < points {
      let end = start(of: Int64(waveform.peaks.count) + 1)
      let some = Int(min(Int64(count - done), end - position))
      measure(samples, done..<done + some)
      position += Int64(some)
      done += some
      if position == end { endPoint() }
    }
  }

  private mutating func measure(_ samples: StereoBuffer, _ range: Range<Int>) {
    var (peak, sum) = (peak, Float(0))
    for index in range {
      let (left, right) = (samples.left[index], samples.right[index])
      peak = max(peak, max(abs(left), abs(right)))
      sum += left * left + right * right
    }
    self.peak = peak
    squares += Double(sum)
  }

  private mutating func endPoint() {
    let point = Int64(waveform.peaks.count)
    let count = Double(2 * (start(of: point + 1) - start(of: point)))
    waveform.peaks.append(Self.byte(Double(peak)))
    waveform.rms.append(Self.byte((squares / count).squareRoot()))
    (peak, squares) = (0, 0)
  }

  private static func byte(_ amplitude: Double) -> UInt8 {
    UInt8(min(max((amplitude * 255).rounded(), 0), 255))
  }
}
