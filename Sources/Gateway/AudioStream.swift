import Logging
import NIOCore
import Playback
import Segments
import SocketIO
import SocketIOServer

/// One track on its way to one device. Lives on its socket's event loop and is touched nowhere else.
///
/// ``service(now:)`` sends whatever is due and says when to come back: at a time (the pump's wheel), when frames
/// arrive (the segment's feed) or when the socket can take more.
final class AudioStream {
  /// Why no more chunks come.
  enum EndReason: String {
    case finished, stopped, replaced
    /// Another device plays now.
    case transferred
    /// It was prepared, and will not be heard.
    case cancelled
  }

  /// A stream's place in a session: which start, which track since that start, and the queue's item.
  struct Role {
    var itemId: String
    var order: UInt64
    var turn: UInt64

    func isFollowed(by following: Following) -> Bool { order == following.order && turn == following.turn }
  }

  /// What `service` leaves to be done.
  enum Next: Equatable {
    case at(nanoseconds: Int64)
    /// Somebody else calls: the feed, the socket, or a command.
    case idle
    case finished
    case failed(DubplateError)

    static func == (a: Next, b: Next) -> Bool {
      switch (a, b) {
      case (.at(let a), .at(let b)): a == b
      case (.idle, .idle), (.finished, .finished): true
      case (.failed(let a), .failed(let b)): a.code == b.code
      default: false
      }
    }
  }

  private enum Source {
    case none
    case coming(SegmentFeed)
    case ready(Segment)
  }

  let id: String
  let track: PlayableTrack
  private(set) var choice: QualityLadder.Choice
  private(set) var epoch: UInt32 = 0
  private(set) var chunkCount: UInt64 = 0
  private(set) var byteCount: UInt64 = 0
  private(set) var pacer: StreamPacer
  /// The last chunk is out.
  var isFinished = false
  /// The pump's: the wheel slot in which it stands, so that an entry left behind is known as stale.
  var dueTick: UInt64?
  private var cursor: SegmentCursor
  private var source = Source.none
  /// Keeps the segment at the cursor, and the next.
  private var pin: SegmentPin?
  private var pendingChoice: (choice: QualityLadder.Choice, reason: String)?
  private var refusedSince: Int64?
  /// The feed that will call `wake`, so that it is asked once.
  private var awaitedFeed: SegmentFeed?
  private var isOver = false
  /// What `timestamp` of its chunks is counted from.
  let startedNanoseconds: Int64
  /// The session has been told that all of it has been heard.
  var hasReportedEnd = false
  /// The policy has chosen another rendition, of which the session hasn't been told.
  var hasNewRendition = false
  /// What it plays for the listener's session: which item of the queue, and which start of it.
  var role: Role?
  /// The next segment's rendition has not been chosen yet.
  private var isAtEdge = false
  /// Chooses the rendition of each segment where the listener leaves it to the server.
  private let automatic: AutomaticQuality?
  private var bufferSeconds: Double
  private let writer: ChunkWriter
  private let library: SegmentLibrary
  private let owner: String
  private unowned let socket: Socket
  /// Called on the loop when there is something to do: the time has come, or frames have.
  let wake: @Sendable () -> Void

  init(
    id: String, track: PlayableTrack, choice: QualityLadder.Choice, startSample: Int64, bufferSeconds: Double,
    format: ChunkFormat, automatic: AutomaticQuality? = nil, startsAt: Int64? = nil,
    owner: String, socket: Socket, library: SegmentLibrary, now: Int64, wake: @escaping @Sendable () -> Void
  ) {
    self.id = id
    self.track = track
    self.choice = choice
    self.owner = owner
    self.socket = socket
    self.library = library
    self.wake = wake
    self.automatic = automatic
    self.bufferSeconds = bufferSeconds
    startedNanoseconds = now
    writer = ChunkWriter(format: format, streamId: id)
    cursor = SegmentCursor(track: track.segments, rendition: choice.rendition, sample: startSample)
    pacer = StreamPacer(
      sampleRate: track.sampleRate, sampleCount: track.segments.sampleCount, startSample: startSample,
      bufferSeconds: bufferSeconds, now: now, startsAt: startsAt)
  }

  /// When its last sample is heard; nil while it's paused or has not begun.
  var endNanoseconds: Int64? { pacer.playhead.nanoseconds(at: track.segments.sampleCount) }

  /// Where the device is, in seconds, as far as the server knows.
  func position(now: Int64) -> Double { pacer.playhead.seconds(at: now) }

  /// Asks for the segment at the cursor, if nobody has.
  /// - Throws: `busy`.
  func prepare(now: Int64) throws(DubplateError) {
    guard case .none = source, !pacer.isComplete else { return }
    do {
      // First, or the segment could be made, and evicted, before it is held.
      let pin = library.pin(track.segments, rendition: choice.rendition, index: cursor.index)
      let feed = try library.open(
        track.segments, rendition: choice.rendition, index: cursor.index, frame: cursor.frame,
        deadline: pacer.dryNanoseconds(now: now),
        owner: owner)
      self.pin = pin
      if case .ready(let segment) = feed.read(from: cursor.frame) {
        source = .ready(segment)
      } else {
        source = .coming(feed)
      }
      refusedSince = nil
    } catch {
      throw DubplateError(error)
    }
  }

