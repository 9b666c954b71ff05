import Foundation
import Logging
import NIOCore
import NIOPosix
import Testing

@testable import Segments

@Suite struct SegmentLibraryTests {
  private let folder: TemporaryFolder
  private let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

  init() throws {
    folder = try TemporaryFolder()
  }

  private func library(_ studio: FakeStudio, memory: Int = 1 << 20, onDisk: Bool = true) throws -> SegmentLibrary {
    var configuration = SegmentLibrary.Configuration()
    configuration.directory = onDisk ? folder.url : nil
    configuration.memoryBudgetBytes = memory
    return try SegmentLibrary(configuration: configuration, logger: logger, makeEncoder: studio.factory)
  }

  private func open(_ library: SegmentLibrary, index: Int = 0, frame: Int = 0, owner: String = "anna") throws
    -> SegmentFeed
  {
    try library.open(.fake(), rendition: .mp3x192, index: index, frame: frame, deadline: 0, owner: owner)
  }

  @Test func aSegmentHasItsOwnFramesOfTheTrack() async throws {
    let library = try library(FakeStudio())
    let segment = try await wholeSegment(try open(library, index: 2))
    #expect(segment.frameCount == 80)
    #expect(segment.bytes(of: 0..<1) == ByteBuffer(bytes: FakeStudio.frame(160)))
    #expect(segment.bytes(of: 79..<80) == ByteBuffer(bytes: FakeStudio.frame(239)))
    #expect(segment.priming(before: 0).bytes == ByteBuffer(bytes: FakeStudio.frame(159, isPriming: true)))
    #expect(segment.priming(before: 5).bytes == ByteBuffer(bytes: FakeStudio.frame(164)))
    #expect(segment.sampleCount == 92_160)
    try await library.close()
  }

  @Test func theLastSegmentIsShort() async throws {
    let library = try library(FakeStudio())
    let track = SegmentTrack.fake(samples: 92_160 + 1_153)
    let feed = try library.open(track, rendition: .mp3x192, index: 1, deadline: 0, owner: "anna")
    let segment = try await wholeSegment(feed)
    #expect(segment.frameCount == 2)
    #expect(segment.sampleCount == 1_153)
    try await library.close()
  }

