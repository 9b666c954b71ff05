import DequeModule
import NIOCore

/// What waits on one event loop for its turn: connections that are held, and the rest of long requests.
///
/// NIO runs every task that is ready, also those that become ready meanwhile, before it looks at sockets again. A timer for
/// each that waits could so keep a loop from reading anything else for ever, once there are enough of them. Here one
/// timer stands for all; a turn takes so long at most, and everybody else has as much time before the next.
///
/// Lives on its event loop and is touched nowhere else.
final class TurnQueue {
  private let eventLoop: any EventLoop
  private var waiting = Deque<(from: NIODeadline, run: () -> Void)>()
  private var timer: (at: NIODeadline, task: Scheduled<Void>)?
  private var isRunning = false
  private var pauseEnds = NIODeadline.uptimeNanoseconds(0)

  init(eventLoop: any EventLoop) {
    self.eventLoop = eventLoop
  }

  /// Runs `body` in a turn, at that time or later, always later than now.
  func enter(from: NIODeadline, _ body: @escaping () -> Void) {
    // From the back: mostly whoever comes last is to come last.
    var place = waiting.endIndex
    while place > waiting.startIndex, waiting[place - 1].from > from { place -= 1 }
    waiting.insert((from, body), at: place)
    if !isRunning { arm() }
  }

  /// Runs `body` now, unless it's somebody's turn, or what ran before has not been followed by as much time for everybody
  /// else; then in a turn. For what other loops bring: their tasks may come without end.
  func run(_ body: @escaping () -> Void) {
    let began = NIODeadline.now()
    let isSomebodysTurn = waiting.first.map { $0.from <= began } ?? false
    guard !isSomebodysTurn, !isRunning, began >= pauseEnds else { return enter(from: began, body) }
    isRunning = true
    body()
    isRunning = false
    let now = NIODeadline.now()
    pauseEnds = now + (now - began)
    arm()
  }

  private func arm() {
    guard let first = waiting.first else { return }
    let at = max(first.from, pauseEnds, .now() + ServerLimits.turnPause)
    if let timer {
      guard at < timer.at else { return }
      timer.task.cancel()
    }
    let bound = NIOLoopBound(self, eventLoop: eventLoop)
    timer = (at, eventLoop.scheduleTask(deadline: at) { bound.value.turn() })
  }

  private func turn() {
    timer = nil
    isRunning = true
    let began = NIODeadline.now()
    var now = began
    while now - began < ServerLimits.turnTime, let first = waiting.first, first.from <= began {
      waiting.removeFirst()
      first.run()
      now = .now()
    }
    isRunning = false
    pauseEnds = now + max(ServerLimits.turnPause, now - began)
    arm()
  }
}
