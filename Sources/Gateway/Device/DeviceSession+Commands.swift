import NIOCore
import Playback
import Segments
import SocketIO
import SocketIOServer

extension DeviceSession {
  /// What a command's ack says; called once, on the loop.
  typealias Reply = (Result<SocketObject, DubplateError>) -> Void

  /// Carries out one event of the client, and answers its ack if it carries one.
  func handle(_ event: SocketEvent) {
    do {
      try spendCommand(Command.cost(of: event.name, event.arguments))
      // An answer that is given at once is a part of the packet's handling, which is measured.
      var isAtOnce = true
      defer { isAtOnce = false }
      try handle(event.name, payload: event.arguments.first) { [allowance] result in
        if isAtOnce { Self.answer(event, result) } else { allowance.charging { Self.answer(event, result) } }
      }
    } catch {
      Self.answer(event, .failure(DubplateError(wrapping: error)))
    }
  }

  private static func answer(_ event: SocketEvent, _ result: Result<SocketObject, DubplateError>) {
    guard event.expectsAcknowledgement else { return }
    switch result {
    case .success(var fields):
      fields["ok"] = true
      event.acknowledge(.object(fields))
    case .failure(let error):
      var fields = error.context
      fields["ok"] = false
      fields["error"] = error.wireValue
      event.acknowledge(.object(fields))
    }
  }

  private func handle(_ name: String, payload: SocketValue?, reply: @escaping Reply) throws(DubplateError) {
    switch name {
    case "play_track": try play(payload, reply)
    case "pause_track", "resume_track", "stop_track", "seek_position", "quality_change":
      try transport(name, payload, reply)
    case "volume_change": try changeVolume(payload, reply)
    case "clock_sync": reply(.success(try clockSync(try Command.decode(Command.ClockSync.self, from: payload))))
    case "audio_control":
      let action = try Command.decode(Command.Control.self, from: payload).action
      guard let event = Self.events[action] else { throw DubplateError(.badRequest, "action: there is no such action") }
      try handle(event, payload: payload?["payload"], reply: reply)
    default:
      guard try handleSession(name, payload: payload, reply: reply) else {
        throw DubplateError(.badRequest, "there is no such event")
      }
    }
  }

  /// What the source contract's envelope calls the commands.
  private static let events = [
    "play": "play_track", "pause": "pause_track", "resume": "resume_track", "stop": "stop_track",
    "seek": "seek_position",
    "volume": "volume_change", "quality": "quality_change",
  ]

  private func play(_ payload: SocketValue?, _ reply: @escaping Reply) throws(DubplateError) {
    let command = try Command.decode(Command.Play.self, from: payload)
    var start: Start
    let trackId: String
    if let id = command.streamId {
      guard let prepared = services.streams.take(id: id, userId: device.userId) else {
        throw DubplateError(.unknownStream, "there is no such stream, or its minute is over")
      }
      trackId = prepared.track.id
      start = Start(choice: prepared.choice, sample: prepared.sample, id: id)
    } else {
      guard let id = command.trackId else { throw DubplateError(.badRequest, "trackId: is missing") }
      trackId = id
      start = Start(
        choice: try QualityLadder.resolve(quality: command.quality, codec: command.codec, plan: device.plan),
        position: command.position ?? 0)
    }
    let wish = QualityWish(quality: start.choice.quality, codec: command.codec)
    self.start(trackId, start) { [self] result in
      reply(result.map { ["streamId": .string($0.id), "epoch": 0] })
      if case .success(let stream) = result { reportPlayed(stream, wish: wish) }
    }
  }

  // MARK: - Pause, resume, stop, seek, quality

  /// A command that moves the sound: this device's own, or, from a remote, that of the active one.
  private func transport(_ name: String, _ payload: SocketValue?, _ reply: @escaping Reply) throws(DubplateError) {
    let command = try Command.transport(name, from: payload)
    var isResumedAtTheEnd = false
    if case .resume = command { isResumedAtTheEnd = stream?.hasReportedEnd ?? false }
    if let session, !isOpeningOwn, isGrouped || stream == nil || isResumedAtTheEnd {
      let reply = NIOLoopBound(reply, eventLoop: socket.eventLoop)
      let eventLoop = socket.eventLoop
      session.enter(
        from: socket.id, canWait: false, refused: { error in eventLoop.execute { reply.value(.failure(error)) } }
      ) { [deviceId = device.deviceId] core in
        core.transport(command, by: deviceId) { result in eventLoop.execute { reply.value(result) } }
      }
      return
    }
    try carryOut(command, by: device.deviceId, reply)
  }