  /// Sends what is due.
  func service(now: Int64) -> Next {
    defer { socket.flush() }
    for _ in 0..<GatewayLimits.chunksPerTurn {
      guard !isOver, socket.isWritable else { return .idle }
      switch pacer.decide(now: now) {
      case .rest: return pacer.isComplete ? .finished : .idle
      case .wait(let nanoseconds): return .at(nanoseconds: nanoseconds)
      case .send(let maxSamples):
        if isAtEdge, let later = passEdge(now: now) { return .at(nanoseconds: later) }
        switch nextPiece(maxSamples: maxSamples, now: now) {
        case .success(let piece?): send(piece, now: now)
        case .success(nil): return .idle
        case .failure(let error): return afterFailure(error, now: now)
        }
      }
    }
    return .at(nanoseconds: now)
  }

  /// Something has called `wake`; a feed may be asked again.
  func woken() { awaitedFeed = nil }

  func pause(at sample: Int64?, now: Int64) { pacer.pause(at: sample, now: now) }

  func jump(to sample: Int64, now: Int64) -> Bool { pacer.jump(to: sample, now: now) }

  func resume(now: Int64) { pacer.resume(now: now) }

  /// Is to be at `sample` at that moment, as other devices are, and goes on from there.
  func play(from sample: Int64, at nanoseconds: Int64) { pacer.play(from: sample, at: nanoseconds) }

  /// Jumps; a new epoch begins.
  func seek(to sample: Int64, now: Int64) {
    epoch += 1
    automatic?.begins(streamId: id, position: Double(sample) / Double(track.sampleRate), now: now)
    chooseRendition(at: sample, bufferSeconds: nil, now: now)
    isAtEdge = false
    pacer.seek(to: sample, now: now)
    cursor = SegmentCursor(track: track.segments, rendition: choice.rendition, sample: sample)
    source = .none
  }

  /// Changes the rendition at the next segment.
  func change(to choice: QualityLadder.Choice, reason: String) {
    pendingChoice = choice == self.choice ? nil : (choice, reason)
  }

  /// No chunk leaves any more, whatever arrives.
  func end() { isOver = true }

  // MARK: - Frames

  /// The frames to send next; nil when they are on their way and `wake` will be called.
  private func nextPiece(maxSamples: Int, now: Int64) -> Result<SegmentCursor.Piece?, DubplateError> {
    do {
      try prepare(now: now)
    } catch {
      return .failure(error)
    }
    if case .coming(let feed) = source {
      switch feed.read(from: cursor.frame) {
      case .ready(let segment):
        source = .ready(segment)
      case .failed(let error):
        source = .none
        return .failure(DubplateError(error))
      case .pending:
        return wait(for: feed)
      case .frames(let frames, let end, let priming):
        // With sound in hand it's better to wait for the whole segment, whose bytes are shared with everyone.
        if pacer.secured(now: now) > GatewayLimits.comfortableSamples {
          return wait(for: feed)
        }
        return .success(cursor.piece(fromFrames: frames, upTo: end, priming: priming))
      }
    }
    guard case .ready(let segment) = source, let piece = cursor.piece(from: segment, maxSamples: maxSamples) else {
      return .failure(DubplateError(.internalFault, "the track is shorter than the catalogue says"))
    }
    return .success(piece)
  }

  private func wait(for feed: SegmentFeed) -> Result<SegmentCursor.Piece?, DubplateError> {
    guard awaitedFeed !== feed else { return .success(nil) }
    do throws(SegmentError) {
      try feed.notify(on: socket.eventLoop, wake)
    } catch {
      return .failure(DubplateError(error))
    }
    awaitedFeed = feed
    return .success(nil)
  }

  private func send(_ piece: SegmentCursor.Piece, now: Int64) {
    var chunk = AudioChunk(
      epoch: epoch, seq: chunkCount, timestampMilliseconds: UInt64(max(0, now - startedNanoseconds)) / 1_000_000,
      position: Double(pacer.nextSample) / Double(track.sampleRate), samples: piece.samples, skip: piece.skip,
      preamble: piece.preamble,
      frames: piece.frames)
    if case .ready(let segment) = source { chunk.base64Frames = { segment.base64(of: piece.range) } }
    guard socket.emit(raw: writer.event(for: chunk), flush: false) else { return end() }
    chunkCount += 1
    byteCount += UInt64(piece.preamble.readableBytes + piece.frames.readableBytes)
    pacer.sent(samples: Int(piece.gridEnd - pacer.nextSample), now: now)
    guard cursor.advance(past: piece) else { return }
    source = .none
    isAtEdge = !pacer.isComplete
    // Where the policy chooses, it does so when the next chunk is due, by what the link has taken until then.
    if isAtEdge, !choice.isAutomatic || pendingChoice != nil { _ = passEdge(now: now) }
  }