  @Test func anEncoderBeginsAtTheFrameThatIsNeededAndMakesTheRestAfterwards() async throws {
    let studio = FakeStudio()
    let library = try library(studio)
    let segment = try await wholeSegment(try open(library, index: 1, frame: 50))
    #expect(
      studio.allOrders == [.init(frames: 130..<160, isQuick: true), .init(frames: 80..<132, isQuick: false)])
    #expect(segment.bytes(of: 0..<80) == ByteBuffer(bytes: (80..<160).flatMap { FakeStudio.frame($0) }))
    #expect(segment.priming(before: 0).bytes == ByteBuffer(bytes: FakeStudio.frame(79, isPriming: true)))
    try await library.close()
  }

  @Test func framesLeaveBeforeTheSegmentIsDone() async throws {
    let studio = FakeStudio()
    let library = try library(studio)
    studio.hold()
    let feed = try open(library, frame: 10)
    guard case .pending = feed.read(from: 10) else {
      Issue.record("nothing can be there yet")
      return
    }
    let (calls, called) = AsyncStream.makeStream(of: Void.self)
    try feed.notify(on: MultiThreadedEventLoopGroup.singleton.next()) { called.finish() }
    studio.release()
    for await _ in calls {}
    switch feed.read(from: 10) {
    case .frames(let bytes, let end, let priming):
      #expect(bytes == ByteBuffer(bytes: (10..<end).flatMap { FakeStudio.frame($0, isDraft: $0 < 12) }))
      #expect(priming == ByteBuffer(bytes: FakeStudio.frame(9, isPriming: true)))
    case .ready(let segment):
      #expect(segment.frameCount == 80)
    case .pending, .failed:
      Issue.record("it was called for something")
    }
    _ = try await wholeSegment(feed)
    try await library.close()
  }

  @Test func manyWhoWantTheSameSegmentShareOneEncoder() async throws {
    let studio = FakeStudio()
    let library = try library(studio)
    studio.hold()
    let feeds = try (0..<100).map { try open(library, owner: "user\($0)") }
    studio.release()
    for feed in feeds { _ = try await wholeSegment(feed) }
    // The quick start, and what it left to be done properly.
    #expect(studio.allOrders.map(\.frames) == [0..<80, 0..<1])
    try await library.close()
  }

  @Test func whatNobodyWaitsForIsMadeInOneRun() async throws {
    let studio = FakeStudio()
    let library = try library(studio)
    let ahead = Int64(NIODeadline.now().uptimeNanoseconds) + 3_000_000_000
    let feed = try library.open(.fake(), rendition: .mp3x192, index: 1, deadline: ahead, owner: "anna")
    _ = try await wholeSegment(feed)
    #expect(studio.allOrders == [.init(frames: 80..<160, isQuick: false)])
    try await library.close()
  }

  private func lease(_ library: SegmentLibrary, owner: String = "anna") throws -> SegmentLease {
    try library.lease(.fake(), rendition: .mp3x192, index: 0, deadline: 0, owner: owner)
  }

  @Test func aLeasedSegmentIsMadeWholeFromItsBeginning() async throws {
    let studio = FakeStudio()
    let library = try library(studio)
    let lease = try lease(library)
    let segment = try await lease.feed.whole()
    #expect(segment.frameCount == 80)
    #expect(studio.allOrders == [.init(frames: 0..<80, isQuick: false)])
    // Leaving after it's there changes nothing.
    lease.release()
    #expect(library.statistics.memorySegments == 1)
    try await library.close()
  }

  @Test func whatNobodyWantsAnyMoreIsNotMade() async throws {
    let studio = FakeStudio()
    let library = try library(studio)
    studio.hold()
    let (first, second) = (try lease(library), try lease(library, owner: "bert"))
    first.release()
    first.release()
    #expect(library.statistics.inTheMaking == 1, "the second still wants it")
    second.release()
    #expect(library.statistics.inTheMaking == 0)
    // Whoever comes now isn't given the one that is being dropped.
    let third = try lease(library)
    studio.release()
    await #expect(throws: SegmentError.self) { try await first.feed.whole() }
    #expect(try await third.feed.whole().frameCount == 80)
    try await library.close()
  }

  @Test func whoLeavesTakesHisWaitingSegmentsOutOfTheQueue() async throws {
    let studio = FakeStudio()
    let library = try library(studio, onDisk: false)
    studio.hold()
    let track = SegmentTrack.fake(samples: 92_160 * 100)
    // More than may be in the making for one user, or wait at all, were they only marked.
    for round in 0..<SegmentLimits.queuedJobs + 100 {
      let lease = try library.lease(
        track, rendition: .mp3x192, index: round % 100, deadline: TranscodeScheduler.noHurry, owner: "restless")
      lease.release()
    }
    let feed = try open(library, owner: "patient")
    studio.release()
    #expect(try await feed.whole().frameCount == 80)
    try await library.close()
  }

  @Test func whatSomebodyListensToIsMadeThoughAnotherLeaves() async throws {
    let studio = FakeStudio()
    let library = try library(studio)
    studio.hold()
    let feed = try open(library)
    try lease(library).release()
    studio.release()
    #expect(try await feed.whole().frameCount == 80)
    try await library.close()
  }

  @Test func theSizesOfALosslessTrackAreKnownWhenAllOfItIsKept() async throws {
    let library = try library(FakeStudio())
    let track = SegmentTrack.fake(samples: 2 * 92_160)
    var sizes: [Int] = []
    for index in 0..<2 {
      #expect(await library.losslessSizes(of: track, rendition: .flac) == nil)
      let lease = try library.lease(track, rendition: .flac, index: index, deadline: 0, owner: "anna")
      sizes.append(try await lease.feed.whole().frames.readableBytes)
    }
    try await library.close()
    // What was to be written has been; the library that comes next finds it.
    let next = try self.library(FakeStudio())
    var known: [Int]?
    for _ in 0..<2_000 where known == nil {
      known = await next.losslessSizes(of: track, rendition: .flac)
      await Task.yield()
    }
    #expect(known == sizes)
    try await next.close()
  }

  enum Cut {
    case to(Int)
    case by(Int)

    func length(of whole: Int) -> Int {
      switch self {
      case .to(let length): length
      case .by(let difference): whole + difference
      }
    }
  }

  /// As a power cut leaves files, or a disk that loses bytes: empty, without all of their header, without their end.
  @Test(arguments: [.to(0), .to(1), .to(59), .to(60), .to(139), .to(159), .by(-1), .by(1)] as [Cut])
  func aFileThatWasCutOffHasNoSize(_ cut: Cut) async throws {
    let track = SegmentTrack.fake(samples: 2 * 92_160)
    var sizes: [Int] = []
    let first = try library(FakeStudio())
    for index in 0..<2 {
      let lease = try first.lease(track, rendition: .flac, index: index, deadline: 0, owner: "anna")
      sizes.append(try await lease.feed.whole().frames.readableBytes)
    }
    try await first.close()
    let file = try #require(folder.files().first { $0.hasSuffix("/0.seg") })
    let path = folder.url.appendingPathComponent(file).path
    let whole = try Data(contentsOf: URL(fileURLWithPath: path)).count
    let length = cut.length(of: whole)
    #expect(truncate(path, off_t(length)) == 0)
    // That some bytes of the end are gone, or there are too many, shows when it's read.
    let isPlausible = length > 159

    let next = try library(FakeStudio())
    let known = await next.losslessSizes(of: track, rendition: .flac)
    #expect(isPlausible ? known?.allSatisfy { $0 > 0 } == true : known == nil)
    #expect(next.knownSizes(of: track, rendition: .flac).allSatisfy { $0 ?? 1 > 0 })
    #expect(folder.files().contains(file) == isPlausible)
    // Whatever it was, it's made anew, and has its size again.
    let lease = try next.lease(track, rendition: .flac, index: 0, deadline: 0, owner: "anna")
    #expect(try await lease.feed.whole().frames.readableBytes == sizes[0])
    try await next.close()
    let last = try library(FakeStudio())
    #expect(await last.losslessSizes(of: track, rendition: .flac) == sizes)
    try await last.close()
  }

  @Test func whatIsInMemoryHasItsSizeWhateverBecomesOfItsFile() async throws {
    let track = SegmentTrack.fake(samples: 92_160)
    try await { library in
      let lease = try library.lease(track, rendition: .flac, index: 0, deadline: 0, owner: "anna")
      _ = try await lease.feed.whole()
      try await library.close()
    }(try library(FakeStudio()))
    let library = try library(FakeStudio())
    let lease = try library.lease(track, rendition: .flac, index: 0, deadline: 0, owner: "anna")
    let size = try await lease.feed.whole().frames.readableBytes
    let file = try #require(folder.files().first)
    #expect(truncate(folder.url.appendingPathComponent(file).path, 4_000) == 0)
    library.store?.buildIndex()
    #expect(await library.losslessSizes(of: track, rendition: .flac) == [size])
    try await library.close()
  }

  @Test func aSegmentIsEncodedOnceAndThenComesFromMemory() async throws {
    let studio = FakeStudio()
    let library = try library(studio)
    let first = try await wholeSegment(try open(library))
    guard case .ready(let second) = try open(library).read(from: 0) else {
      Issue.record("it is in memory")
      return
    }
    #expect(first === second)
    #expect(studio.allOrders.count == 2, "the quick start, and its beginning once more")
    #expect(library.statistics.memoryHits == 1)
    try await library.close()
  }

  @Test func aSegmentComesFromDiskAfterARestart() async throws {
    let first = try library(FakeStudio())
    _ = try await wholeSegment(try open(first))
    try await first.close()  // waits for the write
    let studio = FakeStudio()
    let second = try library(studio)
    let segment = try await wholeSegment(try open(second))
    #expect(segment.frameCount == 80)
    #expect(studio.allOrders.isEmpty)
    #expect(second.statistics.diskHits == 1)
    try await second.close()
  }

  @Test func memoryStaysWithinItsBudget() async throws {
    let library = try library(FakeStudio(), memory: 3_000, onDisk: false)
    for index in 0..<10 { _ = try await wholeSegment(try open(library, index: index)) }
    #expect(library.statistics.memoryBytes <= 3_000)
    #expect(library.statistics.memorySegments < 10)
    try await library.close()
  }

  @Test func oneUserCannotTakeAllEncoders() async throws {
    let studio = FakeStudio()
    let library = try library(studio, onDisk: false)
    studio.hold()
    let track = SegmentTrack.fake(samples: 92_160 * 100)
    for index in 0..<SegmentLimits.jobsPerOwner {
      _ = try library.open(track, rendition: .mp3x192, index: index, deadline: 0, owner: "greedy")
    }
    let refusal = #expect(throws: SegmentError.self) {
      try library.open(track, rendition: .mp3x192, index: 99, deadline: 0, owner: "greedy")
    }
    #expect(refusal?.code == .busy)
    let other = try library.open(track, rendition: .mp3x192, index: 98, deadline: 0, owner: "modest")
    studio.release()
    _ = try await wholeSegment(other)
    try await library.close()
  }

  @Test func aFailureReachesAllWhoWaitAndIsNotRemembered() async throws {
    let failing = try library(FakeStudio(failure: SegmentError(.unavailable, "gone")), onDisk: false)
    let feed = try open(failing)
    let error = await #expect(throws: SegmentError.self) { try await wholeSegment(feed) }
    #expect(error?.code == .unavailable)
    #expect(failing.statistics.inTheMaking == 0)
    try await failing.close()
  }

  @Test func aDiskThatTakesNothingCostsNoSound() async throws {
    try Data("x".utf8).write(to: folder.url.appendingPathComponent("00"))  // where the track's folder has to be
    let library = try library(FakeStudio())
    let segment = try await wholeSegment(try open(library))
    #expect(segment.frameCount == 80)
    #expect(try await wholeSegment(try open(library)) === segment)
    try await library.close()
    #expect(library.statistics.failedWrites == 1)
  }

  @Test func closingEndsWhatIsUnderWay() async throws {
    let studio = FakeStudio()
    let library = try library(studio, onDisk: false)
    studio.hold()
    let feeds = try (0..<10).map { try open(library, index: $0) }
    async let closed: Void = library.close()
    studio.release()
    try await closed
    for feed in feeds {
      switch feed.read(from: 0) {
      case .ready: continue
      case .failed(let error): #expect(error.code == .shuttingDown)
      case .pending, .frames: Issue.record("a feed was left behind")
      }
    }
  }
}
