import NIOCore
import Segments
import Synchronization

/// What one user may ask of the server, over however many connections, tokens and requests he does it.
final class UserAllowance: Sendable {
  private struct State {
    var commands: Budget
    var requests: Budget
    /// When the library may be looked through for him again.
    var nextScan: Int64?
    var connections = 0
    var connectionsOfToken: [String: Int] = [:]

    func hasRoom(token: String, isForStream: Bool) -> Bool {
      let most = isForStream ? GatewayLimits.connectionsPerStreamToken : GatewayLimits.connectionsPerToken
      return connections < GatewayLimits.connectionsPerUser && connectionsOfToken[token, default: 0] < most
    }
  }

  private let state: Mutex<State>

  /// - Parameter now: monotonic nanoseconds.
  init(now: Int64) {
    state = Mutex(
      State(
        commands: Budget(
          burst: GatewayLimits.commandBurst, perSecond: GatewayLimits.commandsPerSecond, now: now),
        requests: Budget(
          burst: GatewayLimits.requestBurst, perSecond: GatewayLimits.requestsPerSecond, now: now)))
  }

  /// Pays for a command.
  /// - Returns: nil, or the nanoseconds for which his devices had better say nothing.
  func spendCommand(_ cost: Double, now: Int64) -> Int64? {
    state.withLock { $0.commands.spend(cost, now: now) }
  }

  /// Does something for the user, and charges what it took beside what it was paid for: what is cheap on one machine
  /// isn't on another. On an event loop.
  func charging<Result>(_ body: () throws -> Result) rethrows -> Result {
    let began = ProcessorTime.nanoseconds
    defer {
      let cost = Double(ProcessorTime.nanoseconds - began) / GatewayLimits.nanosecondsPerCommand
      state.withLock { $0.commands.charge(cost, now: DeviceSession.now) }
    }
    return try body()
  }

  /// The same for what his devices send, whatever it is: to read it takes time, too, and not all of it is a command.
  /// - Returns: how long he had better not be listened to, if he is in debt.
  func metering(_ work: () -> Void) -> TimeAmount? {
    charging(work)
    return state.withLock { $0.commands.debt(now: DeviceSession.now) }.map { .nanoseconds($0) }
  }

  /// Pays for a request.
  func spendRequest(_ cost: Double, now: Int64) -> Int64? {
    state.withLock { $0.requests.spend(cost, now: now) }
  }

  /// Pays for a look through the library.
  /// - Returns: nil, or the nanoseconds until he may have another; to have asked too soon makes that no longer.
  func spendScan(now: Int64) -> Int64? {
    state.withLock { state in
      if let next = state.nextScan, now < next { return next - now }
      state.nextScan = now + GatewayLimits.scanNanoseconds
      return nil
    }
  }

  /// Whether there is room for one more connection.
  /// - Throws: `rate_limited` if he has as many as a user, or a token, may have.
  func checkConnection(token: String, isForStream: Bool) throws(DubplateError) {
    guard state.withLock({ $0.hasRoom(token: token, isForStream: isForStream) }) else { throw Self.full }
  }

  /// One more connection.
  /// - Throws: as ``checkConnection(token:isForStream:)``.
  func connect(token: String, isForStream: Bool) throws(DubplateError) {
    let isAdmitted = state.withLock { state in
      guard state.hasRoom(token: token, isForStream: isForStream) else { return false }
      state.connections += 1
      state.connectionsOfToken[token, default: 0] += 1
      return true
    }
    guard isAdmitted else { throw Self.full }
  }

  private static var full: DubplateError {
    DubplateError(
      .rateLimited, "too many connections", retryAfterMilliseconds: GatewayLimits.connectionRetryMilliseconds)
  }

  /// - Returns: how many connections are left.
  func disconnect(token: String) -> Int {
    state.withLock { state in
      state.connections -= 1
      let left = state.connectionsOfToken[token, default: 1] - 1
      state.connectionsOfToken[token] = left > 0 ? left : nil
      return state.connections
    }
  }
}

/// The allowances of all users who are connected, or have lately asked for something.
///
/// Of those who aren't connected two generations are kept, the present and the one before: who isn't heard of for a
/// whole one is forgotten, when his budgets have long been full again. Nothing is swept.
final class UserAllowances: Sendable {
  private struct State {
    var connected: [String: UserAllowance] = [:]
    var present: [String: UserAllowance] = [:]
    var former: [String: UserAllowance] = [:]
    var presentSince: Int64 = 0
  }

  private let state = Mutex(State())

  /// - Parameter now: monotonic nanoseconds.
  func allowance(of userId: String, now: Int64) -> UserAllowance {
    state.withLock { Self.find(userId, in: &$0, now: now) }
  }

  private static func find(_ userId: String, in state: inout State, now: Int64) -> UserAllowance {
    if let connected = state.connected[userId] { return connected }
    if now - state.presentSince > GatewayLimits.allowanceNanoseconds
      || state.present.count >= GatewayLimits.rememberedAllowances
    {
      state.former = state.present
      state.present = [:]
      state.presentSince = now
    }
    if let known = state.present[userId] { return known }
    let known = state.former.removeValue(forKey: userId) ?? UserAllowance(now: now)
    state.present[userId] = known
    return known
  }

  /// A connection of a user; ``disconnect(_:token:now:)`` must follow.
  func connect(
    _ userId: String, token: String, isForStream: Bool, now: Int64
  ) throws(DubplateError) -> UserAllowance {
    let result = state.withLock { state -> Result<UserAllowance, DubplateError> in
      let allowance = Self.find(userId, in: &state, now: now)
      do throws(DubplateError) {
        try allowance.connect(token: token, isForStream: isForStream)
      } catch {
        return .failure(error)
      }
      state.present[userId] = nil
      state.connected[userId] = allowance
      return .success(allowance)
    }
    return try result.get()
  }

  func disconnect(_ userId: String, token: String, now: Int64) {
    state.withLock { state in
      guard let allowance = state.connected[userId], allowance.disconnect(token: token) == 0 else { return }
      state.connected[userId] = nil
      state.present[userId] = allowance
    }
  }
}
