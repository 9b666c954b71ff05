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

  private func store(budget: Int = 1 << 20, pins: SegmentPins = SegmentPins()) throws -> SegmentStore {
    try SegmentStore(root: folder.url, budgetBytes: budget, pins: pins, logger: logger)
  }

  @Test func whatIsSavedIsFoundAlsoAfterARestart() throws {
    let segment = Segment.fake()
    let first = try store()
    first.buildIndex()
    #expect(try first.load(segment.key) == nil)
    first.save(segment)
    #expect(try first.load(segment.key)?.frames == segment.frames)
    let second = try store()
    second.buildIndex()
    #expect(second.counters.isWhole)
    #expect(try second.load(segment.key)?.frames == segment.frames)
    #expect(second.counters.segments == 1)
  }

  @Test func theLeastRecentlyUsedGoWhenTheBudgetIsSpent() throws {
    let size = SegmentFile.encode(.fake()).readableBytes
    let store = try store(budget: size * 3)
    store.buildIndex()
    for index in 0..<3 { store.save(.fake(index: index)) }
    #expect(try store.load(Segment.fake(index: 0).key) != nil)
    store.save(.fake(index: 3))
    #expect(try store.load(Segment.fake(index: 1).key) == nil)
    #expect(try store.load(Segment.fake(index: 0).key) != nil)
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
    #expect(try store.load(segment.key) == nil)
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

  @Test func whatIsBeingPlayedStaysAndGoesAfterwards() throws {
    let size = SegmentFile.encode(.fake()).readableBytes
    let pins = SegmentPins()
    let store = try store(budget: size * 3, pins: pins)
    store.buildIndex()
    var playing: SegmentPin? = pins.pin([Segment.fake(index: 0).key, Segment.fake(index: 1).key])
    for index in 0..<6 { store.save(.fake(index: index)) }
    #expect(try store.load(Segment.fake(index: 0).key) != nil)
    #expect(try store.load(Segment.fake(index: 1).key) != nil)
    #expect(store.counters.bytes <= size * 3)
    playing = nil
    #expect(playing == nil && pins.count == 0)
    for index in 6..<9 { store.save(.fake(index: index)) }
    #expect(try store.load(Segment.fake(index: 0).key) == nil)
    #expect(folder.files().count == 3)
  }

  @Test func moreThanTheBudgetMayBePlayedAtOnce() throws {
    let size = SegmentFile.encode(.fake()).readableBytes
    let pins = SegmentPins()
    let store = try store(budget: size, pins: pins)
    store.buildIndex()
    let playing = pins.pin((0..<4).map { Segment.fake(index: $0).key })
    for index in 0..<4 { store.save(.fake(index: index)) }
    withExtendedLifetime(playing) {}
    #expect(store.counters.segments == 4)
  }

  @Test func pinsAreBounded() {
    let pins = SegmentPins(capacity: 2)
    let first = pins.pin([Segment.fake(index: 0).key, Segment.fake(index: 1).key])
    let second = pins.pin([Segment.fake(index: 1).key, Segment.fake(index: 2).key])
    #expect(pins.count == 2 && !pins.contains(Segment.fake(index: 2).key))
    withExtendedLifetime((first, second)) {}
  }

  @Test func whatAnotherProcessMadeIsFoundAndCounted() throws {
    let size = SegmentFile.encode(.fake()).readableBytes
    let (server, other) = (try store(), try store())
    server.buildIndex()
    for index in 0..<3 { other.save(.fake(index: index)) }
    #expect(try server.load(Segment.fake(index: 0).key) != nil)
    #expect(server.counters.bytes == size)
    #expect(server.fileBytes((0..<3).map { Segment.fake(index: $0).key }) == [size, size, size])
    #expect(server.fileBytes((0..<4).map { Segment.fake(index: $0).key }) == nil)
    #expect(server.counters.bytes == size * 3)
  }

  @Test func aLaterWalkCountsWhatOthersPutInAndTookOut() throws {
    let (server, other) = (try store(), try store())
    for index in 0..<4 { server.save(.fake(index: index)) }
    server.buildIndex()
    #expect(!server.isWalkDue)
    try FileManager.default.removeItem(at: folder.url.appendingPathComponent(try #require(folder.files().first)))
    other.save(.fake("11ee", index: 7))
    server.buildIndex()
    #expect(server.counters.segments == 4)
    #expect(server.counters.bytes == 4 * SegmentFile.encode(.fake()).readableBytes)
  }

  @Test func theOrderOfUseOutlastsTheProcess() throws {
    let size = SegmentFile.encode(.fake()).readableBytes
    let first = try store()
    for index in 0..<3 { first.save(.fake(index: index)) }
    for path in folder.files() {
      try FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSinceNow: -90_000)], ofItemAtPath: folder.url.path + "/" + path)
    }
    #expect(try first.load(Segment.fake(index: 1).key) != nil)
    let second = try store(budget: size)
    second.buildIndex()
    #expect(try second.load(Segment.fake(index: 1).key) != nil)
    #expect(second.counters.segments == 1)
  }

  @Test func unfinishedFilesGoWhenTheyAreOld() throws {
    try Data("x".utf8).write(to: folder.url.appendingPathComponent("fresh.tmp"))
    let old = folder.url.appendingPathComponent("old.tmp")
    try Data("x".utf8).write(to: old)
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSinceNow: -900)], ofItemAtPath: old.path)
    try store().buildIndex()
    #expect(folder.files() == ["fresh.tmp"])
  }
}
