import AudioCodec
import Foundation
import Logging
import NIOCore
import NIOPosix
import Synchronization

/// Where segments come from: memory, disk, someone who is encoding it already, or an encoder.
///
/// Nothing here blocks. ``open(_:rendition:index:frame:deadline:owner:)`` answers at once with a feed, which is
/// complete when the segment lay in memory.
public final class SegmentLibrary: Sendable {
  /// How much it may take.
  public struct Configuration: Sendable {
    /// Folder of the disk store; nil keeps segments in memory only.
    public var directory: URL?
    /// Bytes on disk.
    public var diskBudgetBytes = 10 << 30
    /// Bytes in memory, of finished segments that nobody needs to be listening to.
    public var memoryBudgetBytes = 256 << 20
    /// Threads that encode.
    public var encoderThreads = 2

    public init() {}
  }

  /// Of what is made and of how it is packaged: what was made under another number never stands beside it.
  public static let encodingVersion = SegmentStore.encodingVersion

  struct Making {
    let feed: SegmentFeed
    /// Nil while it's looked for on disk.
    var job: SegmentJob?
    /// In whose number of segments in the making it counts.
    let owner: String
    /// When it's needed first, and for whom an encoder would work: of those who wait the one who owes least.
    var need: Need
    /// Somebody wants it who will not say when he doesn't any more.
    var isHeld = false
    /// Those who will: ``SegmentLease``.
    var leases = 0
  }

  struct Need: Equatable {
    var deadline: Int64
    var owner: String
  }

  struct State {
    var memory = LRUIndex<SegmentKey, Segment>()
    var making: [SegmentKey: Making] = [:]
    var makingPerOwner: [String: Int] = [:]
    var queuedWrites = 0
    var refusals = FileRefusals()
    var encoded = 0
    var memoryHits = 0
    var diskHits = 0
  }

  private let configuration: Configuration
  let store: SegmentStore?
  private let scheduler: TranscodeScheduler
  let filePool: NIOThreadPool
  private let writePool: NIOThreadPool
  private let pins = SegmentPins()
  private let clock: SegmentJob.Clock
  private let makeEncoder: SegmentJob.EncoderFactory
  private let replenishment: ReserveJob
  let state = Mutex(State())

  /// - Throws: what making the store's folder throws.
  public convenience init(configuration: Configuration, logger: Logger) throws {
    let reserve = EncoderReserve()
    try self.init(configuration: configuration, logger: logger, reserve: reserve) {
      track, settings, frames, isQuick in
      if settings.original != nil {
        return try FrameCopier(path: track.path, facts: track.facts, settings: settings, frames: frames)
      }
      return try FrameRangeEncoder(
        path: track.path, facts: track.facts, settings: settings, totalSamples: settings.totalSamples(of: track),
        frames: frames,
        isQuick: isQuick, reserve: reserve)
    }
    // What a listener gets who asks for nothing in particular.
    for rate in [44_100, 48_000] {
      reserve.expect(.mp3(bitrate: 192_000, sampleRate: rate))
      reserve.expect(.aac(bitrate: 192_000, sampleRate: rate))
    }
    replenishReserve()
  }

  init(
    configuration: Configuration, logger: Logger, reserve: EncoderReserve = EncoderReserve(),
    clock: @escaping SegmentJob.Clock = { Int64(NIODeadline.now().uptimeNanoseconds) },
    makeEncoder: @escaping SegmentJob.EncoderFactory
  ) throws {
    self.configuration = configuration
    self.replenishment = ReserveJob(reserve)
    self.makeEncoder = makeEncoder
    self.clock = clock
    self.store = try configuration.directory.map { [pins] in
      try SegmentStore(root: $0, budgetBytes: configuration.diskBudgetBytes, pins: pins, logger: logger)
    }
    self.scheduler = TranscodeScheduler(threadCount: configuration.encoderThreads)
    self.filePool = NIOThreadPool(numberOfThreads: SegmentLimits.fileThreads)
    self.writePool = NIOThreadPool(numberOfThreads: SegmentLimits.writeThreads)
    filePool.start()
    writePool.start()
    if let store { writePool.submit { if $0 == .active { store.buildIndex() } } }
  }