  /// Moves the sound of this device.
  /// - Parameter by: the device that gave the command.
  func carryOut(_ command: Command.Transport, by: String, _ reply: Reply) throws(DubplateError) {
    if case .stop = command {
      let order = (pending?.role ?? stream?.role)?.order
      endStream(.stopped)
      reply(.success([:]))
      return reportStopped(order: order, by: by)
    }
    if let start = pending { return reply(.success(try change(start, by: command))) }
    let stream = try currentStream()
    let now = Self.now
    let action: SessionAction
    switch command {
    case .pause(let pause):
      var sample: Int64?
      if let position = pause.position, pause.streamId == nil || pause.streamId == stream.id {
        sample = try stream.track.sample(at: position)
      }
      stream.pause(at: sample, now: now)
      moveNext()
      action = .pause
      reply(.success(["position": .double(stream.position(now: now))]))
    case .resume:
      // A device on its own has no queue that could be begun anew: the track is.
      if session == nil, stream.isHeard(now: now) { leaveFor(seek: stream, to: 0, now: now) }
      stream.resume(now: now)
      moveNext()
      action = .resume
      reply(.success(["position": .double(stream.position(now: now))]))
    case .stop: return
    case .seek(let seek):
      if let held = seek.held, held != stream.id || seek.epoch ?? Int(stream.epoch) != Int(stream.epoch) {
        // It was about another stream than the one that is heard by now, or somebody has sought in it since: who asked is
        // told what holds, and nothing moves.
        return reply(
          .success([
            "position": .double(stream.position(now: now)), "epoch": .int(Int64(stream.epoch)),
            "streamId": .string(stream.id),
          ]))
      }
      let sample = try stream.track.sample(at: seek.position)
      if seek.held != nil, stream.jump(to: sample, now: now) {
        stream.hasReportedEnd = false
        moveNext()
      } else {
        leaveFor(seek: stream, to: sample, now: now)
      }
      action = .seek(epoch: stream.epoch)
      // The answer goes first: a client knows the new epoch before its chunks come.
      reply(
        .success([
          "position": .double(seek.position), "epoch": .int(Int64(stream.epoch)), "streamId": .string(stream.id),
        ]))
    case .quality(let quality):
      let choice = settled(
        try QualityLadder.resolve(quality: quality.quality, codec: quality.codec, plan: device.plan), of: stream.track,
        behind: stream)
      stream.change(to: choice, reason: "manual")
      action = .quality(quality: choice.quality, codec: choice.rendition.codecName)
      tellWish(quality)
      reply(.success(["quality": .string(choice.quality), "codec": .string(choice.rendition.codecName)]))
    }
    // Before the sound goes on: others hear of the very position that was asked for.
    reportMoved(stream, action, by: by)
    service(stream)
  }

  private func tellWish(_ quality: Command.Quality) {
    let wish = QualityWish(quality: quality.quality, codec: quality.codec)
    tellSession { core in
      core.state.wishes(wish)
      core.carryOut()
    }
  }

  /// What is about to begin begins otherwise.
  /// - Returns: the fields of the answer.
  private func change(_ start: Start, by command: Command.Transport) throws(DubplateError) -> SocketObject {
    var start = start
    defer { pending = start }
    switch command {
    case .pause: start.isPaused = true
    case .resume: start.isPaused = false
    case .stop: break
    case .seek(let seek):
      guard seek.held ?? start.id == start.id else {
        return ["position": .double(start.position), "epoch": 0, "streamId": .string(start.id)]
      }
      guard try Command.finite(seek.position, "position") >= 0 else {
        throw DubplateError(.positionOutOfRange, "the position is outside of the track")
      }
      (start.position, start.sample) = (seek.position, nil)
      return ["position": .double(seek.position), "epoch": 0, "streamId": .string(start.id)]
    case .quality(let quality):
      start.choice = try QualityLadder.resolve(quality: quality.quality, codec: quality.codec, plan: device.plan)
      tellWish(quality)
      return ["quality": .string(start.choice.quality), "codec": .string(start.choice.rendition.codecName)]
    }
    return ["position": .double(start.position)]
  }

  /// Jumps; what was prepared behind the track is prepared anew when its time comes.
  func leaveFor(seek stream: AudioStream, to sample: Int64, now: Int64) {
    cancelNext()
    stream.seek(to: sample, now: now)
    stream.isFinished = false
    stream.hasReportedEnd = false
  }

  // MARK: - Volume and clock

  private func changeVolume(_ payload: SocketValue?, _ reply: @escaping Reply) throws(DubplateError) {
    let command = try Command.decode(Command.Volume.self, from: payload)
    let volume = try Command.finite(command.volume, "volume")
    guard (0...1).contains(volume) else { throw DubplateError(.badRequest, "volume: must be from 0 to 1") }
    guard session != nil else { return reply(.success(["volume": .double(volume)])) }
    let target = command.deviceId ?? device.deviceId
    inSession(reply) { core, deviceId in
      try core.state.changeSettings(of: target, .init(volume: volume), by: deviceId)
      return ["volume": .double(volume), "deviceId": .string(target)]
    }
  }

  /// The server's half of a clock exchange (RFC 5905, section 8: the times at which the request came and the answer
  /// left).
  private func clockSync(_ command: Command.ClockSync) throws(DubplateError) -> SocketObject {
    let t1 = services.clock.unixMilliseconds(at: Self.now)
    return [
      "t0": .double(try Command.finite(command.t0, "t0")), "t1": .double(t1),
      "t2": .double(services.clock.unixMilliseconds(at: Self.now)),
    ]
  }
}
