import Access
import DequeModule
import Gateway
import NIOPosix
import SocketIOServer
import Synchronization

/// Checks passwords on threads of its own, a bounded number of them at a time, in turns among those who ask: whoever asks
/// without end waits for himself.
public final class LoginHasher: Sendable {
  /// Whose turn it is: an address, or among those that can't be told apart by one, a name that is asked about.
  enum Asker: Hashable, Sendable {
    case address(AddressBlock)
    case name(String)
  }

  private typealias Place = CheckedContinuation<Void, any Error>

  private struct State {
    var waiting: [Asker: Deque<Place>] = [:]
    /// Those who wait, in the order in which they come next.
    var turns: Deque<Asker> = []
    var count = 0
    var running = 0
    var isClosed = false

    /// Takes one in; when there are too many, in the place of one of those who have more of them.
    /// - Returns: who is turned away for it.
    mutating func admit(_ place: Place, of asker: Asker) -> Place? {
      if isClosed { return place }
      var refused: Place?
      if count >= WebLimits.waitingLogins {
        guard let (greediest, places) = waiting.max(by: { $0.value.count < $1.value.count }),
          places.count > waiting[asker]?.count ?? 0, places.count > 1
        else { return place }
        refused = waiting[greediest]?.popLast()
        count -= 1
      }
      if waiting[asker, default: []].isEmpty { turns.append(asker) }
      waiting[asker, default: []].append(place)
      count += 1
      return refused
    }

    mutating func next() -> Place? {
      guard let asker = turns.popFirst(), let place = waiting[asker]?.popFirst() else { return nil }
      count -= 1
      if waiting[asker]?.isEmpty == true { waiting[asker] = nil } else { turns.append(asker) }
      return place
    }
  }

  private let check: @Sendable (_ password: String, _ hash: String?) throws -> Bool
  private let pool = NIOThreadPool(numberOfThreads: WebLimits.hashThreads)
  private let state = Mutex(State())

  public convenience init() {
    let hasher = PasswordHasher()
    self.init { try hasher.verify($0, against: $1) }
  }

  init(check: @escaping @Sendable (_ password: String, _ hash: String?) throws -> Bool) {
    self.check = check
    pool.start()
  }

  /// Whether it is the password; the same work for a user that doesn't exist.
  /// - Throws: `busy` when too many wait.
  func verify(_ password: String, against hash: String?, for asker: Asker) async throws -> Bool {
    try await enter(asker)
    defer { leave() }
    // Who has gone while he waited takes nobody's time.
    try Task.checkCancellation()
    return try await pool.runIfActive { [check] in try check(password, hash) }
  }

  private func enter(_ asker: Asker) async throws {
    try await withCheckedThrowingContinuation { (place: Place) in
      let (goesOn, refused) = state.withLock { state -> (Bool, Place?) in
        if state.running < WebLimits.hashThreads, !state.isClosed {
          state.running += 1
          return (true, nil)
        }
        return (false, state.admit(place, of: asker))
      }
      if goesOn { place.resume() }
      refused?.resume(throwing: Self.busy)
    }
  }

  private func leave() {
    let next = state.withLock { state in
      let next = state.next()
      if next == nil { state.running -= 1 }
      return next
    }
    next?.resume()
  }

  /// Passwords that wait to be checked.
  var waitingCount: Int { state.withLock(\.count) }
  func waitingCount(of asker: Asker) -> Int { state.withLock { $0.waiting[asker]?.count ?? 0 } }

  private static var busy: DubplateError {
    DubplateError(.busy, "too many logins at once", retryAfterMilliseconds: 2_000)
  }

  /// Turns those away who wait, and returns when what runs has ended.
  public func close() async throws {
    let left = state.withLock { state -> [Place] in
      state.isClosed = true
      var left: [Place] = []
      while let place = state.next() { left.append(place) }
      return left
    }
    for place in left { place.resume(throwing: Self.busy) }
    try await pool.shutdownGracefully()
  }
}