  /// A segment's feed.
  /// - Parameters:
  ///   - frame: the frame that is needed first; an encoder begins there.
  ///   - deadline: when its sound is needed, in monotonic nanoseconds (`NIODeadline.now()`); `Int64.max` for work
  ///     ahead of need.
  ///   - owner: the user it is for, whose share of encoders is bounded.
  /// - Throws: `busy` when there is no slot.
  public func open(
    _ track: SegmentTrack, rendition: Rendition, index: Int, frame: Int = 0, deadline: Int64, owner: String
  ) throws(SegmentError) -> SegmentFeed {
    let key = SegmentKey(fingerprint: track.fingerprint, rendition: rendition, index: index)
    return try open(key, track: track, start: .frame(frame), deadline: deadline, owner: owner) { $0.isHeld = true }
  }

  /// The segment if it lies in memory: no waiting.
  public func ready(_ track: SegmentTrack, rendition: Rendition, index: Int) -> Segment? {
    let key = SegmentKey(fingerprint: track.fingerprint, rendition: rendition, index: index)
    return state.withLock { state in
      guard let segment = state.memory.use(key) else { return nil }
      state.memoryHits += 1
      return segment
    }
  }

  /// A segment for somebody who may leave before it is made; when everybody who wanted it has, nobody makes it.
  ///
  /// It is made from its first frame on, without a quick start: for those who take it whole.
  /// - Parameters: as ``open(_:rendition:index:frame:deadline:owner:)``.
  /// - Throws: `busy` when there is no slot.
  public func lease(
    _ track: SegmentTrack, rendition: Rendition, index: Int, deadline: Int64, owner: String
  ) throws(SegmentError) -> SegmentLease {
    let key = SegmentKey(fingerprint: track.fingerprint, rendition: rendition, index: index)
    // First, or the segment could be made, and evicted, before it is held.
    let pin = pin(track, rendition: rendition, index: index)
    let feed = try open(key, track: track, start: .whole, deadline: deadline, owner: owner) { $0.leases += 1 }
    return SegmentLease(feed: feed, pin: pin) { [weak self] in self?.giveUp(feed) }
  }

  /// Keeps a segment and the one behind it, in memory and on disk, for somebody who plays them.
  public func pin(_ track: SegmentTrack, rendition: Rendition, index: Int) -> SegmentPin {
    pins.pin(
      (index...index + 1).map { SegmentKey(fingerprint: track.fingerprint, rendition: rendition, index: $0) })
  }

  /// One who wanted a segment has left.
  private func giveUp(_ feed: SegmentFeed) {
    let job = state.withLock { state -> SegmentJob? in
      guard let making = state.making[feed.key], making.feed === feed else { return nil }
      state.making[feed.key]?.leases -= 1
      guard making.leases == 1, !making.isHeld else { return nil }
      // Whoever comes from now on begins anew. Without a job yet it's being looked for on disk.
      Self.forget(making, in: &state)
      return making.job
    }
    if let job { cancel(job) }
  }

  private func cancel(_ job: SegmentJob) {
    job.cancel()
    // One that waits would count among those that may, until its turn.
    if scheduler.withdraw(job) { job.withdrawn() }
  }

  private static func forget(_ making: Making, in state: inout State) {
    state.making[making.feed.key] = nil
    let left = state.makingPerOwner[making.owner, default: 1] - 1
    state.makingPerOwner[making.owner] = left > 0 ? left : nil
  }

