import Testing

@testable import Playback

/// Devices that carry out a session's effects.
struct SessionWorld {
  struct Device {
    var item: String
    var order: UInt64
    var turn: UInt64 = 0
    var isPaused: Bool
    /// The line on which it is, with others.
    var anchor: TimelineAnchor?
  }

  var session = ListeningSession()
  var now: Int64 = 1_000_000_000
  var random: QueueRandom
  /// What each connected device plays.
  var devices: [String: Device] = [:]
  var online: Set<String> = []
  var unplayable: Set<String> = []
  /// Why each device last fell silent.
  var stops: [String: StopReason] = [:]
  /// Times that a device of a group was told to jump.
  var jumps = 0
  /// Orders that a device has got and not carried out.
  private var late: [(device: String, order: PlayOrder)] = []

  init(seed: UInt64) { random = QueueRandom(seed: seed) }

  /// Devices that have a stream.
  var sounding: Set<String> { Set(devices.keys) }

  mutating func connect(_ id: String) {
    guard online.insert(id).inserted else { return }
    do {
      try session.connect(id, as: .init(name: id), unixMilliseconds: now / 1_000_000)
    } catch {
      Issue.record(error)
    }
    carryOut()
  }

  mutating func disconnect(_ id: String) {
    guard online.remove(id) != nil else { return }
    devices[id] = nil
    late.removeAll { $0.device == id }
    session.disconnect(id, isKept: true, now: now, unixMilliseconds: now / 1_000_000)
    carryOut()
  }

  mutating func set(_ tracks: [String], by device: String) throws {
    try session.setQueue(
      tracks: tracks, index: 0, context: nil, isShuffled: nil, position: 0, play: true, wish: QualityWish(), on: nil,
      version: nil, by: device, now: now)
    carryOut()
  }

  mutating func play(_ device: String, _ track: String) throws {
    late.removeAll { $0.device == device }
    let order = try session.devicePlayed(
      device, trackId: track, wish: QualityWish(), sounding(0), isPaused: false, now: now)
    devices[device] = session.queue.current.map { Device(item: $0.id, order: order, isPaused: false) }
    carryOut()
  }

  mutating func carryOut() {
    for effect in session.takeEffects() {
      switch effect {
      case .play(let id, let order):
        guard online.contains(id) else { continue }
        late.removeAll { $0.device == id }
        late.append((id, order))
      case .stop(let id, let reason):
        stops[id] = reason
        devices[id] = nil
        late.removeAll { $0.device == id }
      case .move(let id, .pause(let anchor)):
        devices[id]?.isPaused = true
        devices[id]?.anchor = anchor
      case .move(let id, .resume(let anchor)):
        devices[id]?.isPaused = false
        devices[id]?.anchor = anchor
      case .move(let id, .seek(let anchor, let isPaused)):
        devices[id]?.isPaused = isPaused
        devices[id]?.anchor = anchor
        jumps += 1
      case .move(let id, .timeline(let anchor)): devices[id]?.anchor = anchor
      default: break
      }
    }
  }

  /// Every device does what it was told, and says so.
  mutating func settle() {
    var rounds = 0
    while !late.isEmpty, rounds < 1_000 {
      rounds += 1
      let (device, order) = late.removeFirst()
      guard !unplayable.contains(order.item.trackId) else {
        session.failed(device, order: order.order, isTrackAtFault: true, now: now)
        carryOut()
        continue
      }
      devices[device] = Device(
        item: order.item.id, order: order.order, turn: order.turn, isPaused: order.isPaused, anchor: order.anchor)
      session.began(
        device, order: order.order, turn: order.turn, sounding(order.position), isPaused: order.isPaused, now: now)
      carryOut()
    }
    #expect(rounds < 1_000, "it comes to an end")
  }

  func sounding(_ position: Double) -> ListeningSession.Sounding {
    .init(streamId: "s", position: position, duration: 200, quality: "auto", codec: "aac")
  }

  /// Something happens.
  mutating func step(_ ids: [String]) {
    guard let id = ids.randomElement(using: &random), let other = ids.randomElement(using: &random) else { return }
    guard online.contains(id) else { return connect(id) }
    let tracks = (0..<Int.random(in: 1...4, using: &random)).map { _ in
      "t\(Int.random(in: 0..<5, using: &random))"
    }
    do {
      switch Int.random(in: 0..<17, using: &random) {
      case 0: disconnect(id)
      case 1: try set(tracks, by: id)
      case 2: try play(id, "t1")
      case 3: try session.next(version: nil, by: id, now: now)
      case 4: try session.previous(version: nil, by: id, now: now)
      case 5: _ = try session.transfer(to: other, play: nil, by: id, now: now)
      case 6: _ = try session.addToQueue(tracks: tracks, at: .next, version: nil, by: id)
      case 7:
        let items = session.queue.window().items.map(\.id).filter { _ in Bool.random(using: &random) }
        try session.removeFromQueue(items: items, version: nil, by: id, now: now)
      case 8: try session.shuffle(Bool.random(using: &random), version: nil, by: id)
      case 9: try session.clearQueue(all: Bool.random(using: &random), version: nil, by: id, now: now)
      case 10: try session.joinGroup(id, heard: nil, by: other, now: now)
      case 11: session.leaveGroup(id)
      case 12: if session.isGrouped { _ = try session.pauseGroup(by: id, now: now) }
      case 13: if session.isGrouped { _ = try session.resumeGroup(by: id, now: now) }
      case 14: try pauseOrResume()
      case 15: try trackEnds()
      default:
        if let repeats = PlayQueue.RepeatMode.allCases.randomElement(using: &random) {
          try session.setRepeat(repeats, version: nil, by: id)
        }
      }
    } catch is SessionError {
    } catch {
      Issue.record(error)
    }
    carryOut()
  }

  /// The device that plays moves its own sound.
  private mutating func pauseOrResume() throws {
    guard !session.isGrouped, let playing = session.playing, let device = devices[playing.deviceId],
      device.order == playing.order
    else { return }
    devices[playing.deviceId]?.isPaused.toggle()
    session.moved(
      playing.deviceId, device.isPaused ? .resume : .pause, order: device.order, position: playing.position(at: now),
      isPlaying: device.isPaused, by: playing.deviceId, now: now)
  }

  /// What plays has been heard to its end; what follows is there or it isn't.
  private mutating func trackEnds() throws {
    guard let playing = session.playing, let device = devices[playing.deviceId], device.order == playing.order,
      !device.isPaused
    else { return }
    if let next = session.queue.peekAfterCurrent(), Bool.random(using: &random) {
      for member in session.soundingDevices {
        devices[member]?.item = next.id
        devices[member]?.turn += 1
        devices[member]?.anchor = TimelineAnchor(position: 0, nanoseconds: now)
      }
      session.advanced(
        playing.deviceId, order: device.order, turn: device.turn + 1, itemId: next.id, sounding(0), now: now)
    } else {
      session.ended(playing.deviceId, order: playing.order, now: now)
      if session.playing?.order == playing.order {
        for member in session.soundingDevices {
          devices[member]?.isPaused = true
          devices[member]?.anchor = TimelineAnchor(position: 200, nanoseconds: now)
        }
      }
    }
  }
}
