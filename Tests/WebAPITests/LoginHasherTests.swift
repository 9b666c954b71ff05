import Dispatch
import Gateway
import SocketIOServer
import Synchronization
import Testing

@testable import WebAPI

@Suite(.timeLimit(.minutes(1))) struct LoginHasherTests {
  /// A hasher whose first check takes until the semaphore is signalled; it notes whose passwords it looks at.
  private func held() async throws -> (hasher: LoginHasher, checked: Checked, first: Task<Bool, any Error>) {
    let checked = Checked()
    let hasher = LoginHasher { password, _ in
      checked.note(password)
      return password == "right"
    }
    let first = Task { try await hasher.verify("first", against: nil, for: .name("first")) }
    await checked.untilFirst()
    return (hasher, checked, first)
  }

  @Test func whoAsksWithoutEndWaitsForHimself() async throws {
    let (hasher, checked, first) = try await held()
    let greedy = (0..<200).map { number in
      Task { try await hasher.verify("greedy \(number)", against: nil, for: .name("greedy")) }
    }
    var refused = 0
    while hasher.waitingCount < WebLimits.waitingLogins { await Task.yield() }
    let modest = Task { try await hasher.verify("right", against: nil, for: .name("modest")) }
    while hasher.waitingCount(of: .name("modest")) == 0 { await Task.yield() }
    checked.release()
    #expect(try await modest.value)
    for task in greedy {
      do {
        _ = try await task.value
      } catch let error as DubplateError {
        #expect(error.code == .busy && error.retryAfterMilliseconds != nil)
        refused += 1
      }
    }
    #expect(refused >= 200 - WebLimits.waitingLogins)
    // By turns: one of his stood before, and no second.
    let place = try #require(checked.passwords.firstIndex(of: "right"))
    #expect(place <= 2)
    #expect(try await first.value == false)
    try await hasher.close()
  }

  @Test func closingTurnsAwayWhoWaits() async throws {
    let (hasher, checked, first) = try await held()
    let waiting = Task { try await hasher.verify("right", against: nil, for: .name("anna")) }
    while hasher.waitingCount == 0 { await Task.yield() }
    let closing = Task { try await hasher.close() }
    await #expect(throws: DubplateError.self) { try await waiting.value }
    checked.release()
    #expect(try await first.value == false)
    try await closing.value
    await #expect(throws: DubplateError.self) { try await hasher.verify("right", against: nil, for: .name("anna")) }
  }

  /// What was checked, in its order; the first check waits.
  private final class Checked: Sendable {
    private let hold = DispatchSemaphore(value: 0)
    private let noted = Mutex<[String]>([])

    var passwords: [String] { noted.withLock { $0 } }

    func note(_ password: String) {
      let isFirst = noted.withLock { noted in
        noted.append(password)
        return noted.count == 1
      }
      if isFirst { hold.wait() }
    }

    func release() { hold.signal() }
    func untilFirst() async { while passwords.isEmpty { await Task.yield() } }
  }
}
