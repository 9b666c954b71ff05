/// The random numbers of one queue: SplitMix64 (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number Generators",
/// OOPSLA 2014).
///
/// A value with the queue, so that what will be drawn can be looked at before it is: see
/// ``PlayQueue/peekAfterCurrent()``. Good enough to shuffle songs, not to keep secrets.
struct QueueRandom: RandomNumberGenerator, Sendable, Equatable {
  private(set) var state: UInt64

  init(seed: UInt64) {
    self.state = seed
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// A number in `0..<bound`; 0 if there is none.
  mutating func index(below bound: Int) -> Int {
    bound > 1 ? Int(next(upperBound: UInt64(bound))) : 0
  }
}
