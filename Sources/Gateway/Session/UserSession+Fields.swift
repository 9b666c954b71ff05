import Playback
import SocketIO

/// The session's state as the protocol writes it (section 1.5 of `Docs/protocol.md`).
extension UserSession.Core {
  func queueFields(offset: Int? = nil, limit: Int? = nil) -> SocketObject {
    let queue = state.queue
    let window = queue.window(offset: offset, limit: limit ?? PlaybackLimits.queueWindow)
    var fields: SocketObject = [
      "version": .int(Int64(clamping: queue.version)), "total": .int(Int64(queue.count)),
      "offset": .int(Int64(window.offset)),
      "items": .array(window.items.map(itemFields)),
      "index": .int(Int64(queue.index ?? -1)), "itemId": queue.current.map { .string($0.id) } ?? .null,
      "shuffle": .bool(queue.isShuffled), "repeat": .string(queue.repeatMode.rawValue),
      "crossfade": .double(queue.crossfadeSeconds),
    ]
    if let context = queue.context {
      fields["context"] = ["kind": .string(context.kind), "id": .string(context.id), "name": .string(context.name)]
    }
    return fields
  }

  private func itemFields(_ item: PlayQueue.Item) -> SocketValue {
    ["id": .string(item.id), "trackId": .string(item.trackId)]
  }

  func queueFields(reason: String, by: String?) -> SocketObject {
    var fields = queueFields()
    fields["reason"] = .string(reason)
    if let by { fields["deviceId"] = .string(by) }
    return fields
  }

  func devicesFields() -> SocketObject {
    [
      "devices": .array(state.devices.devices.map { .object(deviceFields($0)) }),
      "activeDeviceId": state.devices.activeDeviceId.map { .string($0) } ?? .null,
      "group": groupFields, "version": .int(Int64(clamping: state.devices.version)),
    ]
  }

  var groupFields: SocketValue { .array(state.devices.group.sorted().map { .string($0) }) }

  func deviceFields(_ device: PlaybackDevice) -> SocketObject {
    var fields: SocketObject = [
      "deviceId": .string(device.deviceId), "name": .string(device.name), "kind": .string(device.kind.rawValue),
      "volume": .double(device.volume), "outputDelayMs": .double(device.outputDelayMs),
      "dataSaver": .bool(device.dataSaver), "active": .bool(device.isActive),
      "online": .bool(device.isOnline), "inGroup": .bool(device.isInGroup),
      "codecs": .array(device.codecs.map(\.rawValue).sorted().map { .string($0) }),
    ]
    fields["lastUsed"] = device.lastUsed.map { .int($0) }
    return fields
  }

  func stateFields(_ action: SessionAction, by: String) -> SocketObject {
    [
      "action": .string(action.name), "payload": .object(payload(of: action)),
      "timestamp": .int(Int64(services.clock.unixMilliseconds(at: now))),
      "version": .int(Int64(clamping: state.version)), "deviceId": .string(by), "state": .object(playingFields()),
    ]
  }

  /// What plays now.
  func playingFields() -> SocketObject {
    guard let playing = state.playing else {
      var fields: SocketObject = [
        "status": "stopped", "position": .double(state.resumePosition), "timestamp": .double(timestamp(now)),
      ]
      if let item = state.queue.current {
        fields["itemId"] = .string(item.id)
        fields["trackId"] = .string(item.trackId)
      }
      return fields
    }
    // A moment that lies ahead is told as it is; one that has passed, as it is now.
    let moment = max(now, playing.anchor.nanoseconds)
    var fields: SocketObject = [
      "itemId": .string(playing.item.id), "trackId": .string(playing.item.trackId),
      "deviceId": .string(playing.deviceId), "status": .string(playing.status == .paused ? "paused" : "playing"),
      "position": .double(playing.position(at: moment)), "timestamp": .double(timestamp(moment)),
    ]
    fields["streamId"] = playing.streamId.map { .string($0) }
    fields["duration"] = playing.duration.map { .double($0) }
    fields["quality"] = playing.quality.map { .string($0) }
    fields["codec"] = playing.codec.map { .string($0) }
    return fields
  }

  private func timestamp(_ nanoseconds: Int64) -> Double { services.clock.unixMilliseconds(at: nanoseconds) }

  private func payload(of action: SessionAction) -> SocketObject {
    var fields: SocketObject = [:]
    switch action {
    case .quality(let quality, let codec):
      fields = ["quality": .string(quality), "codec": .string(codec)]
    case .volume(let volume, let deviceId):
      fields = ["volume": .double(volume), "deviceId": .string(deviceId)]
    case .stop, .end, .hello: break
    case .play, .pause, .resume, .seek, .jump, .transfer, .advance:
      guard let playing = state.playing else { break }
      fields = ["trackId": .string(playing.item.trackId), "position": .double(playing.anchor.position)]
      fields["quality"] = playing.quality.map { .string($0) }
      fields["streamId"] = playing.streamId.map { .string($0) }
      if case .seek(let epoch?) = action { fields["epoch"] = .int(Int64(epoch)) }
    }
    return fields
  }
}
