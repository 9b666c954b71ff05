import EngineIO
import NIOCore
import Synchronization

/// What one event loop keeps for its sessions: who needs a ping when, and how much went in and out.
///
/// All sessions wait the same time for the same thing, so their deadlines form two queues that are sorted by
/// themselves; one timer stands for the earliest. Queues are linked through the sessions: nothing is allocated per
/// heartbeat, and a session that ends leaves at once.
///
/// Invariant of `@unchecked Sendable`: everything but the counters is touched on `eventLoop` only.
final class EngineLoop: @unchecked Sendable {
  /// A queue of sessions by deadline.
  struct Queue {
    var first: EngineSocket?
    weak var last: EngineSocket?
  }

  let eventLoop: any EventLoop
  /// Who has to wait on it.
  let turns: TurnQueue
  private var pings = Queue()
  private var pongs = Queue()
  private var timer: Scheduled<Void>?
  private var timerDeadline = NIODeadline.distantFuture

  /// What its connections' messages are compressed with.
  var compression = LoopCompression()

  /// Written on `eventLoop` only, so a load and a store will do; read anywhere.
  let bytesIn = Atomic<Int>(0)
  let bytesOut = Atomic<Int>(0)
  let messagesIn = Atomic<Int>(0)
  let messagesOut = Atomic<Int>(0)

  init(eventLoop: any EventLoop) {
    self.eventLoop = eventLoop
    turns = TurnQueue(eventLoop: eventLoop)
  }

  func countIn(bytes: Int) {
    bytesIn.store(bytesIn.load(ordering: .relaxed) &+ bytes, ordering: .relaxed)
    messagesIn.store(messagesIn.load(ordering: .relaxed) &+ 1, ordering: .relaxed)
  }

  func countOut(bytes: Int, messages: Int = 1) {
    bytesOut.store(bytesOut.load(ordering: .relaxed) &+ bytes, ordering: .relaxed)
    messagesOut.store(messagesOut.load(ordering: .relaxed) &+ messages, ordering: .relaxed)
  }

  /// Puts a session where its next deadline belongs.
  func watch(_ socket: EngineSocket) {
    unwatch(socket)
    socket.heartbeat.queue = socket.session.isAwaitingPong ? .pongs : .pings
    socket.heartbeat.deadline = socket.session.nextDeadline
    if socket.session.isAwaitingPong {
      Self.insert(socket, into: &pongs)
    } else {
      Self.insert(socket, into: &pings)
    }
    arm(socket.heartbeat.deadline)
  }

  /// Takes a session out.
  func unwatch(_ socket: EngineSocket) {
    switch socket.heartbeat.queue {
    case .none: return
    case .pings: Self.remove(socket, from: &pings)
    case .pongs: Self.remove(socket, from: &pongs)
    }
    socket.heartbeat.queue = .none
  }

  /// From the back: nearly always the deadline is the latest.
  private static func insert(_ socket: EngineSocket, into queue: inout Queue) {
    var before = queue.last
    while let candidate = before, candidate.heartbeat.deadline > socket.heartbeat.deadline {
      before = candidate.heartbeat.previous
    }
    if let before {
      socket.heartbeat.next = before.heartbeat.next
      before.heartbeat.next?.heartbeat.previous = socket
      before.heartbeat.next = socket
      socket.heartbeat.previous = before
    } else {
      socket.heartbeat.next = queue.first
      queue.first?.heartbeat.previous = socket
      queue.first = socket
      socket.heartbeat.previous = nil
    }
    if socket.heartbeat.next == nil { queue.last = socket }
  }

  private static func remove(_ socket: EngineSocket, from queue: inout Queue) {
    let previous = socket.heartbeat.previous
    let next = socket.heartbeat.next
    if let previous {
      previous.heartbeat.next = next
    } else {
      queue.first = next
    }
    if let next {
      next.heartbeat.previous = previous
    } else {
      queue.last = previous
    }
    socket.heartbeat.next = nil
    socket.heartbeat.previous = nil
  }

  private func arm(_ deadline: NIODeadline) {
    guard deadline < timerDeadline else { return }
    timer?.cancel()
    timerDeadline = deadline
    timer = eventLoop.scheduleTask(deadline: deadline) { self.fire() }
  }

  private func fire() {
    timer = nil
    timerDeadline = .distantFuture
    let now = NIODeadline.now()
    while let socket = pings.first, socket.heartbeat.deadline <= now {
      unwatch(socket)
      socket.heartbeatDue(now: now)
    }
    while let socket = pongs.first, socket.heartbeat.deadline <= now {
      unwatch(socket)
      socket.heartbeatDue(now: now)
    }
    let next = [pings.first, pongs.first].compactMap { $0?.heartbeat.deadline }.min()
    if let next { arm(next) }
  }
}

/// Where a session stands in its loop's queues.
struct HeartbeatLink {
  enum QueueName {
    case none
    case pings
    case pongs
  }

  var queue = QueueName.none
  var deadline = NIODeadline.distantFuture
  var next: EngineSocket?
  weak var previous: EngineSocket?
}
