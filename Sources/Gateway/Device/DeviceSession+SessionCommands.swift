import NIOCore
import Playback
import SocketIO
import SocketIOServer

/// Commands about the queue, the devices and the group: the session carries them out, on its home loop.
extension DeviceSession {
  /// Runs `body` in the user's session, answers with what it returns or throws, then lets its effects happen.
  func inSession(
    _ reply: @escaping Reply, _ body: @escaping @Sendable (UserSession.Core, String) throws -> SocketObject
  ) {
    guard let session else {
      return reply(
        .failure(DubplateError(.notInSession, "this device is on its own: it has no queue and no other devices")))
    }
    let reply = NIOLoopBound(reply, eventLoop: socket.eventLoop)
    let eventLoop = socket.eventLoop
    session.enter(
      from: socket.id, canWait: false, refused: { error in eventLoop.execute { reply.value(.failure(error)) } }
    ) { [deviceId = device.deviceId] core in
      var result: Result<SocketObject, DubplateError>
      do {
        result = .success(try body(core, deviceId))
      } catch {
        var refusal = DubplateError(wrapping: error)
        if refusal.code == .staleVersion { refusal.context = ["queue": .object(core.queueFields())] }
        result = .failure(refusal)
      }
      eventLoop.execute { [result] in reply.value(result) }
      core.carryOut()
    }
  }

  /// Returns whether there is such an event.
  func handleSession(
    _ name: String, payload: SocketValue?, reply: @escaping Reply
  ) throws(DubplateError) -> Bool {
    switch name {
    case "queue_get":
      let command = try Command.decode(Command.QueueGet.self, from: payload)
      inSession(reply) { core, _ in
        ["queue": .object(core.queueFields(offset: command.offset, limit: command.limit))]
      }
    case "queue_set":
      let command = try Command.decode(Command.QueueSet.self, from: payload)
      // Refused before anything changes.
      if command.quality != nil || command.codec != nil {
        _ = try QualityLadder.resolve(quality: command.quality, codec: command.codec, plan: device.plan)
      }
      changeQueue(reply) { core, device in
        let wish =
          command.quality == nil && command.codec == nil
          ? core.state.wish : QualityWish(quality: command.quality, codec: command.codec)
        try core.state.setQueue(
          tracks: command.tracks, index: command.index, context: command.context?.queueContext,
          isShuffled: command.shuffle, position: command.position ?? 0, play: command.play ?? true, wish: wish,
          on: command.deviceId, version: command.version, by: device, now: core.now)
      }
    case "queue_add":
      let command = try Command.decode(Command.QueueAdd.self, from: payload)
      let place = try command.place()
      inSession(reply) { core, device in
        let ids = try core.state.addToQueue(
          tracks: command.tracks, at: place, version: command.version, by: device)
        return ["items": .array(ids.map { .string($0) }), "queue": .object(core.queueFields())]
      }
    case "queue_remove":
      let command = try Command.decode(Command.QueueRemove.self, from: payload)
      changeQueue(reply) {
        try $0.state.removeFromQueue(items: command.items, version: command.version, by: $1, now: $0.now)
      }
    case "queue_move":
      let command = try Command.decode(Command.QueueMove.self, from: payload)
      changeQueue(reply) {
        try $0.state.moveInQueue(item: command.item, to: command.to, version: command.version, by: $1)
      }
    case "queue_clear":
      let command = try Command.decode(Command.QueueClear.self, from: payload)
      changeQueue(reply) {
        try $0.state.clearQueue(all: command.all ?? false, version: command.version, by: $1, now: $0.now)
      }
    case "queue_jump":
      let command = try Command.decode(Command.QueueJump.self, from: payload)
      let goal = try command.goal()
      changeQueue(reply) {
        try $0.state.jump(
          to: goal, position: command.position ?? 0, version: command.version, by: $1, now: $0.now)
      }
    case "next_track":
      let command = try Command.decode(Command.Versioned.self, from: payload)
      changeQueue(reply) { try $0.state.next(version: command.version, by: $1, now: $0.now) }
    case "previous_track":
      let command = try Command.decode(Command.Versioned.self, from: payload)
      changeQueue(reply) { try $0.state.previous(version: command.version, by: $1, now: $0.now) }
    case "shuffle_change":
      let command = try Command.decode(Command.Shuffle.self, from: payload)
      changeQueue(reply) { try $0.state.shuffle(command.shuffle, version: command.version, by: $1) }
    case "repeat_change":
      let command = try Command.decode(Command.Repeat.self, from: payload)
      guard let mode = PlayQueue.RepeatMode(rawValue: command.repeat) else {
        throw DubplateError(.badRequest, "repeat: must be off, one or all")
      }
      changeQueue(reply) { try $0.state.setRepeat(mode, version: command.version, by: $1) }
    case "crossfade_change":
      let command = try Command.decode(Command.Crossfade.self, from: payload)
      changeQueue(reply) { try $0.state.setCrossfade(seconds: command.seconds, by: $1) }
    default: return try handleDevices(name, payload: payload, reply: reply)
    }
    return true
  }