  /// Chooses the next segment's rendition, and has it made; a refusal now is asked again when the sound is due. Where
  /// the policy chooses, that waits while the link has not taken what it was given: a choice made before can't be taken
  /// back, and on a narrow link would be heard of only behind all of it.
  /// - Returns: when to ask again.
  private func passEdge(now: Int64) -> Int64? {
    if choice.isAutomatic, pendingChoice == nil, let automatic, automatic.isBehind {
      return now + GatewayLimits.edgePatience.nanoseconds
    }
    isAtEdge = false
    chooseRendition(at: pacer.nextSample, bufferSeconds: aheadSeconds(now: now), now: now)
    try? prepare(now: now)
    return nil
  }

  /// At a segment's edge, or where a seek leads: what the listener asked for, or else the policy's next rung.
  /// - Parameter bufferSeconds: what has been handed over before it; nil where sound begins anew.
  private func chooseRendition(at sample: Int64, bufferSeconds ahead: Double?, now: Int64) {
    if let pendingChoice { return apply(pendingChoice.choice, reason: pendingChoice.reason, at: sample) }
    guard choice.isAutomatic, let automatic else { return }
    let (rendition, reason) =
      ahead.map {
        automatic.next(
          of: track, after: choice.rendition, bufferSeconds: $0, fullSeconds: bufferSeconds, now: now)
      } ?? automatic.first(of: track, fullSeconds: bufferSeconds, now: now)
    guard rendition != choice.rendition else { return }
    hasNewRendition = true
    apply(QualityLadder.Choice(quality: choice.quality, rendition: rendition), reason: reason, at: sample)
  }

  /// Chooses the rendition anew of what was prepared behind another stream, right before it is announced.
  /// - Parameter ahead: sound of the other stream that has been handed over and not been heard.
  func settle(aheadSeconds ahead: Double, now: Int64) {
    guard chunkCount == 0, choice.isAutomatic, pendingChoice == nil, let automatic else { return }
    let (rendition, _) = automatic.next(
      of: track, after: choice.rendition, bufferSeconds: ahead, fullSeconds: bufferSeconds, now: now)
    guard rendition != choice.rendition else { return }
    choice = QualityLadder.Choice(quality: choice.quality, rendition: rendition)
    cursor = SegmentCursor(track: track.segments, rendition: rendition, sample: pacer.nextSample)
    source = .none
  }

  /// Whether its last sample has been heard.
  func isHeard(now: Int64) -> Bool { isFinished && pacer.playhead.sample(at: now) >= track.segments.sampleCount }

  /// Sound that has been handed over and not been heard, in seconds; with what is heard before this stream.
  func aheadSeconds(now: Int64) -> Double { Double(pacer.secured(now: now)) / Double(track.sampleRate) }

  /// Keeps the device ahead by that much from now on.
  func keepAhead(seconds: Double) {
    bufferSeconds = seconds
    pacer.setBuffer(seconds: seconds)
  }

  private func apply(_ choice: QualityLadder.Choice, reason: String, at sample: Int64) {
    self.choice = choice
    pendingChoice = nil
    cursor = SegmentCursor(track: track.segments, rendition: choice.rendition, sample: sample)
    var payload = track.renditionFields(choice)
    payload["streamId"] = .string(id)
    payload["reason"] = .string(reason)
    payload["position"] = .double(Double(sample) / Double(track.sampleRate))
    socket.emit("quality_change", .object(payload))
  }

  /// A stream that has begun waits out a shortage of encoders for a while; anything else ends it.
  private func afterFailure(_ error: DubplateError, now: Int64) -> Next {
    guard error.code == .busy, let retry = error.retryAfterMilliseconds else { return .failed(error) }
    let since = refusedSince ?? now
    refusedSince = since
    guard now - since < GatewayLimits.busyPatience.nanoseconds else { return .failed(error) }
    return .at(nanoseconds: now + Int64(retry) * 1_000_000 / 4)
  }
}

extension PlayableTrack {
  /// `quality`, `rendition`, `codec`, `bitrate`, `sampleRate` and, where a decoder needs one, `description`.
  func renditionFields(_ choice: QualityLadder.Choice) -> SocketObject {
    var fields: SocketObject = [
      "quality": .string(choice.quality), "codec": .string(choice.rendition.codecName),
      "bitrate": .int(Int64(choice.rendition.bitrate)),
      "sampleRate": .int(Int64(segments.timeline(choice.rendition).sampleRate)),
      "rendition": .string(choice.rendition.name),
    ]
    let header = choice.rendition.decoderDescription(for: segments)
    if !header.isEmpty { fields["description"] = .string(String(buffer: Base64Text.encode(ByteBuffer(bytes: header)))) }
    return fields
  }
}
