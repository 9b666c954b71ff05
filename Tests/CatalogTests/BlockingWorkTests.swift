import Dispatch
import Glibc
import Synchronization
import Testing

@testable import Catalog

@Suite(.timeLimit(.minutes(1))) struct BlockingWorkTests {
  private let work = BlockingWork(label: "test")

  @Test func whatEndsInTimeIsAnswered() async throws {
    #expect(try await work.run(within: .seconds(600)) { 1 } == 1)
    await #expect(throws: FileSystem.Failure.self) {
      try await work.run(within: .seconds(600)) { throw FileSystem.Failure(number: 2) }
    }
  }

  @Test func whatDoesNotEndIsLeftAloneAndOthersGoOn() async throws {
    let hold = DispatchSemaphore(value: 0)
    let ended = DispatchSemaphore(value: 0)
    for _ in 0..<Limits.abandonedCalls {
      let found = try await work.run(within: .milliseconds(1)) { () -> Int in
        hold.wait()
        ended.signal()
        return 1
      }
      #expect(found == nil)
    }
    #expect(try await work.run(within: .seconds(600)) { 2 } == 2)
    for _ in 0..<Limits.abandonedCalls { hold.signal() }
    for _ in 0..<Limits.abandonedCalls { await wait(for: ended) }
  }

  @Test func whoComesBehindTooManyIsGivenUpWhenOneOfThemEnds() async throws {
    let (hold, last) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    for _ in 0..<Limits.abandonedCalls {
      #expect(try await work.run(within: .milliseconds(1)) { hold.wait() } == nil)
    }
    let waiting = Task { [work] in try await work.run(within: .milliseconds(1)) { last.wait() } }
    while work.overdueCalls == 0 { await Task.yield() }
    hold.signal()
    #expect(try await waiting.value == nil, "it's still in hand, and nobody waits for it")
    for _ in 0..<Limits.abandonedCalls { hold.signal() }
    last.signal()
    #expect(try await work.run(within: .seconds(600)) { 2 } == 2)
  }

  @Test func whatIsLeftAloneRunsBehindAllOthers() async throws {
    let (hold, ended) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    let policies = Collected<Int32>()
    let found = try await work.run(within: .milliseconds(1)) { () -> Int in
      hold.wait()
      policies.append(sched_getscheduler(0))
      ended.signal()
      return 1
    }
    #expect(found == nil)
    hold.signal()
    await wait(for: ended)
    // SCHED_IDLE; and what comes next is as it was.
    #expect(policies.values == [5])
    #expect(try await work.run(within: .seconds(600)) { sched_getscheduler(0) } == 0)
  }

  @Test func aTaskThatIsCancelledWaitsForNothing() async throws {
    let (hold, began) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    let task = Task { [work] in
      try await work.run(within: .seconds(600)) {
        began.signal()
        hold.wait()
      }
    }
    await wait(for: began)
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    hold.signal()
  }

  private func wait(for semaphore: DispatchSemaphore) async {
    await withCheckedContinuation { continuation in
      DispatchQueue.global().async {
        semaphore.wait()
        continuation.resume()
      }
    }
  }
}
