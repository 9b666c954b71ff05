import Foundation
import Logging
import NIOCore
import Testing

@testable import Segments

@Suite struct SegmentStoreTests {
  private let folder: TemporaryFolder
  private let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

  init() throws {
    folder = try TemporaryFolder()
  }

  private func store(budget: Int = 1 << 20) throws -> SegmentStore {
    try SegmentStore(root: folder.url, budgetBytes: budget, logger: logger)
  }

  @Test func whatIsSavedIsFoundAlsoAfterARestart() throws {
    let segment = Segment.fake()
    let first = try store()
    first.buildIndex()
    #expect(!first.mayContain(segment.key))
    #expect(first.load(segment.key) == nil)
    first.save(segment)
    #expect(first.load(segment.key)?.frames == segment.frames)
    let second = try store()
    second.buildIndex()
    #expect(second.mayContain(segment.key))
    #expect(second.load(segment.key)?.frames == segment.frames)
    #expect(second.counters.segments == 1)
  }

  @Test func theLeastRecentlyUsedGoWhenTheBudgetIsSpent() throws {
    let size = SegmentFile.encode(.fake()).readableBytes
    let store = try store(budget: size * 3)
    store.buildIndex()
    for index in 0..<3 { store.save(.fake(index: index)) }
    #expect(store.load(Segment.fake(index: 0).key) != nil)
    store.save(.fake(index: 3))
    #expect(store.load(Segment.fake(index: 1).key) == nil)
    #expect(store.load(Segment.fake(index: 0).key) != nil)
    #expect(folder.files().count == 3)
    #expect(store.counters.bytes <= size * 3)
  }

  @Test func aSmallerBudgetHoldsFromTheNextStart() throws {
    let size = SegmentFile.encode(.fake()).readableBytes
    let first = try store()
    for index in 0..<5 { first.save(.fake(index: index)) }
    let second = try store(budget: size * 2)
    second.buildIndex()
    #expect(folder.files().count == 2)
    #expect(second.counters.segments == 2)
  }

  @Test func aDamagedFileIsRemovedAndNotServed() throws {
    let segment = Segment.fake()
    let store = try store()
    store.buildIndex()
    store.save(segment)
    let path = try #require(folder.files().first)
    let url = folder.url.appendingPathComponent(path)
    var data = try Data(contentsOf: url)
    data[data.count / 2] ^= 1
    try data.write(to: url)
    #expect(store.load(segment.key) == nil)
    #expect(folder.files().isEmpty)
    #expect(store.counters.damagedFiles == 1)
  }

  @Test func aDiskThatTakesNothingIsCountedAndNothingElseHappens() throws {
    let store = try store()
    // A file where a folder has to be: no write below it can succeed, whoever runs the test.
    try Data("x".utf8).write(to: folder.url.appendingPathComponent("00"))
    store.save(.fake())
    store.save(.fake(index: 1))
    #expect(store.counters.failedWrites == 2)
    #expect(store.counters.segments == 0)
  }
}
