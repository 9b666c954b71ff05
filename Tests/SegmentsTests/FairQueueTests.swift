import Testing

@testable import Segments

@Suite struct FairQueueTests {
  private static let second: Int64 = 1_000_000_000
  private static let millisecond: Int64 = 1_000_000

  /// SplitMix64.
  private struct Seeded: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var mixed = state
      mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
      mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
      return mixed ^ (mixed >> 31)
    }
  }

  /// The same rules without any care for speed.
  private struct Model {
    struct Job {
      var owner: String?
      var deadline: Int64
      var order: Int
      var bytes: Int
      var left: Int
    }

    let threads: Int
    let bounds: FairQueue<Int>.Bounds
    var waiting: [Int: Job] = [:]
    var started: [Int: Int] = [:]
    var paidUntil: [String: Int64] = [:]
    var orders = 0

    func debt(_ owner: String?, _ now: Int64) -> Int64 { max(0, (owner.flatMap { paidUntil[$0] } ?? 0) - now) }

    mutating func insert(_ id: Int, _ job: Job) {
      orders += 1
      waiting[id] = job
      waiting[id]?.order = orders
    }

    mutating func expedite(_ id: Int, _ owner: String?, _ deadline: Int64, _ now: Int64) {
      guard let job = waiting[id] else { return }
      let (old, new) = (debt(job.owner, now), debt(owner, now))
      guard new < old || deadline < job.deadline else { return }
      orders += 1
      waiting[id]?.order = orders
      waiting[id]?.deadline = min(deadline, job.deadline)
      if new < old { waiting[id]?.owner = owner }
    }

    /// All that may come next: one, but for those whose users owe the same.
    func candidates(_ now: Int64) -> Set<Int> {
      let tolerance = SegmentLimits.debtToleranceNanoseconds
      let solvent = waiting.filter { debt($0.value.owner, now) <= tolerance }
      let least = waiting.values.map { debt($0.owner, now) }.min() ?? 0
      let group = solvent.isEmpty ? waiting.filter { debt($0.value.owner, now) == least } : solvent
      func first(_ jobs: [Int: Job]) -> Int? {
        jobs.min { ($0.value.deadline, $0.value.order) < ($1.value.deadline, $1.value.order) }?.key
      }
      let firsts =
        solvent.isEmpty
        ? Set(group.values.map(\.owner)).compactMap { owner in first(group.filter { $0.value.owner == owner }) }
        : [first(group)].compactMap(\.self)
      let bytes = started.values.reduce(0, +)
      return Set(
        firsts.compactMap { id -> Int? in
          guard let job = waiting[id] else { return nil }
          if started[id] != nil || started.isEmpty
            || (started.count < bounds.started && bytes + job.bytes <= bounds.startedBytes)
          {
            return id
          }
          return waiting.filter { started[$0.key] != nil }.min {
            ($0.value.left, $0.value.deadline, $0.value.order) < ($1.value.left, $1.value.deadline, $1.value.order)
          }?.key
        })
    }

    mutating func charge(_ owner: String, _ cost: Int64, _ now: Int64) {
      let price = Double(SegmentLimits.ownerShare) / Double(threads)
      let paid = max(paidUntil[owner] ?? .min, now) + Int64(Double(cost) * price)
      paidUntil[owner] = min(paid, now + SegmentLimits.debtHorizonNanoseconds)
    }
  }

  @Test(arguments: 0..<20 as Range<UInt64>) func itDoesWhatItsModelDoes(seed: UInt64) {
    var random = Seeded(state: seed)
    let bounds = FairQueue<Int>.Bounds(started: 4, startedBytes: 100)
    var queue = FairQueue<Int>(threads: 2, bounds: bounds)
    var model = Model(threads: 2, bounds: bounds)
    let owners: [String?] = ["a", "b", "c", "d", nil]
    var running: [(id: Int, owner: String?)] = []
    var (now, next): (Int64, Int) = (Self.second, 0)
    for step in 0..<600 {
      now += Int64.random(in: 0..<200 * Self.millisecond, using: &random)
      let owner = owners.randomElement(using: &random) ?? nil
      let deadline = Bool.random(using: &random) ? now + Int64.random(in: 0..<Self.second, using: &random) : .max
      switch Int.random(in: 0..<11, using: &random) {
      case 0...3:
        let bytes = Int.random(in: 0..<60, using: &random)
        queue.insert(next, owner: owner, deadline: deadline, bytes: bytes, now: now)
        model.insert(next, .init(owner: owner, deadline: deadline, order: 0, bytes: bytes, left: 0))
        next += 1
      case 4:
        let id = Int.random(in: 0..<max(1, next), using: &random)
        queue.expedite(id, owner: owner, deadline: deadline, now: now)
        model.expedite(id, owner, deadline, now)
      case 10:
        let id = Int.random(in: 0..<max(1, next), using: &random)
        let waited = model.waiting.removeValue(forKey: id) != nil
        if waited { model.started[id] = nil }
        #expect(queue.remove(id, now: now) == waited)
      case 5...7:
        let possible = model.candidates(now)
        let taken = queue.takeNext(now: now)
        guard let taken else {
          #expect(possible.isEmpty, "step \(step): nothing was taken")
          break
        }
        guard possible.contains(taken.id) else {
          Issue.record("seed \(seed), step \(step): took \(taken), not one of \(possible)")
          return
        }
        let job = model.waiting.removeValue(forKey: taken.id)
        #expect(job?.owner == taken.owner)
        model.started[taken.id] = model.started[taken.id] ?? job?.bytes
        running.append(taken)
      default:
        guard !running.isEmpty else { break }
        let job = running.remove(at: Int.random(in: 0..<running.count, using: &random))
        let cost = Int64.random(in: 0..<Self.second, using: &random)
        queue.charge(job.owner, nanoseconds: cost, now: now)
        if let owner = job.owner { model.charge(owner, cost, now) }
        if Bool.random(using: &random) {
          queue.end(job.id)
          model.started[job.id] = nil
        } else {
          let left = Int.random(in: 0..<5, using: &random)
          let bytes = model.started[job.id] ?? 0
          queue.insert(job.id, owner: job.owner, deadline: deadline, bytes: bytes, left: left, now: now)
          model.insert(job.id, .init(owner: job.owner, deadline: deadline, order: 0, bytes: bytes, left: left))
        }
      }
      #expect(queue.count == model.waiting.count && queue.startedCount == model.started.count)
      #expect(queue.startedCount <= bounds.started)
    }
  }

  /// A machine of two encoder threads in time of its own: some users want a segment now and then, and one may do
  /// anything.
  private struct Machine {
    struct Job {
      var owner: String
      var asked: Int64
      var deadline: Int64
      var left: Int
      var hasBegun = false
    }

    var queue = FairQueue<Int>(threads: 2)
    var jobs: [Int: Job] = [:]
    var next = 0
    /// Nanoseconds to the first piece, by owner; and work done.
    var firstPieces: [String: [Int64]] = [:]
    var done: [String: Int] = [:]

    mutating func ask(_ owner: String, deadline: Int64, now: Int64) {
      jobs[next] = Job(owner: owner, asked: now, deadline: deadline, left: 9)
      queue.insert(next, owner: owner, deadline: deadline, bytes: 1 << 20, left: 9, now: now)
      next += 1
    }

    func pending(_ owner: String) -> Int { jobs.values.count { $0.owner == owner } }

    /// One tick of two milliseconds: both threads make a piece of a quarter of a second of sound each.
    mutating func tick(_ now: Int64) {
      let running = [queue.takeNext(now: now), queue.takeNext(now: now)].compactMap(\.self)
      let end = now + 2_000_000
      for (id, owner) in running {
        guard var job = jobs[id] else { continue }
        if !job.hasBegun { firstPieces[job.owner, default: []].append(end - job.asked) }
        job.hasBegun = true
        job.left -= 1
        if job.deadline < .max { job.deadline += 250_000_000 }
        done[job.owner, default: 0] += 1
        queue.charge(owner, nanoseconds: 2_000_000, now: end)
        jobs[id] = job.left > 0 ? job : nil
        if job.left > 0 {
          queue.insert(id, owner: owner, deadline: job.deadline, bytes: 1 << 20, left: job.left, now: end)
        } else {
          queue.end(id)
        }
      }
    }
  }

  @Test(arguments: 0..<4 as Range<UInt64>) func oneWhoAsksForEverythingTakesNobodysFirstSound(seed: UInt64) {
    var random = Seeded(state: seed)
    var machine = Machine()
    for tick in 0..<20_000 {
      let now = Int64(tick) * 2_000_000
      while machine.pending("greedy") < SegmentLimits.jobsPerOwner { machine.ask("greedy", deadline: now, now: now) }
      // Fifty who begin or jump every two seconds or so: not quite half of the machine.
      for user in 0..<50 where Int.random(in: 0..<1_000, using: &random) == 0 {
        machine.ask("user\(user)", deadline: now, now: now)
      }
      machine.tick(now)
    }
    let waits = machine.firstPieces.filter { $0.key != "greedy" }.values.joined().sorted()
    #expect(waits.count > 500)
    // Behind one another, and not behind him: his first stroke alone is a quarter of a second of both threads.
    #expect(waits[waits.count * 99 / 100] < 60_000_000, "\(waits[waits.count * 99 / 100])")
    #expect((waits.last ?? 0) < 300_000_000)
    // And nothing lies idle.
    #expect(machine.done.values.reduce(0, +) == 40_000)
  }

  @Test func oneAloneHasTheWholeMachineAndTwoShareIt() {
    var machine = Machine()
    for tick in 0..<5_000 {
      let now = Int64(tick) * 2_000_000
      while machine.pending("a") < 16 { machine.ask("a", deadline: now, now: now) }
      machine.tick(now)
    }
    #expect(machine.done["a"] == 10_000)
    for tick in 5_000..<15_000 {
      let now = Int64(tick) * 2_000_000
      while machine.pending("a") < 16 { machine.ask("a", deadline: now, now: now) }
      while machine.pending("b") < 16 { machine.ask("b", deadline: now, now: now) }
      machine.tick(now)
    }
    // What the one had while nobody else wanted it isn't held against him for long.
    let (a, b) = ((machine.done["a"] ?? 0) - 10_000, machine.done["b"] ?? 0)
    #expect(a + b == 20_000)
    #expect(a > 7_000 && b > 7_000, "\(a) \(b)")
  }

  @Test func deadlinesDecideAmongThoseWithinTheirShare() {
    var queue = FairQueue<Int>(threads: 2)
    let deadlines = (0..<100).map { Int64(($0 * 37) % 100) }
    for (id, deadline) in deadlines.enumerated() {
      queue.insert(id, owner: "user\(id % 7)", deadline: deadline, now: 0)
    }
    var taken: [Int64] = []
    while let next = queue.takeNext(now: 0) {
      taken.append(deadlines[next.id])
      queue.charge(next.owner, nanoseconds: 1_000, now: 0)
      queue.end(next.id)
    }
    #expect(taken == deadlines.sorted())
  }

  @Test func aJobThatSomebodyElseWantsTooGoesOnForWhoTakesLess() {
    var queue = FairQueue<Int>(threads: 2)
    queue.charge("greedy", nanoseconds: 10 * Self.second, now: 0)
    queue.insert(1, owner: "greedy", deadline: 0, now: 0)
    queue.insert(2, owner: "other", deadline: 500, now: 0)
    queue.expedite(1, owner: "modest", deadline: 100, now: 0)
    let first = queue.takeNext(now: 0)
    #expect(first?.id == 1 && first?.owner == "modest")
  }

  @Test func whatCannotBeginWaitsForTheOneThatIsClosestToItsEnd() {
    var queue = FairQueue<Int>(threads: 1, bounds: .init(started: 2, startedBytes: 100))
    for id in 1...2 {
      queue.insert(id, owner: "a", deadline: Int64(id), bytes: 50, now: 0)
      #expect(queue.takeNext(now: 0)?.id == id)
    }
    queue.insert(3, owner: "b", deadline: 0, bytes: 50, now: 0)
    #expect(queue.takeNext(now: 0)?.id == nil, "both that have begun are running")
    queue.insert(1, owner: "a", deadline: 5_000, bytes: 50, left: 1, now: 0)
    queue.insert(2, owner: "a", deadline: 4_000, bytes: 50, left: 2, now: 0)
    #expect(queue.takeNext(now: 0)?.id == 1)
    queue.end(1)
    #expect(queue.takeNext(now: 0)?.id == 3)
    #expect(queue.startedCount == 2)
  }
}
