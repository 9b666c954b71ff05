import AudioCodec
import NIOCore
import Synchronization

/// Encodes one segment into its feed, a piece a step.
///
/// It begins at the frame that the first listener asked for and goes to the segment's end; then it makes what is
/// before that frame, with no hurry, so that the segment becomes whole and can be kept.
///
/// For a listener who waits now the encoder starts quickly, with less music in front: its first frames are drafts that
/// this listener hears. The second run goes as far as they reach, and no draft gets into the finished segment.
final class SegmentJob: TranscodeJob {
  /// Makes the encoder of a stretch of a track's frames.
  typealias EncoderFactory =
    @Sendable (_ track: SegmentTrack, _ settings: EncoderSettings, _ frames: Range<Int>, _ isQuick: Bool) throws ->
    any FrameEncoding

  /// Monotonic nanoseconds.
  typealias Clock = @Sendable () -> Int64

  /// Where it begins.
  enum Start {
    /// At the frame of the segment that somebody needs first; quickly, if it's needed now.
    case frame(Int)
    /// At its beginning, for those who take it whole.
    case whole
  }

  /// What a step works on. Touched by one encoder thread at a time, as the scheduler promises; the mutex makes that
  /// visible to the compiler.
  private struct Work {
    var encoder: (any FrameEncoding)?
    /// Stretches still to be made, in frames of the segment; the first is being made.
    var runs: [Range<Int>]
    /// The next frame of the first run.
    var next: Int
    /// Frames below this are drafts as long as the first run lasts; 0 without a quick start.
    var draftEnd: Int
    var pieceCount = 0
    /// Nanoseconds that its steps have held a thread.
    var spent: Int64 = 0
    /// When the frames made so far will have been heard by who asked first.
    var deadline: Int64

    var framesLeft: Int {
      guard let first = runs.first else { return 0 }
      return first.upperBound - next + runs.dropFirst().reduce(0) { $0 + $1.count }
    }
  }

  /// A decoder, an open file with its buffers, and an encoder: as measured, rounded up.
  let bytes: Int
  private let feed: SegmentFeed
  private let track: SegmentTrack
  private let settings: EncoderSettings
  private let timeline: Timeline
  /// The segment's frames, by their numbers in the track.
  private let trackFrames: Range<Int>
  private let makeEncoder: EncoderFactory
  /// Monotonic nanoseconds.
  private let clock: Clock
  /// Settles the feed: called once, with the segment or why there is none.
  private let completion: @Sendable (Result<Segment, SegmentError>) -> Void
  private let work: Mutex<Work>
  /// The earliest moment at which one who joined later needs sound. Apart from `work`, which is locked for as long as
  /// a step takes.
  private let joinedDeadline = Atomic(TranscodeScheduler.noHurry)
  private let isCancelled = Atomic(false)

  init(
    feed: SegmentFeed, track: SegmentTrack, start: Start, deadline: Int64, clock: @escaping Clock,
    makeEncoder: @escaping EncoderFactory,
    completion: @escaping @Sendable (Result<Segment, SegmentError>) -> Void
  ) {
    self.feed = feed
    self.track = track
    self.settings = feed.key.rendition.encoderSettings(for: track)
    self.timeline = track.timeline(feed.key.rendition)
    self.trackFrames = settings.frames(ofSegment: feed.key.index, totalSamples: timeline.sampleCount)
    self.makeEncoder = makeEncoder
    self.clock = clock
    self.completion = completion
    bytes = SegmentLimits.jobBytes + SegmentLimits.encoderBytes(settings.codec)
    let now = clock()
    let (first, isUrgent) =
      switch start {
      case _ where settings.original != nil: (0, false)
      case .whole: (0, false)
      case .frame(let frame):
        (max(0, min(frame, trackFrames.count - 1)), deadline <= now + SegmentLimits.urgentNanoseconds)
      }
    let draftEnd =
      isUrgent ? min(first + settings.settlingFrames(from: trackFrames.lowerBound + first), trackFrames.count) : first
    let runs = [first..<trackFrames.count, 0..<draftEnd].filter { !$0.isEmpty }
    self.work = Mutex(Work(runs: runs, next: first, draftEnd: draftEnd > first ? draftEnd : 0, deadline: deadline))
  }

