import Catalog
import NIOCore
import Playback
import Segments
import SocketIO
import SocketIOServer

/// What the client hears.
extension DeviceSession {
  /// An event of the session.
  func hear(_ event: String, _ payload: SocketObject) {
    socket.emit(event, .object(payload))
  }

  /// An event of the session that all of its devices hear.
  func hear(_ event: SharedEvent) {
    socket.emit(raw: event.raw)
  }

  /// - Parameter former: the stream behind whose last sample this one's first is heard.
  func emitStarted(_ stream: AudioStream, follows former: AudioStream?) {
    let now = Self.now
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
    payload["startedAt"] = .double(services.clock.unixMilliseconds(at: stream.startedNanoseconds))
    payload["channels"] = 2
    payload["loudness"] = stream.track.loudness?.wireValue
    payload["itemId"] = stream.role.map { .string($0.itemId) }
    if !stream.pacer.isPlaying { payload["paused"] = true }
    if let former {
      payload["follows"] = .string(former.id)
      let overlap = overlap(stream.track, after: former)
      if overlap > 0 { payload["crossfade"] = .double(overlap) }
    }
    if isGrouped, let start = stream.pacer.playhead.nanoseconds(at: 0) {
      let sample = stream.pacer.playhead.sample(at: start)
      payload["sync"] = .object(anchorFields(sample: sample, stream))
    }
    socket.emit("stream_started", .object(payload))
  }

  func emitEnded(_ stream: AudioStream, _ reason: AudioStream.EndReason) {
    socket.emit(
      "stream_ended",
      ["streamId": .string(stream.id), "trackId": .string(stream.track.id), "reason": .string(reason.rawValue)])
  }

  func emitError(_ error: DubplateError, trackId: String, streamId: String?) {
    var payload: SocketObject = [
      "trackId": .string(trackId), "code": .string(error.code.name), "message": .string(error.message),
    ]
    payload["streamId"] = streamId.map { .string($0) }
    if let retry = error.retryAfterMilliseconds { payload["retryAfterMs"] = .int(Int64(retry)) }
    socket.emit("stream_error", .object(payload))
  }

  func emitPreload(_ next: AudioStream, startsIn seconds: Double) {
    let track = next.track.track
    var payload: SocketObject = [
      "trackId": .string(track.id), "title": .string(track.title), "duration": .double(next.track.duration),
      "startsInMs": .int(Int64(max(0, seconds * 1_000))),
    ]
    payload["itemId"] = next.role.map { .string($0.itemId) }
    payload["artist"] = track.artist.map { .string($0) }
    payload["album"] = track.album.map { .string($0) }
    socket.emit("preload_track", .object(payload))
  }

  /// Where the device is to be when, with the others of its group; or that it plays freely.
  func emitGroupSync(_ stream: AudioStream, sample: Int64, isPlaying: Bool, isGrouped: Bool, at nanoseconds: Int64) {
    socket.emit(
      "group_sync",
      [
        "streamId": .string(stream.id), "epoch": .int(Int64(stream.epoch)),
        "position": .double(Double(sample) / Double(stream.track.sampleRate)),
        "at": isGrouped ? .double(services.clock.unixMilliseconds(at: nanoseconds)) : .null,
        "playing": .bool(isPlaying),
      ])
  }

  private func anchorFields(sample: Int64, _ stream: AudioStream) -> SocketObject {
    guard let moment = stream.pacer.playhead.nanoseconds(at: sample) else { return [:] }
    return [
      "position": .double(Double(sample) / Double(stream.track.sampleRate)),
      "at": .double(services.clock.unixMilliseconds(at: moment)),
    ]
  }
}

/// An event for several devices, encoded once.
struct SharedEvent: Sendable {
  let raw: RawEvent

  init(_ event: String, _ payload: SocketObject) {
    var json = ByteBuffer()
    SocketValue.array([.string(event), .object(payload)]).writeJSON(into: &json)
    raw = RawEvent(json: .init(head: ByteBuffer(), shared: json))
  }
}
