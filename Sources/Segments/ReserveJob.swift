import AudioCodec
import NIOCore
import Synchronization

/// Fills the encoders' reserve up, an encoder a step: behind listeners who are about to run dry, before all who have
/// sound for a while. One object for the life of a library, in the scheduler's queue at most once.
final class ReserveJob: TranscodeJob {
  private let reserve: EncoderReserve
  private let isQueued = Atomic(false)

  init(_ reserve: EncoderReserve) {
    self.reserve = reserve
  }

  /// What it opens stays in the reserve, which has bounds of its own.
  var bytes: Int { 0 }

  /// When the next encoder should be there.
  static var deadline: Int64 { Int64(NIODeadline.now().uptimeNanoseconds) + SegmentLimits.reserveNanoseconds }

  /// Whether it has to be submitted now: it isn't queued already.
  func begin() -> Bool {
    !isQueued.exchange(true, ordering: .acquiringAndReleasing)
  }

  func step() -> StepResult {
    // An encoder that can't be opened is reported to the listener who asks for one.
    (try? reserve.replenish()) == true ? .again(deadline: Self.deadline) : .done
  }

  func ended() {
    isQueued.store(false, ordering: .releasing)
  }

  func abandon() {
    ended()
  }
}
