import CFFmpeg

/// Two planes of Float samples in −1…1, of one capacity, that grow when asked to.
final class StereoBuffer {
  private(set) var left: UnsafeMutablePointer<Float>
  private(set) var right: UnsafeMutablePointer<Float>
  private(set) var capacity: Int
  /// Number of samples of each plane in use.
  var count = 0

  init(capacity: Int) {
    self.capacity = max(capacity, 1)
    left = .allocate(capacity: self.capacity)
    right = .allocate(capacity: self.capacity)
    left.initialize(repeating: 0, count: self.capacity)
    right.initialize(repeating: 0, count: self.capacity)
  }

  deinit {
    left.deallocate()
    right.deallocate()
  }

  /// Makes room for `needed` samples in all; what is in use stays.
  func reserve(_ needed: Int) {
    guard needed > capacity else { return }
    let larger = max(needed, capacity * 2)
    left = StereoBuffer.grown(left, from: capacity, to: larger)
    right = StereoBuffer.grown(right, from: capacity, to: larger)
    capacity = larger
  }

  private static func grown(
    _ plane: UnsafeMutablePointer<Float>, from old: Int, to new: Int
  ) -> UnsafeMutablePointer<Float> {
    let result = UnsafeMutablePointer<Float>.allocate(capacity: new)
    result.initialize(repeating: 0, count: new)
    result.update(from: plane, count: old)
    plane.deallocate()
    return result
  }

  /// Brings every sample in use into ±`peak`, and makes silence of what is no number.
  func limit(to peak: Float) {
    for plane in [left, right] {
      for index in 0..<count {
        let sample = plane[index]
        plane[index] = abs(sample) <= peak ? sample : sample > 0 ? peak : sample < 0 ? -peak : 0
      }
    }
  }
}

/// Where a reader puts samples: two planes of the caller's.
struct StereoTarget {
  var left: UnsafeMutablePointer<Float>
  var right: UnsafeMutablePointer<Float>

  func advanced(by samples: Int) -> StereoTarget { StereoTarget(left: left + samples, right: right + samples) }

  func silence(_ samples: Int) {
    left.update(repeating: 0, count: samples)
    right.update(repeating: 0, count: samples)
  }

  func copy(_ source: StereoBuffer, from offset: Int, count: Int) {
    left.update(from: source.left + offset, count: count)
    right.update(from: source.right + offset, count: count)
  }
}
