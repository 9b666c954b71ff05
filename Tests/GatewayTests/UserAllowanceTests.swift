import NIOCore
import Segments
import SocketIO
import TestSupport
import Testing

@testable import Gateway

@Suite struct UserAllowanceTests {
  private static let second: Int64 = 1_000_000_000

  @Test func allConnectionsOfAUserSpendOneBudget() throws {
    let allowances = UserAllowances()
    let devices = try (0..<8).map {
      try allowances.connect("anna", token: "t\($0)", isForStream: false, now: 0)
    }
    var spent = 0
    while devices[spent % 8].spendCommand(1, now: 0) == nil { spent += 1 }
    #expect(Double(spent) == GatewayLimits.commandBurst)
    for device in devices { #expect(device.spendCommand(1, now: 0) != nil) }
    // Nobody else pays for it, and requests have a budget of their own.
    #expect(allowances.allowance(of: "ben", now: 0).spendCommand(1, now: 0) == nil)
    #expect(allowances.allowance(of: "anna", now: 0).spendRequest(1, now: 0) == nil)
  }

  @Test func leavingAndComingBackBringsNoNewBudget() throws {
    let allowances = UserAllowances()
    for round in 0..<3 {
      let allowance = try allowances.connect("anna", token: "t", isForStream: false, now: Int64(round))
      while allowance.spendCommand(1, now: Int64(round)) == nil { #expect(round == 0) }
      allowances.disconnect("anna", token: "t", now: Int64(round))
    }
    #expect(allowances.allowance(of: "anna", now: 4).spendCommand(1, now: 4) != nil)
    // Others come by the thousand; a user who is heard of in every generation keeps his.
    for step in 0..<20 {
      let now = Int64(step) * Self.second * 5
      for other in 0..<100 { _ = allowances.allowance(of: "other\(step)-\(other)", now: now) }
      let allowance = allowances.allowance(of: "anna", now: now)
      if step > 0 { #expect(allowance === allowances.allowance(of: "anna", now: now)) }
    }
  }

  @Test func aUserAndATokenHaveSoManyConnections() throws {
    let allowances = UserAllowances()
    func connect(_ token: String, isForStream: Bool = false) -> Bool {
      (try? allowances.connect("anna", token: token, isForStream: isForStream, now: 0)) != nil
    }
    #expect((0..<10).map { _ in connect("stream", isForStream: true) }.count { $0 } == 4)
    #expect((0..<200).map { _ in connect("first") }.count { $0 } == GatewayLimits.connectionsPerToken)
    let left = GatewayLimits.connectionsPerUser - GatewayLimits.connectionsPerToken - 4
    #expect((0..<200).map { connect("second-\($0)") }.count { $0 } == left)
    let refusal = #expect(throws: DubplateError.self) {
      try allowances.connect("anna", token: "third", isForStream: false, now: 0)
    }
    #expect(refusal?.code == .rateLimited && refusal?.retryAfterMilliseconds != nil)
    allowances.disconnect("anna", token: "first", now: 0)
    #expect(connect("third") && !connect("third"))
  }

  /// Comes and goes at random, with users of few and of many connections: counts are right, and nothing is left.
  @Test func whoHasLeftHasLeft() throws {
    var random = SeededGenerator(seed: 5)
    let allowances = UserAllowances()
    var open: [(user: String, token: String)] = []
    for step in 0..<5_000 {
      let now = Int64(step) * Self.second / 10
      if Bool.random(using: &random) || open.isEmpty {
        let connection = (
          user: "u\(Int.random(in: 0..<5, using: &random))", token: "t\(Int.random(in: 0..<3, using: &random))"
        )
        _ = try allowances.connect(connection.user, token: connection.token, isForStream: false, now: now)
        open.append(connection)
      } else {
        let gone = open.remove(at: Int.random(in: 0..<open.count, using: &random))
        allowances.disconnect(gone.user, token: gone.token, now: now)
      }
      if open.count > 150 {
        for gone in open { allowances.disconnect(gone.user, token: gone.token, now: now) }
        open = []
      }
    }
    for gone in open { allowances.disconnect(gone.user, token: gone.token, now: 500 * Self.second) }
    for user in 0..<5 {
      for _ in 0..<GatewayLimits.connectionsPerToken {
        _ = try allowances.connect("u\(user)", token: "t0", isForStream: false, now: 500 * Self.second)
      }
    }
  }

  @Test(arguments: [
    (SocketValue.object([:]), 1.0), (.object(["volume": 0.5]), 1),
    (.object(["tracks": .array((0..<10_000).map { .string("t\($0)") })]), 41),
    (.string(String(repeating: "x", count: 1_000_000)), 63), (.array((0..<500).map { .array([.int($0)]) }), 5),
    (.object([String(repeating: "k", count: 1_000_000): 0]), 63),
    (.array([.object([String(repeating: "k", count: 1_000_000): .object([:])])]), 63),
  ]) func aCommandCostsWhatItBrings(payload: SocketValue, cost: Double) {
    #expect(Command.cost(of: "volume_change", [payload]) == cost)
  }

  @Test func theNameOfACommandHasItsWeightToo() {
    #expect(Command.cost(of: String(repeating: "n", count: 1_000_000), [.object([:])]) == 63)
  }

  @Test func aUserHasTheLibraryLookedThroughOnceAMinuteAndIsRememberedForAsLong() {
    let allowances = UserAllowances()
    func spend(_ user: String, at second: Int64) -> Int64? {
      allowances.allowance(of: user, now: second * Self.second).spendScan(now: second * Self.second)
    }
    #expect(spend("ada", at: 100) == nil)
    #expect(spend("bob", at: 100) == nil)
    // Others come and go meanwhile, and generations of them with it.
    for second in Int64(101)..<159 { _ = allowances.allowance(of: "u\(second)", now: second * Self.second) }
    for second in Int64(101)..<160 { #expect(spend("ada", at: second) == (160 - second) * Self.second) }
    #expect(spend("ada", at: 160) == nil)
    #expect(spend("bob", at: 160) == nil)
  }

  @Test func whateverTakesTimeIsChargedAndWhoOwesIsNotListenedTo() throws {
    let allowance = UserAllowance(now: 0)
    let idle = allowance.metering {
      let end = ProcessorTime.nanoseconds + Int64(GatewayLimits.nanosecondsPerCommand)
      while ProcessorTime.nanoseconds < end {}
    }
    #expect(idle == nil)
    // One less than there can be at a stroke.
    #expect(allowance.spendCommand(GatewayLimits.commandBurst, now: 0) != nil)
    for _ in 0..<100 { _ = allowance.spendCommand(GatewayLimits.commandBurst, now: 0) }
    let pause = try #require(allowance.metering {})
    #expect(pause > .zero && Double(pause.nanoseconds) / 1e9 <= GatewayLimits.longestPenalty + 0.1)
  }
}
