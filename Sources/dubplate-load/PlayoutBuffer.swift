/// What a listener's audio buffer holds, as a function of what has arrived and of the time.
///
/// Playing starts with the first chunk and runs at the speed of sound from then on; the buffer is what has arrived
/// less what has been played. When it is empty the playing stands still until the next chunk: that is a *gap*. Nothing
/// ticks: a chunk's arrival tells whether the buffer was dry before it, and since when. Times are nanoseconds of any
/// one monotonic clock.
struct PlayoutBuffer: Sendable, Equatable {
  /// When the sound would have begun that would now play without any standing still.
  private var origin: Int64 = 0
  private var samples: Int64 = 0
  private var sampleRate: Int64 = 48_000
  private(set) var hasStarted = false

  /// Begins anew: a new stream or a seek, whose silence is not a gap. `sampleRate` must be positive.
  mutating func reset(sampleRate: Int) {
    self = PlayoutBuffer()
    self.sampleRate = Int64(max(sampleRate, 1))
  }

  /// Takes a chunk in; returns for how many nanoseconds the buffer had been dry before it, or nil if it had not.
  mutating func receive(samples added: Int, at now: Int64) -> Int64? {
    guard hasStarted else {
      hasStarted = true
      origin = now
      samples = Int64(max(added, 0))
      return nil
    }
    let level = levelNanoseconds(at: now)
    samples += Int64(max(added, 0))
    guard level < 0 else { return nil }
    origin -= level
    return -level
  }

  /// Nanoseconds of sound still to be heard; negative since the buffer ran dry.
  func levelNanoseconds(at now: Int64) -> Int64 {
    hasStarted ? samples * 1_000_000_000 / sampleRate - (now - origin) : 0
  }
}