  private func open(
    _ key: SegmentKey, track: SegmentTrack, start: SegmentJob.Start, deadline: Int64, owner: String,
    _ join: (inout Making) -> Void
  ) throws(SegmentError) -> SegmentFeed {
    enum Found { case ready(Segment), joined(Making), new(SegmentFeed), refused }
    let found = state.withLock { state -> Found in
      if let segment = state.memory.use(key) {
        state.memoryHits += 1
        return .ready(segment)
      }
      if var making = state.making[key] {
        join(&making)
        state.making[key] = making
        return .joined(making)
      }
      guard state.makingPerOwner[owner, default: 0] < SegmentLimits.jobsPerOwner else { return .refused }
      let feed = SegmentFeed(key: key)
      var making = Making(feed: feed, job: nil, owner: owner, need: Need(deadline: deadline, owner: owner))
      join(&making)
      state.making[key] = making
      state.makingPerOwner[owner, default: 0] += 1
      return .new(feed)
    }
    switch found {
    case .ready(let segment):
      return SegmentFeed(segment)
    case .joined(let making):
      if deadline != TranscodeScheduler.noHurry { hurry(making.feed, Need(deadline: deadline, owner: owner)) }
      return making.feed
    case .refused:
      throw .busy("too many segments in the making for one user")
    case .new(let feed):
      // What the index doesn't know may have been made by another process: opening a file that isn't there takes
      // microseconds, encoding what is there a thousand times that.
      if let store, !key.rendition.isOriginal {
        load(feed, from: store, track: track, start: start)
      } else {
        try encode(feed, track: track, start: start)
      }
      return feed
    }
  }

  /// Somebody more needs what is in the making.
  private func hurry(_ feed: SegmentFeed, _ need: Need) {
    let job = state.withLock { state -> SegmentJob? in
      guard let making = state.making[feed.key], making.feed === feed else { return nil }
      if let job = making.job { return job }
      state.making[feed.key]?.need = Need(
        deadline: min(making.need.deadline, need.deadline),
        owner: scheduler.better(making.need.owner, need.owner))
      return nil
    }
    if let job { expedite(job, need) }
  }

  private func expedite(_ job: SegmentJob, _ need: Need) {
    job.join(deadline: need.deadline)
    scheduler.expedite(job, owner: need.owner, deadline: need.deadline)
  }

  /// The numbers of now.
  public var statistics: Statistics {
    let disk = store?.counters
    return state.withLock { state in
      Statistics(
        memoryBytes: state.memory.totalCost, memorySegments: state.memory.count, diskBytes: disk?.bytes ?? 0,
        diskSegments: disk?.segments ?? 0, failedWrites: disk?.failedWrites ?? 0,
        isDiskCounted: disk?.isWhole ?? true, pinned: pins.count, refusedFiles: state.refusals.count,
        inTheMaking: state.making.count, encoded: state.encoded,
        memoryHits: state.memoryHits, diskHits: state.diskHits)
    }
  }

  /// Removes segments until the disk has what the database needs; soon, on a thread of its own.
  public func makeRoom() {
    guard let store else { return }
    writePool.submit { if $0 == .active { store.makeRoom() } }
  }

  /// Ends all work; feeds that are not complete fail with `shuttingDown`.
  public func close() async throws {
    try await scheduler.close()
    try await filePool.shutdownGracefully()
    try await writePool.shutdownGracefully()
  }

  private func load(
    _ feed: SegmentFeed, from store: SegmentStore, track: SegmentTrack, start: SegmentJob.Start
  ) {
    filePool.submit { poolState in
      guard poolState == .active else {
        self.settle(feed, .failure(SegmentError(.shuttingDown, "the server is going down")))
        return
      }
      do throws(SegmentError) {
        if let segment = try store.load(feed.key) {
          self.state.withLock { $0.diskHits += 1 }
          self.settle(feed, .success(segment))
          return
        }
      } catch {
        self.settle(feed, .failure(error))
        return
      }
      do {
        try self.encode(feed, track: track, start: start)
      } catch {
        // The feed has failed with it: that is where its listeners look.
      }
    }
  }

