import Access
import Catalog
import Logging
import NIOCore
import Playback
import Segments
import SocketIO
import SocketIOServer

/// One connected device: its commands, and the stream it plays. Lives on the socket's event loop and is touched
/// nowhere else.
final class DeviceSession {
  let socket: Socket
  let device: ConnectedDevice
  let services: StreamGateway.Services
  let pump: StreamPump
  /// The stream that is heard, also after its last chunk has left.
  var stream: AudioStream?
  /// The stream behind it, prepared or being sent.
  var next: AudioStream?
  /// What the session says comes behind what is heard.
  var following: Following?
  /// The same for a track that has not begun.
  var earlyFollowing: Following?
  /// Whether the client has heard of `next`, and its chunks go out.
  var hasBegunNext = false
  /// The item that is being looked up to follow.
  var openingItem: String?
  /// Chooses where the listener leaves the quality to the server.
  let automatic: AutomaticQuality?
  /// The user's session; nil for a device on its own.
  var session: UserSession?
  /// Whether others play along, so that this device doesn't move alone.
  var isGrouped = false
  /// What its user may command.
  let allowance: UserAllowance
  /// Grows with everything that begins or stops a stream: a lookup that comes back after a newer one is of no interest
  /// any more.
  private(set) var playGeneration = 0
  /// What is to begin when its track has been looked up. Commands that come meanwhile are about it.
  var pending: Start?
  /// The device itself asked for that, and the session doesn't know.
  var isOpeningOwn: Bool { pending.map { $0.role == nil } ?? false }
  /// What the session said last meanwhile.
  private var heldOrder: (() -> Void)?
  /// What the device began by itself and has failed before the session knew of it.
  var failedOwn: (streamId: String, error: DubplateError)?
  /// A stream that has been made and of which the client has not heard.
  private var unannounced: AudioStream?

  init(
    socket: Socket, device: ConnectedDevice, services: StreamGateway.Services, pump: StreamPump,
    allowance: UserAllowance
  ) {
    self.socket = socket
    self.device = device
    self.services = services
    self.pump = pump
    automatic = AutomaticQuality(
      socket: socket, plan: device.plan, codecs: device.codecs, savesData: device.dataSaver)
    self.allowance = allowance
  }

  static var now: Int64 { Int64(NIODeadline.now().uptimeNanoseconds) }

  /// Pays for a command. Who can't isn't listened to until he could: what he sends on stays with him.
  /// - Throws: `rate_limited`, with the time until then.
  func spendCommand(_ cost: Double) throws(DubplateError) {
    guard let wait = allowance.spendCommand(cost, now: Self.now) else { return }
    socket.pauseReading(for: .nanoseconds(wait))
    throw DubplateError(
      .rateLimited, "too many commands", retryAfterMilliseconds: Int((wait + 999_999) / 1_000_000))
  }

  /// The connection is gone.
  func close() {
    endStream(.stopped)
    leaveSession()
    services.allowances.disconnect(device.userId, token: device.tokenId, now: Self.now)
  }

  // MARK: - The stream

  /// A stream to begin.
  struct Start {
    var choice: QualityLadder.Choice
    /// Seconds, or a sample where that is known.
    var position = 0.0
    var sample: Int64?
    var id = StreamDirectory.makeId()
    var role: AudioStream.Role?
    var isPaused = false
    var anchor: TimelineAnchor?
  }

  /// Starts a stream for a track that may have to be looked up first, in place of what is heard; `completion` is called
  /// once, on the loop, before the stream's first event.
  func start(
    _ trackId: String, _ start: Start, completion: @escaping (Result<AudioStream, DubplateError>) -> Void
  ) {
    playGeneration += 1
    heldOrder = nil
    pending = nil
    if let track = services.tracks.cached(trackId) {
      completion(begun(track, start))
      return startSound()
    }
    let generation = playGeneration
    pending = start
    lookUp(trackId) { [self] found in
      guard playGeneration == generation, let start = pending, socket.isConnected else {
        return completion(.failure(DubplateError(.noStream, "a later command has replaced this one")))
      }
      let held = heldOrder
      (pending, heldOrder) = (nil, nil)
      let result = found.flatMap { begun($0, start) }
      completion(result)
      startSound()
      if case .failure = result { held?() }
    }
  }

