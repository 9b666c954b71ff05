import Access
import Catalog
import Logging
import NIOCore
import Playback
import Segments
import SocketIO
import SocketIOServer

/// Who is at the other end of a connection, as its token and its CONNECT packet say.
struct Device: Sendable {
  let userId: String
  let plan: Plan
  let deviceId: String
  let deviceName: String?
  let format: ChunkFormat
  let bufferSeconds: Double
}

/// One connected device: its commands, and the stream it plays. Lives on the socket's event loop and is touched
/// nowhere else.
final class DeviceSession {
  let socket: Socket
  let device: Device
  let services: StreamGateway.Services
  let pump: StreamPump
  /// The stream that is heard, also after its last chunk has left.
  var stream: AudioStream?
  var volume = 1.0
  private var budget: CommandBudget
  /// Grows with every `play_track` and `stop_track`: a lookup that comes back after a newer one is of no interest any
  /// more.
  private var playGeneration = 0
  /// Whether it takes part in the user's shared state.
  private let isSynchronised: Bool

  init(socket: Socket, device: Device, services: StreamGateway.Services, pump: StreamPump) {
    self.socket = socket
    self.device = device
    self.services = services
    self.pump = pump
    budget = CommandBudget(now: Self.now)
    isSynchronised = services.roster.join(user: device.userId)
    if isSynchronised { socket.join(room) }
  }

  static var now: Int64 { Int64(NIODeadline.now().uptimeNanoseconds) }

  private var room: String { "user:\(device.userId)" }

  func spendCommand() throws(DubplateError) {
    try budget.spend(now: Self.now)
  }

  /// The connection is gone.
  func close() {
    endStream(.stopped)
    if isSynchronised { services.roster.leave(user: device.userId) }
  }

  // MARK: - The stream

  /// Starts a stream for a track that may have to be looked up first; `completion` is called once, on the loop.
  func play(_ command: Command.Play, completion: @escaping (Result<SocketObject, DubplateError>) -> Void) {
    playGeneration += 1
    do {
      if let id = command.streamId {
        guard let prepared = services.streams.take(id: id, userId: device.userId) else {
          throw DubplateError(.unknownStream, "there is no such stream, or its minute is over")
        }
        begin(try start(prepared.track, choice: prepared.choice, sample: prepared.sample, id: id), completion)
        return
      }
      guard let trackId = command.trackId else { throw DubplateError(.badRequest, "trackId: is missing") }
      guard !trackId.isEmpty, trackId.utf8.count <= GatewayLimits.nameLength else {
        throw DubplateError(.unknownTrack, "there is no such track")
      }
      let choice = try QualityLadder.resolve(quality: command.quality, codec: command.codec, plan: device.plan)
      if let track = services.tracks.cached(trackId) {
        begin(try start(track, choice: choice, position: command.position ?? 0), completion)
      } else {
        lookUp(trackId, choice: choice, position: command.position ?? 0, completion: completion)
      }
    } catch {
      completion(.failure(DubplateError(wrapping: error)))
    }
  }

  private func lookUp(
    _ trackId: String, choice: QualityLadder.Choice, position: Double,
    completion: @escaping (Result<SocketObject, DubplateError>) -> Void
  ) {
    let generation = playGeneration
    let bound = NIOLoopBound((self, completion), eventLoop: socket.eventLoop)
    services.tracks.lookUp(trackId) { [eventLoop = socket.eventLoop] found in
      eventLoop.execute {
        let (session, completion) = bound.value
        do {
          let track = try found.get()
          guard session.playGeneration == generation, session.socket.isConnected else {
            throw DubplateError(.noStream, "a later command has replaced this one")
          }
          session.begin(try session.start(track, choice: choice, position: position), completion)
        } catch {
          completion(.failure(DubplateError(wrapping: error)))
        }
      }
    }
  }

  /// Answers the command, then lets the sound begin.
  private func begin(_ stream: AudioStream, _ completion: (Result<SocketObject, DubplateError>) -> Void) {
    completion(.success(["streamId": .string(stream.id), "epoch": 0]))
    emitStarted(stream, now: Self.now)
    service(stream)
  }

  private func start(_ track: PlayableTrack, choice: QualityLadder.Choice, position: Double) throws(DubplateError)
    -> AudioStream
  {
    try start(track, choice: choice, sample: try track.sample(at: position), id: StreamDirectory.makeId())
  }

  private func start(_ track: PlayableTrack, choice: QualityLadder.Choice, sample: Int64, id: String)
    throws(DubplateError) -> AudioStream
  {
    let now = Self.now
    let bound = NIOLoopBound(self, eventLoop: socket.eventLoop)
    let stream = AudioStream(
      id: id, track: track, choice: choice, startSample: sample, bufferSeconds: device.bufferSeconds,
      format: device.format,
      owner: device.userId, socket: socket, library: services.library, now: now
    ) { bound.value.streamWoke(id) }
    try stream.prepare(now: now)
    endStream(.replaced)
    self.stream = stream
    services.streams.began(id: id, userId: device.userId, session: bound)
    return stream
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
    switch stream.service(now: Self.now) {
    case .at(let nanoseconds): pump.schedule(stream, at: nanoseconds)
    case .idle: break
    case .finished: finish(stream)
    case .failed(let error): fail(stream, error)
    }
  }