  private func encode(
    _ feed: SegmentFeed, track: SegmentTrack, start: SegmentJob.Start
  ) throws(SegmentError) {
    let (refusal, need) = state.withLock { state -> (SegmentError?, Need?) in
      let making = state.making[feed.key]
      return (
        state.refusals.refusal(of: track.fingerprint, now: clock()), making?.feed === feed ? making?.need : nil
      )
    }
    if let refusal {
      settle(feed, .failure(refusal))
      throw refusal
    }
    guard let need else { return feed.fail(.nobodyWaits) }
    let job = SegmentJob(
      feed: feed, track: track, start: start, deadline: need.deadline, clock: clock, makeEncoder: makeEncoder
    ) { result in
      self.jobEnded(feed, result)
    }
    do {
      try scheduler.submit(job, owner: need.owner, deadline: need.deadline)
    } catch {
      settle(feed, .failure(error))
      throw error
    }
    let latest = state.withLock { state -> Need? in
      guard let making = state.making[feed.key], making.feed === feed else { return nil }
      state.making[feed.key]?.job = job
      return making.need
    }
    // Somebody has joined meanwhile; or everybody has left, or it has been made already, and that ends nothing.
    if let latest { if latest != need { expedite(job, latest) } } else { cancel(job) }
    replenishReserve()
  }

  /// Has the encoders' reserve filled up again.
  private func replenishReserve() {
    guard replenishment.begin() else { return }
    do {
      try scheduler.submit(replenishment, deadline: ReserveJob.deadline)
    } catch {
      // Every slot is taken by somebody who waits; the next segment asks again.
      replenishment.abandon()
    }
  }

  private func jobEnded(_ feed: SegmentFeed, _ result: Result<Segment, SegmentError>) {
    if case .failure(let error) = result {
      state.withLock { $0.refusals.note(error, of: feed.key.fingerprint, now: clock()) }
    }
    settle(feed, result)
    guard case .success(let segment) = result, let store, !segment.key.rendition.isOriginal else { return }
    let isAdmitted = state.withLock { state in
      state.encoded += 1
      guard state.queuedWrites < SegmentLimits.queuedWrites else { return false }
      state.queuedWrites += 1
      return true
    }
    guard isAdmitted else { return }
    writePool.submit { poolState in
      if poolState == .active { store.save(segment) }
      self.state.withLock { $0.queuedWrites -= 1 }
      if poolState == .active, store.isWalkDue { store.buildIndex() }
    }
  }

  /// Takes a feed out of the making, and tells those who wait for it.
  private func settle(_ feed: SegmentFeed, _ result: Result<Segment, SegmentError>) {
    if case .success(let segment) = result { segment.whenGrown { [weak self] in self?.recount($0) } }
    let evicted = state.withLock { state -> [(key: SegmentKey, value: Segment)] in
      if let making = state.making[feed.key], making.feed === feed { Self.forget(making, in: &state) }
      guard case .success(let segment) = result else { return [] }
      state.memory.insert(segment, cost: segment.byteCount, for: feed.key)
      return evict(&state)
    }
    withExtendedLifetime(evicted) {}  // freed outside the lock
    switch result {
    case .success(let segment): feed.finish(segment)
    case .failure(let error): feed.fail(error)
    }
  }

  /// A segment takes more memory than before.
  private func recount(_ segment: Segment) {
    let evicted = state.withLock { state -> [(key: SegmentKey, value: Segment)] in
      guard state.memory.peek(segment.key) === segment else { return [] }
      state.memory.recost(segment.key, to: segment.byteCount)
      return evict(&state)
    }
    withExtendedLifetime(evicted) {}
  }

  private func evict(_ state: inout State) -> [(key: SegmentKey, value: Segment)] {
    state.memory.evict(
      downTo: configuration.memoryBudgetBytes, patience: SegmentLimits.pinsPassedOver, isPinned: pins.contains)
  }
}