  /// Carries out what the session says, unless that was said without knowing of what the device has begun by itself: the
  /// session hears of it next, and from then on it is what counts. What is still being looked up may come to nothing;
  /// the session's last word holds then.
  func obey(_ order: @escaping () -> Void) {
    if isOpeningOwn {
      heldOrder = order
    } else if stream.map({ $0.role != nil }) ?? true {
      order()
    }
  }

  /// Looks a track up; `completion` is called once, on the loop.
  func lookUp(_ trackId: String, completion: @escaping (Result<PlayableTrack, DubplateError>) -> Void) {
    guard !trackId.isEmpty, trackId.utf8.count <= GatewayLimits.nameLength else {
      return completion(.failure(DubplateError(.unknownTrack, "there is no such track")))
    }
    if let track = services.tracks.cached(trackId) { return completion(.success(track)) }
    let bound = NIOLoopBound(completion, eventLoop: socket.eventLoop)
    services.tracks.lookUp(trackId) { [eventLoop = socket.eventLoop] found in
      eventLoop.execute { bound.value(found) }
    }
  }

  private func begun(_ track: PlayableTrack, _ start: Start) -> Result<AudioStream, DubplateError> {
    do throws(DubplateError) {
      return .success(try begin(track, start))
    } catch {
      return .failure(error)
    }
  }

  /// Puts a stream in place of what is heard. Nothing is sent yet.
  private func begin(_ track: PlayableTrack, _ start: Start) throws(DubplateError) -> AudioStream {
    let now = Self.now
    let sample = try firstSample(of: track, start)
    let stream = makeStream(
      track, choice: start.choice, sample: sample, id: start.id,
      startsAt: start.isPaused ? nil : start.anchor?.nanoseconds)
    stream.role = start.role
    if start.isPaused { stream.pause(at: nil, now: now) }
    try stream.prepare(now: now)
    endStream(.replaced)
    self.stream = stream
    automatic?.begins(streamId: stream.id, position: Double(sample) / Double(track.sampleRate), now: now)
    isGrouped = start.anchor != nil
    takeEarlyFollowing(for: stream)
    services.streams.began(
      id: stream.id, userId: device.userId, session: NIOLoopBound(self, eventLoop: socket.eventLoop))
    unannounced = stream
    return stream
  }

  /// Where a stream begins. What the session asks for was said without knowing how long the track is: past its end is
  /// its beginning.
  private func firstSample(of track: PlayableTrack, _ start: Start) throws(DubplateError) -> Int64 {
    if let sample = start.sample { return sample }
    if start.role != nil, start.position > track.duration { return 0 }
    return try track.sample(at: start.position)
  }

  /// - Parameter former: the stream behind which it is heard.
  func makeStream(
    _ track: PlayableTrack, choice: QualityLadder.Choice, sample: Int64, id: String, startsAt: Int64?,
    behind former: AudioStream? = nil
  ) -> AudioStream {
    let bound = NIOLoopBound(self, eventLoop: socket.eventLoop)
    return AudioStream(
      id: id, track: track, choice: settled(choice, of: track, behind: former), startSample: sample,
      bufferSeconds: device.bufferSeconds, format: device.format, automatic: automatic, startsAt: startsAt,
      owner: device.owner, socket: socket, library: services.library, now: Self.now
    ) { bound.value.streamWoke(id) }
  }

  /// A choice whose rendition is known: what it comes to for the track, or the policy's, where the listener leaves it to
  /// the server.
  /// - Parameter stream: what is being sent, if this goes on behind it.
  func settled(
    _ choice: QualityLadder.Choice, of track: PlayableTrack, behind stream: AudioStream? = nil
  ) -> QualityLadder.Choice {
    guard choice.isAutomatic, let automatic else {
      return QualityLadder.choice(choice, of: track.lossySource, plan: device.plan, decodes: device.decodes)
    }
    let now = Self.now
    let (rendition, _) =
      stream.map {
        automatic.next(
          of: track, after: $0.choice.rendition, bufferSeconds: $0.aheadSeconds(now: now),
          fullSeconds: device.bufferSeconds,
          now: now)
      } ?? automatic.first(of: track, fullSeconds: device.bufferSeconds, now: now)
    return QualityLadder.Choice(quality: choice.quality, rendition: rendition)
  }

