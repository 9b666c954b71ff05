import AudioCodec
import Synchronization

/// Fills the encoders' reserve up, an encoder a step. One object for the life of a library, in the scheduler's queue at
/// most once.
final class ReserveJob: TranscodeJob {
  private let reserve: EncoderReserve
  private let isQueued = Atomic(false)

  init(_ reserve: EncoderReserve) {
    self.reserve = reserve
  }

  /// Whether it has to be submitted now: it isn't queued already.
  func begin() -> Bool {
    !isQueued.exchange(true, ordering: .acquiringAndReleasing)
  }

  func step() -> StepResult {
    // An encoder that can't be opened is reported to the listener who asks for one.
    if (try? reserve.replenish()) == true { return .again(deadline: TranscodeScheduler.noHurry) }
    abandon()
    return .done
  }

  func abandon() {
    isQueued.store(false, ordering: .releasing)
  }
}
