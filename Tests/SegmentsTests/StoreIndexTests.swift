import Testing

@testable import Segments

@Suite struct StoreIndexTests {
  private func name(_ index: Int, track: String = "aa", folder: String = "mp3-192-v2") -> StoreIndex.Name {
    StoreIndex.Name(track: track, folder: folder, index: index)
  }

  /// Against a list that is in order by construction: a thousand uses, removals and evictions of a fixed seed.
  @Test func itKeepsTheOrderOfUseWhateverHappens() {
    var index = StoreIndex()
    var model: [(name: StoreIndex.Name, bytes: Int)] = []
    var random: UInt64 = 42
    func next(_ bound: Int) -> Int {
      random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(random >> 33) % bound
    }
    for _ in 0..<5_000 {
      let name = name(next(20), track: "t\(next(6))", folder: "f\(next(3))")
      switch next(10) {
      case 0:
        index.remove(name)
        model.removeAll { $0.name == name }
      case 1:
        let budget = next(4_000)
        var expected: [StoreIndex.Name] = []
        while model.reduce(0, { $0 + $1.bytes }) > budget { expected.append(model.removeFirst().name) }
        #expect(index.evict(downTo: budget) { _ in false } == expected)
      default:
        let bytes = 1 + next(100)
        index.use(name, bytes: bytes)
        model.removeAll { $0.name == name }
        model.append((name, bytes))
      }
      #expect(index.count == model.count)
      #expect(index.totalBytes == model.reduce(0) { $0 + $1.bytes })
    }
    for (name, bytes) in model { #expect(index.bytes(of: name) == bytes) }
  }

  @Test func whatAWalkFindsComesBehindWhatWasUsedSince() {
    var index = StoreIndex()
    index.use(name(0), bytes: 10)
    index.beginWalk()
    var found: [StoreIndex.Number] = []
    for place in 1...3 { if let number = index.number(name(place)) { found.append(number) } }
    #expect(found.count == 3)
    index.use(name(9), bytes: 10)
    index.use(name(2), bytes: 10)
    for number in found { index.found(number, bytes: 10) }
    index.endWalk()
    #expect(index.bytes(of: name(0)) == nil, "it isn't there any more")
    #expect(index.evict(downTo: 0) { _ in false } == [name(3), name(1), name(9), name(2)])
  }

  @Test func aTrackOfWhichNothingIsLeftMakesRoomForAnother() {
    var index = StoreIndex()
    for number in 0..<100 {
      index.use(name(1, track: "t\(number)"), bytes: 1)
      index.remove(name(1, track: "t\(number)"))
    }
    index.use(name(1, track: "last"), bytes: 5)
    #expect(index.count == 1 && index.totalBytes == 5 && index.bytes(of: name(1, track: "last")) != nil)
    #expect(index.bytes(of: name(1, track: "t5")) == nil)
  }

  @Test func whatNoNumberCanSayIsLeftOut() {
    var index = StoreIndex()
    index.use(name(-1), bytes: 1)
    index.use(name(1 << 24), bytes: 1)
    #expect(index.count == 0 && index.totalBytes == 0)
  }
}
