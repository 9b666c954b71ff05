import Playback
import Segments
import SocketIO
import SocketIOServer

extension DeviceSession {
  /// Carries out one event of the client, and answers its ack if it carries one.
  func handle(_ event: SocketEvent) {
    do {
      try spendCommand()
      try handle(event.name, payload: event.arguments.first) { result in
        Self.answer(event, result)
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
      event.acknowledge(["ok": false, "error": error.wireValue])
    }
  }

  private func handle(
    _ name: String, payload: SocketValue?, reply: @escaping (Result<SocketObject, DubplateError>) -> Void
  ) throws(DubplateError) {
    switch name {
    case "play_track": play(payload, try Command.decode(Command.Play.self, from: payload), reply)
    case "pause_track": reply(.success(try pause(try Command.decode(Command.Pause.self, from: payload))))
    case "resume_track": reply(.success(try resume()))
    case "stop_track": reply(.success(stop()))
    case "seek_position": try seek(try Command.decode(Command.Seek.self, from: payload), reply)
    case "volume_change": reply(.success(try changeVolume(try Command.decode(Command.Volume.self, from: payload))))
    case "quality_change": reply(.success(try changeQuality(try Command.decode(Command.Quality.self, from: payload))))
    case "clock_sync": reply(.success(try clockSync(try Command.decode(Command.ClockSync.self, from: payload))))
    case "audio_control":
      let action = try Command.decode(Command.Control.self, from: payload).action
      guard let event = Self.events[action] else { throw DubplateError(.badRequest, "action: there is no such action") }
      try handle(event, payload: payload?["payload"], reply: reply)
    default:
      throw DubplateError(.badRequest, "there is no such event")
    }
  }

  /// What the source contract's envelope calls the commands.
  private static let events = [
    "play": "play_track", "pause": "pause_track", "resume": "resume_track", "stop": "stop_track",
    "seek": "seek_position",
    "volume": "volume_change", "quality": "quality_change",
  ]

  private func play(
    _ payload: SocketValue?, _ command: Command.Play, _ reply: @escaping (Result<SocketObject, DubplateError>) -> Void
  ) {
    play(command) { result in
      reply(result)
      guard case .success = result, let stream = self.stream else { return }
      self.announce(
        "play",
        [
          "trackId": .string(stream.track.id), "quality": .string(stream.choice.quality),
          "position": .double(stream.position(now: Self.now)),
        ])
    }
  }

  private func pause(_ command: Command.Pause) throws(DubplateError) -> SocketObject {
    let stream = try currentStream()
    let now = Self.now
    var sample: Int64?
    if let position = command.position { sample = try stream.track.sample(at: position) }
    stream.pause(at: sample, now: now)
    if !stream.isFinished { service(stream) }
    let fields: SocketObject = ["position": .double(stream.position(now: now))]
    announce("pause", fields)
    return fields
  }

  private func resume() throws(DubplateError) -> SocketObject {
    let stream = try currentStream()
    let now = Self.now
    stream.resume(now: now)
    if !stream.isFinished { service(stream) }
    let fields: SocketObject = ["position": .double(stream.position(now: now))]
    announce("resume", fields)
    return fields
  }

  private func stop() -> SocketObject {
    endStream(.stopped)
    announce("stop", [:])
    return [:]
  }

  private func seek(
    _ command: Command.Seek, _ reply: (Result<SocketObject, DubplateError>) -> Void
  ) throws(DubplateError) {
    let stream = try currentStream()
    let sample = try stream.track.sample(at: command.position)
    stream.seek(to: sample, now: Self.now)
    stream.isFinished = false
    // The answer goes first: a client knows the new epoch before its chunks come.
    reply(.success(["position": .double(command.position), "epoch": .int(Int64(stream.epoch))]))
    service(stream)
    announce("seek", ["position": .double(command.position)])
    announceSeek(command.position)
  }

  private func changeVolume(_ command: Command.Volume) throws(DubplateError) -> SocketObject {
    let volume = try Command.finite(command.volume, "volume")
    guard (0...1).contains(volume) else { throw DubplateError(.badRequest, "volume: must be from 0 to 1") }
    self.volume = volume
    let fields: SocketObject = ["volume": .double(volume)]
    announce("volume", fields)
    return fields
  }

  private func changeQuality(_ command: Command.Quality) throws(DubplateError) -> SocketObject {
    let stream = try currentStream()
    let choice = try QualityLadder.resolve(quality: command.quality, codec: command.codec, plan: device.plan)
    stream.change(to: choice, reason: "manual")
    let fields: SocketObject = ["quality": .string(choice.quality), "codec": .string(choice.rendition.codecName)]
    announce("quality", fields)
    return fields
  }

  /// The server's half of a clock exchange (RFC 5905, section 8: the times at which the request came and the answer
  /// left).
  private func clockSync(_ command: Command.ClockSync) throws(DubplateError) -> SocketObject {
    let t1 = services.unixMilliseconds()
    return [
      "t0": .double(try Command.finite(command.t0, "t0")), "t1": .int(t1), "t2": .int(services.unixMilliseconds()),
    ]
  }
}