  /// One more listener waits for this segment, and needs sound by `deadline`.
  func join(deadline: Int64) {
    joinedDeadline.min(deadline, ordering: .relaxed)
  }

  /// Nobody wants it any more: the next step ends it.
  func cancel() {
    isCancelled.store(true, ordering: .relaxed)
  }

  func step() -> StepResult {
    if isCancelled.load(ordering: .relaxed) {
      withdrawn()
      return .done
    }
    do {
      let (deadline, left) = try work.withLock { work in
        let began = clock()
        defer { work.spent += clock() - began }
        let deadline = try advance(&work)
        return (deadline, work.framesLeft)
      }
      guard work.withLock(\.spent) <= SegmentLimits.jobNanoseconds else {
        throw SegmentError(.timedOut, "the file's sound takes too long to decode")
      }
      if let deadline { return .again(deadline: deadline, left: left) }
      let segment = try assemble()
      completion(.success(segment))
    } catch {
      completion(.failure(SegmentError(encoding: error)))
    }
    return .done
  }

  /// It has been cancelled, and `step` won't be called any more.
  func withdrawn() {
    completion(.failure(.nobodyWaits))
  }

  func abandon() {
    completion(.failure(SegmentError(.shuttingDown, "the server is going down")))
  }

  /// Makes one piece; returns by when the next one is needed, or nil when there is none.
  private func advance(_ work: inout Work) throws -> Int64? {
    let run = work.runs[0]
    let base = trackFrames.lowerBound
    let encoder =
      try work.encoder
      ?? makeEncoder(track, settings, base + run.lowerBound..<base + run.upperBound, work.draftEnd > 0)
    work.encoder = encoder

    let wanted =
      switch work.pieceCount {
      case _ where settings.original != nil: SampleGrid.segmentSamples
      case 0: SegmentLimits.firstPieceSamples
      case 1: SegmentLimits.secondPieceSamples
      default: SegmentLimits.pieceSamples
      }
    guard let encoded = try encoder.next(maxFrames: max(1, wanted / settings.frameSamples)), !encoded.frameSizes.isEmpty
    else {
      throw SegmentError(.undecodable, "the track ended before its time")
    }
    let frames = work.next..<work.next + encoded.frameSizes.count
    guard frames.upperBound <= run.upperBound else {
      throw SegmentError(.failed, "the encoder made more than it was asked for")
    }
    feed.append(
      .init(
        frames: frames, bytes: ByteBuffer(bytes: encoded.bytes), sizes: encoded.frameSizes,
        priming: frames.lowerBound == run.lowerBound ? ByteBuffer(bytes: encoded.priming) : nil,
        draftCount: max(0, min(work.draftEnd, frames.upperBound) - frames.lowerBound)))
    work.next = frames.upperBound
    work.pieceCount += 1
    work.deadline = min(work.deadline, joinedDeadline.load(ordering: .relaxed))
    if work.deadline != TranscodeScheduler.noHurry {
      work.deadline += Int64(frames.count * settings.frameSamples) * 1_000_000_000 / Int64(timeline.sampleRate)
    }
    guard work.next == run.upperBound else { return work.deadline }
    work.encoder = nil
    work.draftEnd = 0
    work.runs.removeFirst()
    guard let following = work.runs.first else { return nil }
    work.next = following.lowerBound
    work.deadline = joinedDeadline.load(ordering: .relaxed)
    return work.deadline
  }

  private func assemble() throws -> Segment {
    guard let pieces = feed.assembled(frameCount: trackFrames.count) else {
      throw SegmentError(.failed, "frames are missing")
    }
    var frames = ByteBuffer()
    frames.reserveCapacity(pieces.reduce(0) { $0 + $1.bytes.readableBytes })
    for piece in pieces { frames.writeImmutableBuffer(piece.bytes) }
    let offsets = Segment.offsets(pieces.lazy.flatMap(\.sizes), count: trackFrames.count)
    return Segment(
      key: feed.key, frameSamples: settings.frameSamples,
      sampleCount: timeline.samples(inSegment: feed.key.index),
      priming: pieces[0].priming ?? ByteBuffer(),
      primingFrames: settings.primingFrames(before: trackFrames.lowerBound), frames: frames, offsets: offsets)
  }
}