  func socketBecameWritable() {
    if let stream, !stream.isFinished { service(stream) }
  }

  private func streamWoke(_ id: String) {
    guard let stream, stream.id == id else { return }
    stream.woken()
    if !stream.isFinished { service(stream) }
  }

  /// Stops what plays, if anything does.
  func endStream(_ reason: AudioStream.EndReason) {
    playGeneration += 1
    guard let stream else { return }
    self.stream = nil
    stream.end()
    pump.cancel(stream)
    services.streams.ended(userId: device.userId, status(of: stream, isOver: true))
    if !stream.isFinished { emitEnded(stream, reason) }
  }

  /// The last chunk is out. The stream stays: what is buffered is being heard, and may be paused or left by a seek.
  private func finish(_ stream: AudioStream) {
    guard !stream.isFinished else { return }
    stream.isFinished = true
    emitEnded(stream, .finished)
  }

  private func fail(_ stream: AudioStream, _ error: DubplateError) {
    services.logger.warning(
      "a stream has failed", metadata: ["stream": "\(stream.id)", "track": "\(stream.track.id)", "error": "\(error)"])
    var payload: SocketObject = ["streamId": .string(stream.id), "trackId": .string(stream.track.id)]
    payload["code"] = .string(error.code.name)
    payload["message"] = .string(error.message)
    if let retry = error.retryAfterMilliseconds { payload["retryAfterMs"] = .int(Int64(retry)) }
    socket.emit("stream_error", .object(payload))
    stream.isFinished = true  // `stream_error` has said it
    endStream(.stopped)
  }

  func status(of id: String) -> StreamDirectory.Status? {
    guard let stream, stream.id == id else { return nil }
    return status(of: stream, isOver: false)
  }

  private func status(of stream: AudioStream, isOver: Bool) -> StreamDirectory.Status {
    let now = Self.now
    let position = stream.position(now: now)
    let hasEnded =
      isOver || (stream.isFinished && stream.pacer.playhead.sample(at: now) >= stream.track.segments.sampleCount)
    return StreamDirectory.Status(
      streamId: stream.id, trackId: stream.track.id,
      state: hasEnded ? .ended : stream.pacer.isPlaying ? .playing : .paused, position: position,
      duration: stream.track.duration, quality: stream.choice.quality, codec: stream.choice.rendition.codecName,
      epoch: stream.epoch,
      chunks: stream.chunkCount, bytes: stream.byteCount)
  }

  // MARK: - What the client hears

  private func emitStarted(_ stream: AudioStream, now: Int64) {
    let track = stream.track.track
    var payload = stream.track.renditionFields(stream.choice)
    payload["streamId"] = .string(stream.id)
    payload["trackId"] = .string(track.id)
    payload["title"] = .string(track.title)
    payload["artist"] = track.artist.map { .string($0) }
    payload["album"] = track.album.map { .string($0) }
    payload["duration"] = .double(stream.track.duration)
    payload["position"] = .double(stream.position(now: now))
    payload["epoch"] = .int(Int64(stream.epoch))
    payload["channels"] = 2
    payload["loudness"] = stream.track.loudness?.wireValue
    socket.emit("stream_started", .object(payload))
  }

  private func emitEnded(_ stream: AudioStream, _ reason: AudioStream.EndReason) {
    socket.emit(
      "stream_ended",
      ["streamId": .string(stream.id), "trackId": .string(stream.track.id), "reason": .string(reason.rawValue)])
  }

  /// Tells the user's other devices what this one did.
  func announce(_ action: String, _ payload: SocketObject) {
    guard isSynchronised, let version = services.roster.change(user: device.userId, device: device.deviceId) else {
      return
    }
    socket.to(room).emit(
      "sync_state",
      [
        "action": .string(action), "payload": .object(payload), "timestamp": .int(services.unixMilliseconds()),
        "version": .int(Int64(clamping: version)), "deviceId": .string(device.deviceId),
      ])
  }

  /// The seed's own event for a seek, beside `sync_state`.
  func announceSeek(_ position: Double) {
    guard isSynchronised else { return }
    socket.to(room).emit("seek_update", ["position": .double(position), "deviceId": .string(device.deviceId)])
  }
}

extension DubplateError {
  /// An error that is one already, or the one for what nobody expected.
  init(wrapping error: any Error) {
    self = (error as? DubplateError) ?? DubplateError(.internalFault, "the command failed")
  }
}
