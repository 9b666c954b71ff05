import Testing

@testable import Segments

@Suite struct LRUIndexTests {
  @Test func evictsTheLeastRecentlyUsed() {
    var index = LRUIndex<String, Int>()
    for (number, key) in ["a", "b", "c"].enumerated() { index.insert(number, cost: 10, for: key) }
    let used = index.use("a")
    #expect(used == 0)
    let first = index.evict(downTo: 20).map(\.key)
    #expect(first == ["b"])
    let rest = index.evict(downTo: 0).map(\.key)
    #expect(rest == ["c", "a"])
    #expect(index.totalCost == 0 && index.count == 0)
  }

  @Test func aReplacedValueCostsOnce() {
    var index = LRUIndex<String, Int>()
    index.insert(1, cost: 10, for: "a")
    index.insert(2, cost: 4, for: "a")
    #expect(index.totalCost == 4)
    let removed = index.remove("a")
    #expect(removed == 2)
    #expect(index.totalCost == 0)
    let again = index.remove("a")
    #expect(again == nil)
  }

  @Test func agreesWithASimpleModelUnderRandomUse() {
    var generator = SplitMix64(seed: 7)
    var index = LRUIndex<Int, Int>()
    var model: [(key: Int, cost: Int)] = []  // oldest first
    for _ in 0..<20_000 {
      let key = Int.random(in: 0..<50, using: &generator)
      switch Int.random(in: 0..<4, using: &generator) {
      case 0:
        let found = model.firstIndex { $0.key == key }
        let used = index.use(key)
        #expect((used != nil) == (found != nil))
        if let found { model.append(model.remove(at: found)) }
      case 1:
        let cost = Int.random(in: 1...9, using: &generator)
        model.removeAll { $0.key == key }
        model.append((key, cost))
        index.insert(key, cost: cost, for: key)
      case 2:
        model.removeAll { $0.key == key }
        index.remove(key)
      default:
        let evicted = index.evict(downTo: 100).map(\.key)
        var expected: [Int] = []
        while model.reduce(0, { $0 + $1.cost }) > 100 { expected.append(model.removeFirst().key) }
        #expect(evicted == expected)
      }
      #expect(index.totalCost == model.reduce(0) { $0 + $1.cost })
    }
  }
}

/// A small generator with a seed, so that a failure can be repeated (Steele, Lea, Flood 2014).
struct SplitMix64: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
