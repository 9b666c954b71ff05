import AudioCodec
import Foundation
import Logging
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import Segments

/// What one file, one listener or one form of a segment may cost.
@Suite struct SegmentLimitsTests {
  private let folder: TemporaryFolder
  private let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

  init() throws { folder = try TemporaryFolder() }

  /// A clock that is told.
  private final class Time: Sendable {
    let nanoseconds = Atomic<Int64>(0)
    var clock: SegmentJob.Clock { { self.nanoseconds.load(ordering: .relaxed) } }
    func pass(_ nanoseconds: Int64) { self.nanoseconds.add(nanoseconds, ordering: .relaxed) }
  }

  private func library(memory: Int = 1 << 20, time: Time = Time(), _ factory: @escaping SegmentJob.EncoderFactory)
    throws
    -> SegmentLibrary
  {
    var configuration = SegmentLibrary.Configuration()
    configuration.memoryBudgetBytes = memory
    return try SegmentLibrary(configuration: configuration, logger: logger, clock: time.clock, makeEncoder: factory)
  }

  private func code(_ library: SegmentLibrary, index: Int = 0, _ fingerprint: String = "00ff") async -> SegmentError
    .Code?
  {
    do throws(SegmentError) {
      let lease = try library.lease(
        .fake(fingerprint), rendition: .mp3x192, index: index, deadline: 0, owner: "anna")
      _ = try await lease.feed.whole()
      return nil
    } catch {
      return error.code
    }
  }

  @Test func aFileThatCannotBeDecodedIsNotTriedAgainForAWhile() async throws {
    let studio = FakeStudio(failure: AudioCodecError(.damaged, "no sound"))
    let time = Time()
    let library = try library(time: time, studio.factory)
    #expect(await code(library) == .undecodable)
    for index in 0..<5 { #expect(await code(library, index: index) == .undecodable) }
    #expect(studio.allOrders.count == 1)
    #expect(library.statistics.refusedFiles == 1)
    #expect(await code(library, "11ee") == .undecodable, "another file is tried")
    #expect(studio.allOrders.count == 2)
    time.pass(SegmentLimits.refusalNanoseconds)
    #expect(await code(library) == .undecodable)
    #expect(studio.allOrders.count == 3)
    try await library.close()
  }

  @Test func aFileThatHasGoneIsLookedForEachTime() async throws {
    let studio = FakeStudio(failure: AudioCodecError(.vanished, "gone"))
    let library = try library(studio.factory)
    for _ in 0..<3 { #expect(await code(library) == .unavailable) }
    #expect(studio.allOrders.count == 3)
    try await library.close()
  }

  @Test func refusalsAreBounded() {
    var refusals = FileRefusals()
    for number in 0..<SegmentLimits.refusedFiles + 10 {
      refusals.note(SegmentError(.timedOut, ""), of: "\(number)", now: Int64(number))
    }
    #expect(refusals.count == SegmentLimits.refusedFiles)
    #expect(refusals.refusal(of: "0", now: 11) == nil)
    #expect(refusals.refusal(of: "\(SegmentLimits.refusedFiles)", now: 11)?.code == .timedOut)
    refusals.note(.nobodyWaits, of: "a", now: 0)
    #expect(refusals.refusal(of: "a", now: 0) == nil)
  }

  @Test func aJobThatHoldsAThreadForTooLongIsEnded() async throws {
    let studio = FakeStudio()
    let time = Time()
    let library = try library(time: time) { track, settings, frames, isQuick in
      time.pass(SegmentLimits.jobNanoseconds + 1)
      return try studio.factory(track, settings, frames, isQuick)
    }
    #expect(await code(library) == .timedOut)
    #expect(await code(library) == .timedOut)
    #expect(studio.allOrders.count == 1, "the second was refused without a try")
    try await library.close()
  }

  @Test func theFormsOfASegmentCountInMemory() async throws {
    let studio = FakeStudio()
    let one = try await wholeSegment(
      try library(studio.factory).open(.fake(), rendition: .mp3x192, index: 0, deadline: 0, owner: "a")
    ).byteCount
    let library = try library(memory: one * 4, studio.factory)
    for index in 0..<4 {
      let feed = try library.open(.fake(), rendition: .mp3x192, index: index, deadline: 0, owner: "anna")
      let segment = try await wholeSegment(feed)
      #expect(library.statistics.memoryBytes <= one * 4)
      _ = segment.packaged { _ in ByteBuffer(repeating: 1, count: one) }
      _ = segment.packaged { _ in ByteBuffer(repeating: 1, count: one) }
      #expect(library.statistics.memoryBytes <= one * 4)
    }
    #expect(library.statistics.memorySegments == 2)
    #expect(library.statistics.memoryBytes == one * 4)
    try await library.close()
  }

  @Test func whatIsBeingPlayedStaysInMemory() async throws {
    let studio = FakeStudio()
    let library = try library(memory: 1, studio.factory)
    let lease = try library.lease(.fake(), rendition: .mp3x192, index: 0, deadline: 0, owner: "anna")
    _ = try await lease.feed.whole()
    _ = try await wholeSegment(
      try library.open(.fake(), rendition: .mp3x192, index: 1, deadline: 0, owner: "anna"))
    _ = try await wholeSegment(
      try library.open(.fake(), rendition: .mp3x192, index: 5, deadline: 0, owner: "anna"))
    #expect(library.ready(.fake(), rendition: .mp3x192, index: 0) != nil)
    #expect(library.ready(.fake(), rendition: .mp3x192, index: 1) != nil, "the next is held as well")
    #expect(library.ready(.fake(), rendition: .mp3x192, index: 5) == nil)
    withExtendedLifetime(lease) {}
    try await library.close()
  }

  @Test func tooManyWhoWaitAreRefused() async throws {
    let feed = SegmentFeed(key: Segment.fake().key, waitersAtMost: 1)
    let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
    try feed.notify(on: eventLoop) {}
    #expect(throws: SegmentError.self) { try feed.notify(on: eventLoop) {} }
    do {
      _ = try await feed.whole()
      Issue.record("there was no place left")
    } catch {
      #expect(error.code == .busy && error.retryAfterMilliseconds != nil)
    }
    feed.finish(.fake())
    #expect(try await feed.whole().frameCount == 80)
  }
}
