import Testing

@testable import Playback

@Suite struct PlayQueueTests {
  /// A queue of tracks a, b, c … that plays the one at `index`.
  private func queue(_ tracks: String, at index: Int = 0, shuffle: Bool = false, seed: UInt64 = 1) throws -> PlayQueue {
    var random = QueueRandom(seed: seed)
    var queue = PlayQueue()
    try queue.set(tracks: tracks.map(String.init), index: index, shuffle: shuffle, using: &random)
    return queue
  }

  private func tracks(_ queue: PlayQueue) -> String { queue.items.map(\.trackId).joined() }

  @Test func aNewQueueIsEmptyAndHasNothingToPlay() throws {
    var queue = PlayQueue()
    #expect(queue.current == nil && queue.index == nil && queue.version == 0)
    #expect(queue.peekAfterCurrent() == nil)
    #expect(throws: SessionError.queueEnded) { try queue.next() }
    #expect(throws: SessionError.queueEnded) { try queue.previous(position: 0) }
    let advanced = queue.advance()
    #expect(advanced == nil)
    #expect(queue.version == 0)
    try queue.add(["a", "b"])
    #expect(queue.current?.trackId == "a")
  }

  @Test func playNextComesDirectlyBehindTheCurrentItemAndKeepsItsOrder() throws {
    var queue = try queue("abc", at: 1)
    try queue.add(["x", "y"], at: .next)
    try queue.add(["z"], at: .next)
    try queue.add(["e"])
    #expect(tracks(queue) == "abzxyce")
    #expect(queue.current?.trackId == "b")
  }

  @Test func idsAreNeverGivenTwice() throws {
    var random = QueueRandom(seed: 1)
    var queue = try queue("abc")
    let first = queue.items.map(\.id)
    queue.clear(all: true)
    try queue.set(tracks: ["a", "b", "c"], using: &random)
    #expect(Set(first).isDisjoint(with: queue.items.map(\.id)))
    #expect(throws: SessionError.unknownItem) { try queue.jump(to: first[0]) }
  }

  @Test func movingKeepsTheCurrentItemCurrent() throws {
    var queue = try queue("abcd", at: 1)
    try queue.move(item: queue.items[3].id, to: 0)
    #expect(tracks(queue) == "dabc")
    #expect(queue.current?.trackId == "b")
    try queue.move(item: queue.items[2].id, to: 3)
    #expect(tracks(queue) == "dacb")
    #expect(queue.index == 3)
  }

  @Test func removingTheCurrentItemGoesOnToTheNext() throws {
    var queue = try queue("abcd", at: 1)
    let removal = try queue.remove(items: [queue.items[1].id, queue.items[2].id])
    #expect(removal == .next(queue.items[1]))
    #expect(tracks(queue) == "ad" && queue.current?.trackId == "d")
    let last = try queue.remove(items: [queue.items[1].id])
    #expect(last == .ended)
    #expect(queue.current?.trackId == "a")
  }

  @Test func removingTheLastItemWhileAllRepeatsGoesOnToTheFirst() throws {
    var queue = try queue("abc", at: 2)
    queue.setRepeat(.all)
    let removal = try queue.remove(items: [queue.items[2].id])
    #expect(removal == .next(queue.items[0]))
  }

  @Test func clearingKeepsWhatPlaysUnlessAllShallGo() throws {
    var queue = try queue("abc", at: 1)
    let kept = queue.clear()
    #expect(kept == .undisturbed)
    #expect(tracks(queue) == "b" && queue.index == 0)
    let none = queue.clear(all: true)
    #expect(none == .ended)
    #expect(queue.items.isEmpty && queue.current == nil)
  }

  @Test func aListenersNextLeavesARepeatedItemButItsEndDoesNot() throws {
    var queue = try queue("ab")
    queue.setRepeat(.one)
    let again = queue.advance()
    #expect(again?.trackId == "a")
    let next = try queue.next()
    #expect(next.trackId == "b")
    let round = try queue.next()
    #expect(round.trackId == "a")
  }

  @Test func atItsEndItStopsWithTheFirstItemReadyToPlay() throws {
    var queue = try queue("ab", at: 1)
    #expect(throws: SessionError.queueEnded) { try queue.next() }
    #expect(queue.current?.trackId == "b")
    let advanced = queue.advance()
    #expect(advanced == nil)
    #expect(queue.current?.trackId == "a")
  }

  @Test(arguments: [(3.0, "a"), (3.1, "b")]) func backRestartsATrackThatHasPlayedMoreThanThreeSeconds(
    position: Double, track: String
  ) throws {
    var queue = try queue("ab", at: 1)
    try queue.previous(position: position)
    #expect(queue.current?.trackId == track)
  }

