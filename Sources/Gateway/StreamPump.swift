import NIOCore

/// Drives all streams of one event loop from one timer.
///
/// A wheel of slots, one per tick: a stream that is due at some time stands in that tick's slot. A tick touches the
/// streams of one slot and no other. What is due beyond the wheel's round stands in its slot until its round comes.
/// Streams aren't taken out when they are woken early; `dueTick` tells such an entry as stale.
final class StreamPump {
  private let eventLoop: any EventLoop
  private var wheel: [[AudioStream]]
  private var tick: UInt64 = 0
  private var tickStarted: NIODeadline
  private var entryCount = 0
  private var timer: RepeatedTask?

  init(eventLoop: any EventLoop) {
    self.eventLoop = eventLoop
    wheel = Array(repeating: [], count: GatewayLimits.wheelSlots)
    tickStarted = .now()
  }

  /// Wakes the stream at that time (monotonic ns), or at the next tick if it has passed.
  func schedule(_ stream: AudioStream, at nanoseconds: Int64) {
    startTimer()
    let ahead = nanoseconds - Int64(tickStarted.uptimeNanoseconds)
    let ticks = UInt64(max(1, (ahead + GatewayLimits.tick.nanoseconds - 1) / GatewayLimits.tick.nanoseconds))
    let due = tick + ticks
    stream.dueTick = due
    wheel[Int(due % UInt64(wheel.count))].append(stream)
    entryCount += 1
  }

  /// Forgets what stands in the wheel for this stream.
  func cancel(_ stream: AudioStream) {
    stream.dueTick = nil
  }

  private func startTimer() {
    guard timer == nil else { return }
    tickStarted = .now()
    let bound = NIOLoopBound(self, eventLoop: eventLoop)
    timer = eventLoop.scheduleRepeatedTask(initialDelay: GatewayLimits.tick, delay: GatewayLimits.tick) { _ in
      bound.value.turn()
    }
  }

  /// Goes through every tick that has passed (more than one if the loop was busy).
  private func turn() {
    let now = NIODeadline.now()
    while tickStarted + GatewayLimits.tick <= now {
      tickStarted = tickStarted + GatewayLimits.tick
      tick += 1
      let slot = Int(tick % UInt64(wheel.count))
      guard !wheel[slot].isEmpty else { continue }
      var due: [AudioStream] = []
      swap(&due, &wheel[slot])
      entryCount -= due.count
      for stream in due {
        guard let dueTick = stream.dueTick, dueTick % UInt64(wheel.count) == UInt64(slot) else { continue }
        if dueTick > tick {
          wheel[slot].append(stream)
          entryCount += 1
        } else {
          stream.dueTick = nil
          stream.wake()
        }
      }
    }
    if entryCount == 0 {
      timer?.cancel()
      timer = nil
    }
  }
}