  private func changeQueue(
    _ reply: @escaping Reply, _ body: @escaping @Sendable (UserSession.Core, String) throws -> Void
  ) {
    inSession(reply) { core, device in
      try body(core, device)
      return ["queue": .object(core.queueFields())]
    }
  }

  private func handleDevices(
    _ name: String, payload: SocketValue?, reply: @escaping Reply
  ) throws(DubplateError) -> Bool {
    switch name {
    case "device_list": inSession(reply) { core, _ in core.devicesFields() }
    case "device_transfer":
      let command = try Command.decode(Command.Transfer.self, from: payload)
      inSession(reply) { core, device in
        let position = try core.state.transfer(to: command.deviceId, play: command.play, by: device, now: core.now)
        return ["deviceId": .string(command.deviceId), "position": .double(position)]
      }
    case "device_settings":
      let command = try Command.decode(Command.Settings.self, from: payload)
      inSession(reply) { core, device in
        let target = command.deviceId ?? device
        try core.state.changeSettings(of: target, command.settings, by: device)
        core.applySettings(of: target)
        return ["device": core.state.devices[target].map { .object(core.deviceFields($0)) } ?? .null]
      }
    case "device_forget":
      let command = try Command.decode(Command.Forget.self, from: payload)
      inSession(reply) { core, _ in
        try core.state.forget(command.deviceId)
        return [:]
      }
    case "group_join":
      let command = try Command.decode(Command.Group.self, from: payload)
      inSession(reply) { core, device in
        try core.state.joinGroup(command.deviceId ?? device, heard: core.heard, by: device, now: core.now)
        return ["group": core.groupFields]
      }
    case "group_leave":
      let command = try Command.decode(Command.Group.self, from: payload)
      inSession(reply) { core, device in
        core.state.leaveGroup(command.deviceId ?? device)
        return ["group": core.groupFields]
      }
    case "network_stats":
      try takeNetworkStats(try Command.decode(Command.NetworkStats.self, from: payload))
      reply(.success([:]))
    default: return false
    }
    return true
  }

  /// What a device says of its network and of what it hears.
  private func takeNetworkStats(_ stats: Command.NetworkStats) throws(DubplateError) {
    for (field, value) in [("bandwidth", stats.bandwidth), ("bufferMs", stats.bufferMs), ("rttMs", stats.rttMs)] {
      guard let value else { continue }
      guard value.isFinite, value >= 0 else { throw DubplateError(.badRequest, "\(field): must not be negative") }
    }
    let now = Self.now
    let moment = stats.at.flatMap { services.clock.nanoseconds(at: $0) }
    let report = stats.bufferMs.map {
      SoundReports.Report(
        streamId: stats.streamId, position: stats.position, nanoseconds: moment, bufferSeconds: $0 / 1_000)
    }
    automatic?.report(
      // Older clients tell of a buffer without saying of which stream, and measure what the pauses let through.
      bandwidth: stats.bandwidth, isOfArrivals: stats.streamId != nil || stats.bufferMs == nil,
      roundTripSeconds: stats.rttMs.map { $0 / 1_000 }, report, of: stream, now: now)
    guard let position = stats.position, let stream, stats.streamId == stream.id,
      let moment, abs(moment - now) < GatewayLimits.heardLifetime.nanoseconds,
      (0...stream.track.duration).contains(position)
    else { return }
    tellSession { [deviceId = device.deviceId] core in
      core.hears(deviceId, TimelineAnchor(position: position, nanoseconds: moment))
    }
  }
}

extension UserSession.Core {
  /// A remote's command, or one to a group.
  func transport(
    _ command: Command.Transport, by: String,
    reply: @escaping @Sendable (Result<SocketObject, DubplateError>) -> Void
  ) {
    do {
      if state.isGrouped, case .quality = command {
        // Each device of a group has a quality of its own.
      } else if case .resume = command, state.playing?.isOver ?? false {
        // At the queue's end: it begins anew.
        try state.resumeHere(by, now: now)
        reply(.success(["position": 0]))
        return carryOut()
      } else if state.isGrouped {
        reply(.success(try moveGroup(command, by: by)))
        return carryOut()
      }
      guard let sound = state.activeSound, members[sound.deviceId] != nil else {
        if case .resume = command {
          try state.resumeHere(by, now: now)
          reply(.success(["position": .double(state.playing?.position(at: now) ?? 0)]))
          return carryOut()
        }
        if case .stop = command { return reply(.success([:])) }
        throw DubplateError(.noStream, "nothing is playing")
      }
      on(state.soundingDevices.contains(by) ? by : sound.deviceId) { device in
        do throws(DubplateError) {
          try device.carryOut(command, by: by, { reply($0) })
        } catch {
          reply(.failure(error))
        }
      }
    } catch {
      reply(.failure(DubplateError(wrapping: error)))
    }
  }

  private func moveGroup(_ command: Command.Transport, by: String) throws -> SocketObject {
    switch command {
    case .pause: ["position": .double(try state.pauseGroup(by: by, now: now))]
    case .resume: ["position": .double(try state.resumeGroup(by: by, now: now))]
    case .seek(let seek): ["position": .double(try state.seekGroup(to: seek.position, by: by, now: now))]
    case .stop:
      {
        state.stopAll(by: by)
        return [:]
      }()
    case .quality: [:]
    }
  }
}
