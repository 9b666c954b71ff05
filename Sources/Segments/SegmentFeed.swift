import NIOCore
import Synchronization

/// A segment that is on its way: it hands out frames as they come, to all who wait for them.
///
/// The encoder of a segment works in up to two runs: from the frame that a listener asked for to the end, then what
/// is before it. Each run is a row of pieces. When all frames are there the feed holds the finished ``Segment`` and
/// the pieces are gone.
public final class SegmentFeed: Sendable {
  /// What can be had at a frame now.
  public enum Reading: Sendable {
    /// The whole segment.
    case ready(Segment)
    /// `bytes` are the frames from the one asked for up to `upTo`; more will follow. `priming` is what a decoder that
    /// starts there needs, where it is known.
    case frames(ByteBuffer, upTo: Int, priming: ByteBuffer?)
    /// Nothing yet: ask ``notify(on:_:)``.
    case pending
    /// Nothing, ever.
    case failed(SegmentError)
  }

  /// A stretch of frames as it left the encoder.
  struct Piece: Sendable {
    var frames: Range<Int>
    var bytes: ByteBuffer
    /// Where each frame begins in `bytes`.
    var sizes: [Int]
    /// Set on a run's first piece.
    var priming: ByteBuffer?
    /// How many of the first frames are of a quick start: for who waits now, and not for the finished segment.
    var draftCount = 0

    /// What of it goes into the finished segment.
    var settled: Piece? {
      guard draftCount > 0 else { return self }
      guard draftCount < frames.count else { return nil }
      let skipped = sizes.prefix(draftCount).reduce(0, +)
      return Piece(
        frames: frames.dropFirst(draftCount), bytes: bytes.dropping(skipped), sizes: Array(sizes.dropFirst(draftCount)),
        priming: nil)
    }
  }

  private struct Waiter {
    /// Nil: where the frames come from.
    let eventLoop: (any EventLoop)?
    let callback: @Sendable () -> Void

    func call() {
      if let eventLoop { eventLoop.execute(callback) } else { callback() }
    }
  }

  private enum Phase {
    case coming(pieces: [Piece])
    case ready(Segment)
    case failed(SegmentError)
  }

  private struct State {
    var phase = Phase.coming(pieces: [])
    var waiters: [Waiter] = []
  }

  public let key: SegmentKey
  private let state = Mutex(State())

  private let waitersAtMost: Int

  init(key: SegmentKey, waitersAtMost: Int = SegmentLimits.waitersPerSegment) {
    self.key = key
    self.waitersAtMost = waitersAtMost
  }

  /// A feed that is complete from the start.
  init(_ segment: Segment) {
    self.key = segment.key
    waitersAtMost = SegmentLimits.waitersPerSegment
    state.withLock { $0.phase = .ready(segment) }
  }

  /// What there is from `frame` on.
  public func read(from frame: Int) -> Reading {
    state.withLock { state in
      switch state.phase {
      case .ready(let segment): return .ready(segment)
      case .failed(let error): return .failed(error)
      // A file's own frames are there all at once, and need more of what is before them than a piece knows of.
      case .coming where key.rendition.isOriginal: return .pending
      case .coming(let pieces): return Self.read(from: frame, in: pieces, of: key.rendition)
      }
    }
  }

  /// Calls back once on `eventLoop` when there is more to read than now, or at once where it's over.
  /// - Throws: `busy` when too many wait already.
  public func notify(on eventLoop: any EventLoop, _ callback: @escaping @Sendable () -> Void) throws(SegmentError) {
    try wait(Waiter(eventLoop: eventLoop, callback: callback))
  }

  /// The whole segment, when it is there.
  /// - Throws: why there is none; `busy` when too many wait for it already.
  public func whole() async throws(SegmentError) -> Segment {
    while true {
      switch read(from: 0) {
      case .ready(let segment): return segment
      case .failed(let error): throw error
      case .pending, .frames:
        let refusal: SegmentError? = await withCheckedContinuation { continuation in
          do throws(SegmentError) {
            try wait(Waiter(eventLoop: nil) { continuation.resume(returning: nil) })
          } catch {
            continuation.resume(returning: error)
          }
        }
        if let refusal { throw refusal }
      }
    }
  }

  private func wait(_ waiter: Waiter) throws(SegmentError) {
    enum Answer { case waits, isOver, isFull }
    let answer = state.withLock { state -> Answer in
      guard case .coming = state.phase else { return .isOver }
      guard state.waiters.count < waitersAtMost else { return .isFull }
      state.waiters.append(waiter)
      return .waits
    }
    switch answer {
    case .waits: return
    case .isOver: waiter.call()
    case .isFull: throw .busy("too many wait for one segment")
    }
  }

  func append(_ piece: Piece) {
    wake { state in
      guard case .coming(var pieces) = state.phase else { return }
      state.phase = .coming(pieces: [])  // so that the array is not copied
      pieces.append(piece)
      state.phase = .coming(pieces: pieces)
    }
  }

  func finish(_ segment: Segment) {
    wake { $0.phase = .ready(segment) }
  }

  func fail(_ error: SegmentError) {
    wake { state in
      if case .ready = state.phase { return }
      state.phase = .failed(error)
    }
  }

  /// All pieces in the order of their frames, if they cover `frameCount` frames.
  func assembled(frameCount: Int) -> [Piece]? {
    state.withLock { state in
      guard case .coming(let pieces) = state.phase else { return nil }
      let sorted = pieces.compactMap(\.settled).sorted { $0.frames.lowerBound < $1.frames.lowerBound }
      var next = 0
      for piece in sorted {
        guard piece.frames.lowerBound == next else { return nil }
        next = piece.frames.upperBound
      }
      return next == frameCount ? sorted : nil
    }
  }

  private func wake(_ change: (inout State) -> Void) {
    let waiters = state.withLock { state in
      change(&state)
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters { waiter.call() }
  }

  private static func read(from frame: Int, in pieces: [Piece], of rendition: Rendition) -> Reading {
    var next = frame
    var bytes = ByteBuffer()
    var priming: ByteBuffer?
    // The later piece, where there are two: it is what the segment will hold.
    while let piece = pieces.last(where: { $0.frames.contains(next) }) {
      let skipped = piece.sizes.prefix(next - piece.frames.lowerBound).reduce(0, +)
      if next == frame {
        priming =
          (piece.frames.lowerBound == frame ? piece.priming : nil)
          ?? Self.frame(frame - 1, in: pieces).map(rendition.priming(ofFrame:))
        bytes = piece.bytes.dropping(skipped)
      } else {
        bytes.writeImmutableBuffer(piece.bytes.dropping(skipped))
      }
      next = piece.frames.upperBound
    }
    return next == frame ? .pending : .frames(bytes, upTo: next, priming: priming)
  }

  private static func frame(_ frame: Int, in pieces: [Piece]) -> ByteBuffer? {
    guard let piece = pieces.last(where: { $0.frames.contains(frame) }) else { return nil }
    let place = frame - piece.frames.lowerBound
    let start = piece.sizes.prefix(place).reduce(0, +)
    return piece.bytes.getSlice(at: piece.bytes.readerIndex + start, length: piece.sizes[place])
  }
}

extension ByteBuffer {
  /// The same bytes without the first `count`.
  fileprivate func dropping(_ count: Int) -> ByteBuffer {
    getSlice(at: readerIndex + count, length: readableBytes - count) ?? ByteBuffer()
  }
}
