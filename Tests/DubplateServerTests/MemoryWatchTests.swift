import Testing

@testable import DubplateServer

@Suite struct MemoryWatchTests {
  /// Megabytes and what is left when they are given back; nil where they are not to be.
  @Test func memoryIsGivenBackWhenTheProcessHasGrownAndNotAgainUntilItGrows() {
    let steps: [(size: Int, left: Int?)] = [
      (100, nil), (90, nil), (100, nil), (121, nil), (122, 117), (122, nil), (117, nil), (148, nil), (149, 80),
      (111, nil), (112, 110),
    ]
    var watch = MemoryWatch()
    for (size, left) in steps {
      let isWorthIt = watch.hasGrown(size << 20)
      #expect(isWorthIt == (left != nil), "\(size)")
      if let left { watch.gaveBack(leaving: left << 20) }
    }
  }
}