  @Test func backFromTheFirstItemRestartsItOrWrapsRound() throws {
    var queue = try queue("abc")
    let first = try queue.previous(position: 0)
    #expect(first == .restart(queue.items[0]))
    queue.setRepeat(.all)
    let last = try queue.previous(position: 0)
    #expect(last == .item(queue.items[2]))
  }

  @Test(arguments: UInt64(0)..<30) func shuffledEveryItemPlaysOnceARoundAndNoneTwiceInARow(seed: UInt64) throws {
    var random = QueueRandom(seed: seed)
    var queue = try queue("abcdefgh", at: 3)
    queue.setRepeat(.all)
    queue.setShuffle(true, using: &random)
    #expect(queue.index == 0 && queue.current?.trackId == "d")
    var rounds: Set<String> = []
    for _ in 0..<5 {
      var round = ""
      for _ in 0..<8 {
        let current = try #require(queue.current)
        round += current.trackId
        let announced = queue.peekAfterCurrent()
        let next = queue.advance()
        #expect(next == announced)
        #expect(next != current)
      }
      #expect(round.sorted() == Array("abcdefgh"))
      rounds.insert(round)
    }
    #expect(rounds.count > 1)
  }

  @Test func aPermutationCanBeginWithEveryItemAndEndWithEveryItem() throws {
    var (second, last): (Set<String>, Set<String>) = ([], [])
    for seed in UInt64(0)..<200 {
      let queue = try queue("abcd", shuffle: true, seed: seed)
      second.insert(queue.items[1].trackId)
      last.insert(queue.items[3].trackId)
    }
    #expect(second == ["b", "c", "d"] && last == second)
  }

  @Test func unshufflingRestoresTheOrderWithWhatWasAddedMeanwhile() throws {
    var random = QueueRandom(seed: 5)
    var queue = try queue("abcdef", at: 2)
    queue.setShuffle(true, using: &random)
    try queue.add(["x", "y"], at: .next)
    try queue.add(["z"], at: .end)
    #expect(tracks(queue).hasPrefix("cxy") && tracks(queue).hasSuffix("z"))
    queue.setShuffle(false, using: &random)
    #expect(tracks(queue) == "abcxydefz")
    #expect(queue.current?.trackId == "c")
  }

  @Test func shuffledWithoutAnIndexItBeginsAnywhere() throws {
    var starts: Set<String> = []
    for seed in UInt64(0)..<100 {
      var random = QueueRandom(seed: seed)
      var queue = PlayQueue()
      try queue.set(tracks: ["a", "b", "c"], shuffle: true, using: &random)
      starts.insert(try #require(queue.current).trackId)
    }
    #expect(starts == ["a", "b", "c"])
  }

  @Test func aCommandForAnotherVersionIsRefused() throws {
    let queue = try queue("ab")
    try queue.check(version: nil)
    try queue.check(version: queue.version)
    #expect(throws: SessionError.staleVersion) { try queue.check(version: queue.version - 1) }
  }

  @Test func itHoldsTenThousandItemsAndNoneMore() throws {
    var random = QueueRandom(seed: 1)
    var queue = PlayQueue()
    let many = [String](repeating: "a", count: PlaybackLimits.queueItems)
    #expect(throws: SessionError.queueFull) { try queue.set(tracks: many + ["b"], using: &random) }
    try queue.set(tracks: many, using: &random)
    let full = queue
    #expect(throws: SessionError.queueFull) { try queue.add(["b"], at: .next) }
    #expect(queue == full)
  }

  @Test func idsAndNamesOfAnyLengthAreRefused() throws {
    var random = QueueRandom(seed: 1)
    var queue = PlayQueue()
    let long = String(repeating: "x", count: 257)
    #expect(throws: SessionError.badRequest("")) { try queue.add([long]) }
    #expect(throws: SessionError.badRequest("")) { try queue.add([""]) }
    let context = PlayQueue.Context(kind: "playlist", id: "1", name: long)
    #expect(throws: SessionError.badRequest("")) { try queue.set(tracks: ["a"], context: context, using: &random) }
    #expect(queue == PlayQueue())
  }

  @Test func aWindowLiesAroundTheCurrentItemAndInsideTheQueue() throws {
    var random = QueueRandom(seed: 1)
    var queue = PlayQueue()
    try queue.set(tracks: (0..<1_000).map(String.init), index: 500, using: &random)
    let around = queue.window()
    #expect(around.offset == 480 && around.items.count == 100 && around.total == 1_000)
    #expect(around.items.first?.trackId == "480")
    try queue.jump(toIndex: 999)
    #expect(queue.window().offset == 900)
    try queue.jump(toIndex: 3)
    #expect(queue.window(limit: 10).offset == 1)
    #expect(queue.window(offset: 990, limit: .max).items.count == 10)
    #expect(queue.window(offset: 0, limit: .max).items.count == 500)
    #expect(queue.window(offset: .max).items.isEmpty)
    #expect(queue.window(offset: .min, limit: .min).items.isEmpty)
  }
}
