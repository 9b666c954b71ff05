import HeapModule
import NIOPosix
import Synchronization

/// What a job's step leaves behind.
enum StepResult {
  /// Run me again; by `deadline` (monotonic ns) my next piece is needed.
  case again(deadline: Int64)
  case done
}

/// Something that encodes step by step, a few milliseconds each.
protocol TranscodeJob: AnyObject, Sendable {
  /// Does the next piece of work. Called on an encoder thread, never by two at once.
  func step() -> StepResult
  /// The scheduler has closed; `step` won't be called any more.
  func abandon()
}

/// Runs encoding jobs on a fixed number of threads, earliest deadline first.
///
/// A deadline is the moment at which some listener runs out of sound. A job gives its thread back after each piece,
/// so that of forty listeners who start at once everyone has first sound (deadline: now) before anyone's rest
/// (deadline: when what they have has been heard). Work that nobody waits for carries a deadline in the far future.
///
/// Admission never waits: ``submit(_:deadline:)`` answers at once. Every entry in the heap has one token in the
/// thread pool; a token runs one step of whatever is most urgent when its turn comes.
final class TranscodeScheduler: Sendable {
  /// The deadline of work that nobody waits for.
  static let noHurry = Int64.max

  private struct Entry: Comparable {
    let deadline: Int64
    let order: UInt64
    let job: any TranscodeJob

    static func < (a: Entry, b: Entry) -> Bool { (a.deadline, a.order) < (b.deadline, b.order) }
    static func == (a: Entry, b: Entry) -> Bool { a.order == b.order }
  }

  private struct State {
    var queue = Heap<Entry>()
    var nextOrder: UInt64 = 0
    /// The one valid entry of each waiting job, with its deadline; an entry that isn't in here has been replaced by a
    /// more urgent one.
    var waiting: [ObjectIdentifier: (order: UInt64, deadline: Int64)] = [:]
    /// Jobs that run now, with the deadline that somebody asked for meanwhile.
    var running: [ObjectIdentifier: Int64] = [:]
    var isClosed = false
  }

  private let pool: NIOThreadPool
  private let capacity: Int
  private let state = Mutex(State())

  /// - Parameters:
  ///   - threadCount: encoder threads, at least 1.
  ///   - capacity: jobs that may wait.
  init(threadCount: Int, capacity: Int = SegmentLimits.queuedJobs) {
    self.pool = NIOThreadPool(numberOfThreads: max(1, threadCount))
    self.capacity = capacity
    pool.start()
  }

  /// Takes a job in, or refuses it because `capacity` jobs wait already or the scheduler has closed.
  func submit(_ job: any TranscodeJob, deadline: Int64) throws(SegmentError) {
    let refusal = state.withLock { state -> SegmentError? in
      if state.isClosed { return SegmentError(.shuttingDown, "the server is going down") }
      if state.waiting.count >= capacity { return .busy("every encoder is taken") }
      Self.enqueue(job, deadline: deadline, in: &state)
      return nil
    }
    if let refusal { throw refusal }
    addToken()
  }

  /// Somebody needs this job's next piece by `deadline`: moves it forward if that is earlier than before.
  func expedite(_ job: any TranscodeJob, deadline: Int64) {
    let id = ObjectIdentifier(job)
    let moved = state.withLock { state in
      if let running = state.running[id] {
        state.running[id] = min(running, deadline)
        return false
      }
      guard let waiting = state.waiting[id], deadline < waiting.deadline else { return false }
      Self.enqueue(job, deadline: deadline, in: &state)
      return true
    }
    if moved { addToken() }
  }

  /// Stops taking jobs in, abandons those that wait and returns when the running steps have ended.
  func close() async throws {
    let abandoned = state.withLock { state -> [Entry] in
      state.isClosed = true
      defer {
        state.queue = Heap()
        state.waiting = [:]
      }
      return state.queue.unordered.filter { state.waiting[ObjectIdentifier($0.job)]?.order == $0.order }
    }
    for entry in abandoned { entry.job.abandon() }
    try await pool.shutdownGracefully()
  }

  /// Jobs that wait, for metrics.
  var waitingCount: Int { state.withLock { $0.waiting.count } }

  private static func enqueue(_ job: any TranscodeJob, deadline: Int64, in state: inout State) {
    state.nextOrder += 1
    state.waiting[ObjectIdentifier(job)] = (state.nextOrder, deadline)
    state.queue.insert(Entry(deadline: deadline, order: state.nextOrder, job: job))
  }

  private func addToken() {
    pool.submit { poolState in
      guard poolState == .active else { return }
      EncoderThread.stepBack()
      self.runMostUrgent()
    }
  }

  private func runMostUrgent() {
    guard let job = takeMostUrgent() else { return }
    let result = job.step()
    let id = ObjectIdentifier(job)
    let (goesOn, isAbandoned) = state.withLock { state in
      let asked = state.running.removeValue(forKey: id) ?? Self.noHurry
      guard case .again(let deadline) = result else { return (false, false) }
      if state.isClosed { return (false, true) }
      Self.enqueue(job, deadline: min(deadline, asked), in: &state)
      return (true, false)
    }
    if goesOn { addToken() }
    if isAbandoned { job.abandon() }
  }

  private func takeMostUrgent() -> (any TranscodeJob)? {
    state.withLock { state in
      while let entry = state.queue.popMin() {
        let id = ObjectIdentifier(entry.job)
        guard state.waiting[id]?.order == entry.order else { continue }
        state.waiting[id] = nil
        state.running[id] = Self.noHurry
        return entry.job
      }
      return nil
    }
  }
}
