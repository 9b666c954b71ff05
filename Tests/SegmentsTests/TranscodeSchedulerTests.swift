import Foundation
import Synchronization
import Testing

@testable import Segments

@Suite(.timeLimit(.minutes(1))) struct TranscodeSchedulerTests {
  /// A job that writes down its name at each step; its first step may wait for a signal.
  private final class NamedJob: TranscodeJob {
    let name: String
    let bytes = 0
    let steps: Mutex<[Int64]>
    let record: @Sendable (String) -> Void
    let hold: DispatchSemaphore?
    let started: DispatchSemaphore?

    /// - Parameter deadlines: of the steps after the first.
    init(
      _ name: String, deadlines: [Int64] = [], hold: DispatchSemaphore? = nil, started: DispatchSemaphore? = nil,
      record: @escaping @Sendable (String) -> Void
    ) {
      self.name = name
      steps = Mutex(deadlines)
      self.hold = hold
      self.started = started
      self.record = record
    }

    func step() -> StepResult {
      started?.signal()
      hold?.wait()
      record(name)
      return steps.withLock { $0.isEmpty ? .done : .again(deadline: $0.removeFirst()) }
    }

    func abandon() { record("\(name) abandoned") }
  }

  private final class Journal: Sendable {
    private let lines: AsyncStream<String>
    private let continuation: AsyncStream<String>.Continuation

    init() {
      (lines, continuation) = AsyncStream.makeStream()
    }

    func note(_ line: String) { continuation.yield(line) }

    /// The next lines, as they come.
    func next(_ count: Int) async -> [String] {
      var found: [String] = []
      for await line in lines {
        found.append(line)
        if found.count == count { break }
      }
      return found
    }
  }

  /// A scheduler of one thread, which is busy until the semaphore is signalled.
  private func heldScheduler(_ journal: Journal, capacity: Int = 100) throws -> (TranscodeScheduler, DispatchSemaphore)
  {
    let scheduler = TranscodeScheduler(threadCount: 1, capacity: capacity)
    let (hold, started) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    try scheduler.submit(NamedJob("first", hold: hold, started: started, record: journal.note), deadline: 0)
    started.wait()
    return (scheduler, hold)
  }

  @Test func runsTheEarliestDeadlineFirst() async throws {
    let journal = Journal()
    let (scheduler, hold) = try heldScheduler(journal)
    for (name, deadline) in [("c", 30), ("a", 10), ("b", 20)] as [(String, Int64)] {
      try scheduler.submit(NamedJob(name, record: journal.note), deadline: deadline)
    }
    hold.signal()
    let ran = await journal.next(4)
    #expect(ran == ["first", "a", "b", "c"])
    try await scheduler.close()
  }

  @Test func jobsTakeTurns() async throws {
    let journal = Journal()
    let (scheduler, hold) = try heldScheduler(journal)
    try scheduler.submit(NamedJob("a", deadlines: [30, 50], record: journal.note), deadline: 10)
    try scheduler.submit(NamedJob("b", deadlines: [40], record: journal.note), deadline: 20)
    hold.signal()
    let ran = await journal.next(6)
    #expect(ran == ["first", "a", "b", "a", "b", "a"])
    try await scheduler.close()
  }

  @Test func aJobThatSomebodyNeedsSoonerMovesForward() async throws {
    let journal = Journal()
    let (scheduler, hold) = try heldScheduler(journal)
    let late = NamedJob("late", record: journal.note)
    try scheduler.submit(NamedJob("a", record: journal.note), deadline: 10)
    try scheduler.submit(late, deadline: TranscodeScheduler.noHurry)
    scheduler.expedite(late, deadline: 5)
    scheduler.expedite(late, deadline: 500)
    hold.signal()
    let ran = await journal.next(3)
    #expect(ran == ["first", "late", "a"])
    try await scheduler.close()
  }

  @Test func aFullQueueRefusesAtOnce() async throws {
    let journal = Journal()
    let (scheduler, hold) = try heldScheduler(journal, capacity: 2)
    try scheduler.submit(NamedJob("a", record: journal.note), deadline: 1)
    try scheduler.submit(NamedJob("b", record: journal.note), deadline: 2)
    let refusal = #expect(throws: SegmentError.self) {
      try scheduler.submit(NamedJob("c", record: journal.note), deadline: 0)
    }
    #expect(refusal?.code == .busy)
    #expect(refusal?.retryAfterMilliseconds == SegmentLimits.retryAfterMilliseconds)
    hold.signal()
    let ran = await journal.next(3)
    #expect(ran == ["first", "a", "b"])
    try await scheduler.close()
  }

  /// One that is wanted again and again, and asks for it from another thread the moment it may.
  private final class RecurringJob: TranscodeJob {
    let bytes = 0
    private let queued = Atomic(true)
    private let steps = Atomic(0)

    var stepCount: Int { steps.load(ordering: .sequentiallyConsistent) }
    var isQueued: Bool { queued.load(ordering: .sequentiallyConsistent) }

    func begin() -> Bool { !queued.exchange(true, ordering: .sequentiallyConsistent) }

    func step() -> StepResult {
      steps.add(1, ordering: .sequentiallyConsistent)
      return .done
    }

    func ended() { queued.store(false, ordering: .sequentiallyConsistent) }
    func abandon() { ended() }
  }

  @Test func aJobThatIsSubmittedAgainAsItEndsRunsAgain() async throws {
    let scheduler = TranscodeScheduler(threadCount: 2)
    let job = RecurringJob()
    try scheduler.submit(job, deadline: 0)
    for round in 1...2_000 {
      while !job.begin() { await Task.yield() }
      #expect(job.stepCount == round)
      try scheduler.submit(job, deadline: 0)
    }
    while job.isQueued { await Task.yield() }
    #expect(job.stepCount == 2_001)
    #expect(scheduler.waitingCount == 0)
    try await scheduler.close()
  }

  @Test func aJobThatIsWithdrawnNeitherRunsNorCounts() async throws {
    let journal = Journal()
    let (scheduler, hold) = try heldScheduler(journal, capacity: 2)
    let jobs = ["a", "b"].map { NamedJob($0, record: journal.note) }
    for job in jobs { try scheduler.submit(job, owner: "anna", deadline: 10) }
    #expect(throws: SegmentError.self) { try scheduler.submit(NamedJob("c", record: journal.note), deadline: 0) }
    #expect(scheduler.withdraw(jobs[0]) && !scheduler.withdraw(jobs[0]))
    #expect(scheduler.waitingCount == 1)
    try scheduler.submit(NamedJob("d", record: journal.note), deadline: 20)
    hold.signal()
    let ran = await journal.next(3)
    #expect(ran == ["first", "b", "d"])
    #expect(!scheduler.withdraw(jobs[1]))
    try await scheduler.close()
  }

  @Test func closingAbandonsWhatWaits() async throws {
    let journal = Journal()
    let (scheduler, hold) = try heldScheduler(journal)
    try scheduler.submit(NamedJob("a", record: journal.note), deadline: 1)
    async let closed: Void = scheduler.close()
    let first = await journal.next(1)
    #expect(first == ["a abandoned"])
    hold.signal()
    try await closed
    #expect(throws: SegmentError.self) { try scheduler.submit(NamedJob("b", record: journal.note), deadline: 0) }
  }
}
