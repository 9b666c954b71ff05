import NIOCore
import NIOPosix
import Synchronization

/// What a job's step leaves behind.
enum StepResult {
  /// Run me again; by `deadline` (monotonic ns) my next piece is needed. `left` says how much is still to be made, in
  /// any unit.
  case again(deadline: Int64, left: Int = 0)
  case done
}

/// Something that encodes step by step, a few milliseconds each.
protocol TranscodeJob: AnyObject, Sendable {
  /// Bytes that it takes from its first step to its end.
  var bytes: Int { get }
  /// Does the next piece of work. Called on an encoder thread, never by two at once.
  func step() -> StepResult
  /// `step` has answered `done`, and the scheduler knows nothing of it any more: it may be submitted again.
  func ended()
  /// The scheduler has closed; `step` won't be called any more.
  func abandon()
}

extension TranscodeJob {
  func ended() {}
}

/// Runs encoding jobs on a fixed number of threads: fairly among users, earliest deadline first.
///
/// A deadline is the moment at which some listener runs out of sound. A job gives its thread back after each piece,
/// so that of forty listeners who start at once everyone has first sound (deadline: now) before anyone's rest
/// (deadline: when what they have has been heard). Work that nobody waits for carries a deadline in the far future.
/// Which user comes first, and how many jobs may have begun, says ``FairQueue``.
///
/// Admission never waits: ``submit(_:owner:deadline:)`` answers at once.
final class TranscodeScheduler: Sendable {
  /// The deadline of work that nobody waits for.
  static let noHurry = Int64.max

  private struct State {
    var queue: FairQueue<ObjectIdentifier>
    /// All that have been submitted and have not ended.
    var jobs: [ObjectIdentifier: any TranscodeJob] = [:]
    /// Jobs that run now, with the deadline that somebody asked for meanwhile, and for whom they go on.
    var running: [ObjectIdentifier: (deadline: Int64, owner: String?)] = [:]
    /// Threads that work, or are about to.
    var workers = 0
    var isClosed = false
  }

  private let pool: NIOThreadPool
  private let capacity: Int
  private let threadCount: Int
  private let state: Mutex<State>

  /// - Parameters:
  ///   - threadCount: encoder threads, at least 1.
  ///   - capacity: jobs that may wait.
  init(threadCount: Int, capacity: Int = SegmentLimits.queuedJobs) {
    self.threadCount = max(1, threadCount)
    self.pool = NIOThreadPool(numberOfThreads: self.threadCount)
    self.capacity = capacity
    state = Mutex(State(queue: FairQueue(threads: self.threadCount)))
    pool.start()
  }

  private static var now: Int64 { Int64(NIODeadline.now().uptimeNanoseconds) }

  /// Takes a job in, or refuses it because `capacity` jobs wait already or the scheduler has closed.
  /// - Parameter owner: the user whose share of the encoders it takes; nil for the house's own work.
  func submit(_ job: any TranscodeJob, owner: String? = nil, deadline: Int64) throws(SegmentError) {
    let (refusal, needsWorker) = state.withLock { state -> (SegmentError?, Bool) in
      if state.isClosed { return (SegmentError(.shuttingDown, "the server is going down"), false) }
      if state.queue.count >= capacity { return (.busy("every encoder is taken"), false) }
      let id = ObjectIdentifier(job)
      state.jobs[id] = job
      state.queue.insert(id, owner: owner, deadline: deadline, bytes: job.bytes, now: Self.now)
      return (nil, takesWorker(&state))
    }
    if let refusal { throw refusal }
    if needsWorker { addWorker() }
  }

  /// A user needs this job's next piece by `deadline`: moves it forward if that is earlier than before, or if he takes
  /// less than the one for whom it was begun.
  func expedite(_ job: any TranscodeJob, owner: String? = nil, deadline: Int64) {
    let id = ObjectIdentifier(job)
    state.withLock { state in
      if let running = state.running[id] {
        state.running[id] = (min(running.deadline, deadline), state.queue.better(running.owner, owner, now: Self.now))
      } else {
        state.queue.expedite(id, owner: owner, deadline: deadline, now: Self.now)
      }
    }
  }

  /// Takes a job out that waits for its turn; nobody wants it any more, and it is nobody's share.
  /// - Returns: whether it waited. One that runs ends by itself, or has ended.
  func withdraw(_ job: any TranscodeJob) -> Bool {
    let id = ObjectIdentifier(job)
    return state.withLock { state in
      guard state.queue.remove(id, now: Self.now) else { return false }
      state.jobs[id] = nil
      return true
    }
  }

  /// Of two users the one who owes the encoders less.
  func better(_ one: String, _ other: String) -> String {
    state.withLock { $0.queue.better(one, other, now: Self.now) } ?? one
  }

  /// Stops taking jobs in, abandons those that wait and returns when the running steps have ended.
  func close() async throws {
    let abandoned = state.withLock { state -> [any TranscodeJob] in
      state.isClosed = true
      defer { state.queue = FairQueue(threads: threadCount) }
      return state.queue.waitingIDs.compactMap { state.jobs.removeValue(forKey: $0) }
    }
    for job in abandoned { job.abandon() }
    try await pool.shutdownGracefully()
  }

  /// Jobs that wait, for metrics.
  var waitingCount: Int { state.withLock { $0.queue.count } }

  /// Whether one more thread is to begin, which counts from now on.
  private func takesWorker(_ state: inout State) -> Bool {
    guard state.workers < threadCount, state.queue.count > 0 else { return false }
    state.workers += 1
    return true
  }

  private func addWorker() {
    pool.submit { poolState in
      guard poolState == .active else { return }
      EncoderThread.stepBack()
      while let (job, owner) = self.takeNext() { self.run(job, for: owner) }
    }
  }

  /// Nil when there is nothing that can run now: the thread is free, and the next job that comes takes one.
  private func takeNext() -> (any TranscodeJob, String?)? {
    state.withLock { state in
      while let next = state.queue.takeNext(now: Self.now) {
        guard let job = state.jobs[next.id] else {
          // It would hold its place for ever.
          assertionFailure("a job waits that nobody has")
          state.queue.end(next.id)
          continue
        }
        state.running[next.id] = (Self.noHurry, next.owner)
        return (job, next.owner)
      }
      state.workers -= 1
      return nil
    }
  }

  private func run(_ job: any TranscodeJob, for owner: String?) {
    let began = ProcessorTime.nanoseconds
    let result = job.step()
    let spent = ProcessorTime.nanoseconds - began
    let id = ObjectIdentifier(job)
    let (isAbandoned, needsWorker) = state.withLock { state in
      let now = Self.now
      let asked = state.running.removeValue(forKey: id)
      state.queue.charge(owner, nanoseconds: spent, now: now)
      guard !state.isClosed, case .again(let deadline, let left) = result else {
        state.queue.end(id)
        state.jobs[id] = nil
        // There is room for one that had to wait, beside the next of this thread.
        let needsWorker = state.queue.count > 1 && takesWorker(&state)
        if case .done = result { return (false, needsWorker) }
        return (true, needsWorker)
      }
      state.queue.insert(
        id, owner: asked.map(\.owner) ?? owner, deadline: min(deadline, asked?.deadline ?? Self.noHurry),
        bytes: job.bytes, left: left, now: now)
      return (false, false)
    }
    if needsWorker { addWorker() }
    if isAbandoned { job.abandon() } else if case .done = result { job.ended() }
  }
}
