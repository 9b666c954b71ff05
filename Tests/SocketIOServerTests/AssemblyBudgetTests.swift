import Synchronization
import TestSupport
import Testing

@testable import SocketIOServer

@Suite struct AssemblyBudgetTests {
  @Test func theOldestGoAndOnlyAsManyAsNeeded() async throws {
    let budget = AssemblyBudget(limit: 100_000)
    let shed = Mailbox<Int>()
    var first = AssemblyShare(of: budget)
    var second = AssemblyShare(of: budget)
    var third = AssemblyShare(of: budget)
    first.hold(40_000, of: .anna) { { shed.put(1) } }
    second.hold(40_000, of: .anna) { { shed.put(2) } }
    first.hold(45_000, of: .anna) { { shed.put(1) } }
    third.hold(30_000, of: .anna) { { shed.put(3) } }
    #expect(try await shed.next() == 1)
    #expect(budget.bytes == 70_000)
    // Who was told to go and hasn't yet counts no more.
    first.hold(90_000, of: .anna) { { shed.put(1) } }
    #expect(budget.bytes == 70_000)
    second.release()
    third.hold(100, of: .anna) { { shed.put(3) } }
    #expect(budget.bytes == 0)
    first.release()
    #expect(budget.bytes == 0)
  }

  @Test func whatIsForgottenIsReleased() {
    let budget = AssemblyBudget(limit: 1 << 20)
    do {
      var share = AssemblyShare(of: budget)
      share.hold(500_000, of: .anna) { {} }
      #expect(budget.bytes == 500_000)
    }
    #expect(budget.bytes == 0)
  }

  @Test func whatIsSmallIsNotCounted() {
    let budget = AssemblyBudget(limit: 1)
    var share = AssemblyShare(of: budget)
    share.hold(ServerLimits.uncountedAssemblyBytes, of: .anna) { { Issue.record("shed for nothing") } }
    #expect(budget.bytes == 0)
    share.release()
  }

  /// Holds, changes and releases at random, of guests and members: whoever goes is of those that hold most then, guests
  /// first, and the oldest of his; never more is held than the budget, and nobody goes while there is room.
  @Test(arguments: 0..<10 as Range<UInt64>) func whoHoldsMostMakesRoom(seed: UInt64) throws {
    struct Model {
      var bytes: Int
      var owner: AssemblyBudget.Owner
      var order: Int
    }
    var random = SeededGenerator(seed: seed)
    let limit = 1_000_000
    let budget = AssemblyBudget(limit: limit)
    let shed = Mutex<[Int]>([])
    var shares: [Int: AssemblyShareBox] = [:]
    var model: [Int: Model] = [:]
    func total(_ owner: AssemblyBudget.Owner) -> Int {
      model.values.reduce(0) { $0 + ($1.owner == owner ? $1.bytes : 0) }
    }
    for step in 0..<3_000 {
      let known = Int.random(in: 0..<3, using: &random) > 0 ? shares.keys.sorted().randomElement(using: &random) : nil
      let key = known ?? step
      if known != nil, Int.random(in: 0..<4, using: &random) == 0 {
        shares.removeValue(forKey: key)?.share.release()
        model[key] = nil
        continue
      }
      let box = shares[key] ?? AssemblyShareBox(budget)
      shares[key] = box
      let owner = AssemblyBudget.Owner(
        isGuest: Int.random(in: 0..<3, using: &random) == 0, name: .account("u\(Int.random(in: 0..<4, using: &random))")
      )
      let bytes = Int.random(in: 16_385...200_000, using: &random)
      box.share.hold(bytes, of: owner) { { shed.withLock { $0.append(key) } } }
      if known == nil || model[key] != nil {
        model[key] = Model(bytes: bytes, owner: owner, order: model[key]?.order ?? step)
      }
      for gone in shed.withLock({ victims in
        defer { victims = [] }; return victims
      }) {
        let went = try #require(model[gone])
        #expect(model.values.reduce(0) { $0 + $1.bytes } > limit, "there was room")
        #expect(went.owner.isGuest || !model.values.contains { $0.owner.isGuest }, "a member went before a guest")
        let rivals = model.values.filter { $0.owner.isGuest == went.owner.isGuest }
        #expect(!rivals.contains { total($0.owner) > total(went.owner) }, "another held more")
        #expect(!rivals.contains { $0.owner == went.owner && $0.order < went.order }, "another was older")
        model[gone] = nil
      }
      try #require(budget.bytes == model.values.reduce(0) { $0 + $1.bytes } && budget.bytes <= limit)
    }
  }
}

private final class AssemblyShareBox {
  var share: AssemblyShare
  init(_ budget: AssemblyBudget) { share = AssemblyShare(of: budget) }
}

extension AssemblyBudget.Owner {
  fileprivate static let anna = AssemblyBudget.Owner(isGuest: false, name: .account("anna"))
}
