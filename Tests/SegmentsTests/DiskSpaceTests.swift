import Foundation
import Logging
import NIOCore
import Synchronization
import Testing

@testable import Segments

/// Segments leave a part of the disk to the database beside them.
@Suite struct DiskSpaceTests {
  private let folder: TemporaryFolder
  private let size = SegmentFile.encode(.fake()).readableBytes

  init() throws {
    folder = try TemporaryFolder()
  }

  /// A disk that holds so many segments beside its reserve of one, less what others have put on it.
  private final class Disk: Sendable {
    let others = Mutex(0)
    private let folder: TemporaryFolder
    private let size: Int
    private let segments: Int

    init(_ folder: TemporaryFolder, segments: Int, size: Int) {
      (self.folder, self.segments, self.size) = (folder, segments, size)
    }

    @Sendable func space(_ path: String) -> DiskSpace? {
      let used = folder.files().count * size + others.withLock(\.self)
      return DiskSpace(available: max(0, (segments + 1) * size - used), total: SegmentLimits.reservedShare * size)
    }
  }

  private func store(_ disk: Disk, pins: SegmentPins = SegmentPins()) throws -> SegmentStore {
    try SegmentStore(
      root: folder.url, budgetBytes: 1 << 30, pins: pins,
      logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }), diskSpace: disk.space)
  }

  @Test func theReserveIsAShareOfASmallDiskAndBoundedOnALargeOne() {
    #expect(DiskSpace(available: 0, total: 1_000_000).reserve == 50_000)
    #expect(DiskSpace(available: 0, total: 4 << 40).reserve == SegmentLimits.reservedBytes)
    #expect(DiskSpace(available: .max, total: .max).shortfall(for: 1 << 40) == 0)
    #expect(DiskSpace(available: 70_000, total: 1_000_000).shortfall(for: 30_000) == 10_000)
  }

  @Test func theDiskThatIsAskedAnswers() throws {
    let space = try #require(DiskSpace(at: folder.url.path))
    #expect(space.total > 0 && space.available <= space.total)
    #expect(DiskSpace(at: "/no/such/folder") == nil)
  }

  @Test func theLeastRecentlyUsedGoBeforeTheReserveIsTouched() throws {
    let disk = Disk(folder, segments: 3, size: size)
    let store = try store(disk)
    store.buildIndex()
    for index in 0..<5 { #expect(store.save(.fake(index: index)) == size) }
    #expect(folder.files().count == 3)
    #expect(try store.load(Segment.fake(index: 1).key) == nil)
    #expect(try store.load(Segment.fake(index: 4).key) != nil)
    #expect(store.counters.failedWrites == 0)
  }

  @Test func aDiskThatOthersFillTakesNothingMoreAndGivesBackWhatItHas() throws {
    let disk = Disk(folder, segments: 3, size: size)
    let store = try store(disk)
    store.buildIndex()
    for index in 0..<3 { store.save(.fake(index: index)) }
    for count in 1...3 {
      disk.others.withLock { $0 = count * size }
      #expect(store.makeRoom())
      #expect(folder.files().count == 3 - count)
    }
    disk.others.withLock { $0 = 4 * size }
    #expect(!store.makeRoom())
    #expect(store.save(.fake(index: 9)) == 0)
    #expect(folder.files().isEmpty && store.counters.failedWrites == 1)
  }

  @Test func whatIsBeingPlayedStays() throws {
    let disk = Disk(folder, segments: 2, size: size)
    let pins = SegmentPins()
    let store = try store(disk, pins: pins)
    store.buildIndex()
    let playing = pins.pin([Segment.fake(index: 0).key, Segment.fake(index: 1).key])
    for index in 0..<4 { store.save(.fake(index: index)) }
    #expect(try store.load(Segment.fake(index: 0).key) != nil)
    #expect(try store.load(Segment.fake(index: 1).key) != nil)
    withExtendedLifetime(playing) {}
  }

  @Test func aStartMakesRoomWithoutAnIndexTheOldestFirst() throws {
    let disk = Disk(folder, segments: 4, size: size)
    let writer = try store(disk)
    for index in 0..<4 { writer.save(.fake(index: index)) }
    for (age, name) in folder.files().sorted().enumerated() {
      let date = Date(timeIntervalSince1970: 1_700_000_000 - Double(age) * 10_000)
      try FileManager.default.setAttributes(
        [.modificationDate: date], ofItemAtPath: folder.url.appendingPathComponent(name).path)
    }
    let newest = try #require(folder.files().min())
    let maintenance = StoreMaintenance(directory: folder.url, diskSpace: disk.space)
    #expect(maintenance.makeRoom().segments == 0)
    disk.others.withLock { $0 = 3 * size }
    #expect(maintenance.makeRoom() == StoreMaintenance.Usage(segments: 3, bytes: 3 * size, tracks: 0))
    #expect(folder.files() == [newest])
    disk.others.withLock { $0 = 100 * size }
    #expect(maintenance.makeRoom().segments == 1)
  }
}