  /// The command is answered: the stream that it made is announced, and its sound begins.
  private func startSound() {
    guard let stream = unannounced else { return }
    unannounced = nil
    emitStarted(stream, follows: nil)
    service(stream)
  }

  /// The stream that a command is about.
  /// - Throws: `no_stream`.
  func currentStream() throws(DubplateError) -> AudioStream {
    guard let stream else { throw DubplateError(.noStream, "nothing is playing on this device") }
    return stream
  }

  /// Lets a stream send what is due, and sees to it that it is called again.
  func service(_ stream: AudioStream) {
    pump.cancel(stream)
    if !stream.isFinished {
      switch stream.service(now: Self.now) {
      case .at(let nanoseconds): pump.schedule(stream, at: nanoseconds)
      case .idle: break
      case .finished: finish(stream)
      case .failed(let error): return fail(stream, error)
      }
    }
    guard stream === self.stream else { return }
    reportRendition(of: stream)
    prepareFollowing()
    if stream.isFinished { awaitEnd(of: stream) }
  }

  func socketBecameWritable() {
    if let stream, !stream.isFinished { service(stream) }
    if let next, !next.isFinished, stream?.isFinished ?? true { service(next) }
  }

  private func streamWoke(_ id: String) {
    guard let stream = stream(of: id) else { return }
    stream.woken()
    service(stream)
  }

  /// Stops what plays, if anything does, and what was prepared behind it.
  func endStream(_ reason: AudioStream.EndReason, isTold: Bool = false) {
    playGeneration += 1
    heldOrder = nil
    pending = nil
    unannounced = nil
    cancelNext()
    following = nil
    guard let stream else { return }
    self.stream = nil
    retire(stream)
    // Of one whose last chunk is out, what the device holds would be heard to its end: up to two minutes.
    let isHeardOn = !stream.hasReportedEnd && (reason == .stopped || reason == .transferred)
    if !isTold, !stream.isFinished || isHeardOn { emitEnded(stream, reason) }
  }

  /// No chunk of it leaves any more; its status can still be asked for.
  func retire(_ stream: AudioStream) {
    stream.end()
    pump.cancel(stream)
    services.streams.ended(userId: device.userId, status(of: stream, isOver: true))
  }

  /// The last chunk is out. The stream stays: what is buffered is being heard, and may be paused or left by a seek.
  private func finish(_ stream: AudioStream) {
    stream.isFinished = true
    emitEnded(stream, .finished)
    if stream === self.stream { beginNext() }
  }

  private func fail(_ stream: AudioStream, _ error: DubplateError) {
    services.logger.warning(
      "a stream has failed", metadata: ["stream": "\(stream.id)", "track": "\(stream.track.id)", "error": "\(error)"])
    if stream === next, let current = self.stream {
      // What is heard isn't touched by it; that the next one can't be played is found out, and said, when its turn comes.
      cancelNext()
      return nothingFollows(current)
    }
    emitError(error, trackId: stream.track.id, streamId: stream.id)
    let order = stream.role?.order
    endStream(.stopped, isTold: true)
    if let order { reportFailure(order: order, error) } else { failedOwn = (stream.id, error) }
  }

  func status(of id: String) -> StreamDirectory.Status? {
    stream(of: id).map { status(of: $0, isOver: false) }
  }

  private func stream(of id: String) -> AudioStream? {
    if let stream, stream.id == id { return stream }
    if let next, next.id == id { return next }
    return nil
  }

  private func status(of stream: AudioStream, isOver: Bool) -> StreamDirectory.Status {
    let now = Self.now
    let position = stream.position(now: now)
    let hasEnded = isOver || stream.isHeard(now: now)
    return StreamDirectory.Status(
      streamId: stream.id, trackId: stream.track.id,
      state: hasEnded ? .ended : stream.pacer.isPlaying ? .playing : .paused, position: position,
      duration: stream.track.duration, quality: stream.choice.quality, codec: stream.choice.rendition.codecName,
      epoch: stream.epoch,
      chunks: stream.chunkCount, bytes: stream.byteCount)
  }
}

extension DubplateError {
  /// An error that is one already, or the one for what nobody expected.
  init(wrapping error: any Error) {
    switch error {
    case let error as DubplateError: self = error
    case let error as SessionError: self.init(error)
    default: self.init(.internalFault, "the command failed")
    }
  }
}
