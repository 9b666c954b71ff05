import Testing

@testable import Playback

/// The session against a small world of devices that do what they are told, late, or not at all.
@Suite struct ListeningSessionTests {
  @Test func aTrackThatADevicePlaysIsTheQueueAndTheDeviceTheActiveOne() throws {
    var world = World(seed: 1)
    world.connect("desk")
    world.connect("phone")
    try world.play("desk", "t1")
    world.settle()
    #expect(world.session.queue.current?.trackId == "t1")
    #expect(world.session.devices.activeDeviceId == "desk")
    try world.play("phone", "t2")
    world.settle()
    #expect(world.sounding == ["phone"])
    #expect(world.session.queue.current?.trackId == "t2")
  }

  @Test func handOverKeepsThePositionAndTheFormerDeviceSoundsUntilTheNewOneDoes() throws {
    var world = World(seed: 2)
    world.connect("desk")
    world.connect("phone")
    try world.set(["a", "b"], by: "desk")
    world.settle()
    world.now += 30_000_000_000
    let position = try world.session.transfer(to: "phone", play: nil, by: "desk", now: world.now)
    world.carryOut()
    #expect(abs(position - 30) < 0.001)
    #expect(world.sounding == ["desk"])
    world.settle()
    #expect(world.sounding == ["phone"])
    #expect(try #require(world.session.playing).position(at: world.now) >= 30)
  }

  @Test func aDeviceThatVanishesInMidHandOverGivesTheSoundBack() throws {
    var world = World(seed: 3)
    world.connect("desk")
    world.connect("phone")
    try world.set(["a"], by: "desk")
    world.settle()
    _ = try world.session.transfer(to: "phone", play: nil, by: "desk", now: world.now)
    world.carryOut()
    world.disconnect("phone")
    world.settle()
    #expect(world.sounding == ["desk"])
    #expect(world.session.playing?.deviceId == "desk")
    #expect(world.session.playing?.status == .playing)
  }

  @Test func anOlderVersionChangesNothing() throws {
    var world = World(seed: 4)
    world.connect("desk")
    try world.set(["a", "b", "c"], by: "desk")
    world.settle()
    let before = world.session.queue
    #expect(throws: SessionError.self) {
      try world.session.next(version: before.version - 1, by: "desk", now: world.now)
    }
    #expect(world.session.queue == before)
    #expect(world.session.takeEffects().isEmpty)
  }

  @Test func tracksThatCannotBePlayedArePassedOverAndAQueueOfThemEnds() throws {
    var world = World(seed: 5)
    world.unplayable = ["x", "y"]
    world.connect("desk")
    try world.set(["x", "y", "a"], by: "desk")
    world.settle()
    #expect(world.session.queue.current?.trackId == "a")
    try world.set(Array(repeating: "x", count: 100), by: "desk")
    world.settle()
    #expect(world.session.playing == nil)
    #expect(world.sounding.isEmpty)
  }

  @Test func devicesThatPlayTogetherMoveOnOneLine() throws {
    var world = World(seed: 6)
    for id in ["desk", "phone", "tv"] { world.connect(id) }
    try world.set(["a"], by: "desk")
    world.settle()
    try world.session.joinGroup("phone", heard: nil, by: "phone", now: world.now)
    world.carryOut()
    world.settle()
    #expect(world.sounding == ["desk", "phone"])
    #expect(world.jumps == 0, "a late joiner begins where the others are")
    world.now += 5_000_000_000
    _ = try world.session.seekGroup(to: 60, by: "phone", now: world.now)
    let moves = world.session.takeEffects().compactMap { effect in
      if case .move(let device, let move) = effect { (device, move) } else { nil }
    }
    #expect(Set(moves.map(\.0)) == ["desk", "phone"])
    #expect(moves.allSatisfy { $0.1 == moves[0].1 })
    world.disconnect("desk")
    world.settle()
    #expect(world.session.playing?.deviceId == "phone")
    #expect(!world.session.isGrouped)
  }

  @Test func aDeviceHearsWhyItFallsSilent() throws {
    var world = World(seed: 8)
    for id in ["desk", "phone"] { world.connect(id) }
    try world.set(["a"], by: "desk")
    world.settle()
    _ = try world.session.transfer(to: "phone", play: nil, by: "desk", now: world.now)
    world.carryOut()
    #expect(world.stops.isEmpty, "it plays on until the other one does")
    world.settle()
    #expect(world.stops == ["desk": .transferred])
    try world.session.joinGroup("desk", heard: nil, by: "desk", now: world.now)
    world.carryOut()
    world.settle()
    world.session.leaveGroup("desk")
    world.carryOut()
    #expect(world.stops == ["desk": .stopped])
    world.session.stopAll(by: "phone")
    world.carryOut()
    #expect(world.stops == ["desk": .stopped, "phone": .stopped])
  }

  @Test func whatWasKeptIsTakenUpAgain() throws {
    var world = World(seed: 7)
    world.connect("desk")
    try world.set(["a", "b"], by: "desk")
    world.settle()
    world.now += 12_000_000_000
    let kept = world.session.kept(now: world.now)
    var restored = ListeningSession()
    restored.restore(kept)
    #expect(restored.queue == world.session.queue)
    #expect(abs(restored.resumePosition - 12) < 0.01)
    try restored.connect("desk", as: .init(name: "Desk"))
    _ = restored.takeEffects()
    try restored.resumeHere("desk", now: 0)
    let orders = restored.takeEffects().compactMap { if case .play(_, let order) = $0 { order } else { nil } }
    #expect(orders.map(\.item.trackId) == ["a"])
    #expect(abs(try #require(orders.first).position - 12) < 0.01)
  }

  /// Devices command at once, come, go, fail and answer late; whenever all has been said, what sounds is what the
  /// session says, and on no other device.
  @Test(arguments: 0..<150 as Range<UInt64>)
  func whateverHappensAllAgreeInTheEnd(seed: UInt64) throws {
    var world = World(seed: seed)
    world.unplayable = ["t3"]
    let ids = ["desk", "phone", "tv", "car"]
    for step in 0..<60 {
      world.now += Int64.random(in: 0...4_000_000_000, using: &world.random)
      world.step(ids)
      if Int.random(in: 0..<4, using: &world.random) == 0 { world.settle() }
      guard step % 6 == 5 else { continue }
      world.settle()
      let session = world.session
      #expect(session.handover == nil, "seed \(seed), step \(step)")
      guard let playing = session.activeSound else {
        #expect(
          world.sounding.isEmpty,
          "seed \(seed), step \(step): \(world.sounding), \(String(describing: session.playing))")
        continue
      }
      #expect(world.sounding == Set(session.soundingDevices), "seed \(seed), step \(step)")
      let isOver = playing.position(at: world.now) >= 200
      #expect(isOver || session.queue.current == playing.item, "seed \(seed), step \(step)")
      #expect(session.devices.activeDeviceId == playing.deviceId, "seed \(seed), step \(step)")
      for device in world.sounding {
        #expect(world.devices[device]?.item == playing.item.id, "seed \(seed), step \(step), \(device)")
        #expect(world.devices[device]?.isPaused == (playing.status == .paused), "seed \(seed), step \(step), \(device)")
        if session.isGrouped {
          let anchor = try #require(world.devices[device]?.anchor, "seed \(seed), step \(step), \(device)")
          #expect(playing.isInStep(with: anchor), "seed \(seed), step \(step), \(device): \(anchor), \(playing)")
        }
      }
    }
  }
}

/// Devices that carry out a session's effects.
private struct World {
  struct Device {
    var item: String
    var order: UInt64
    var isPaused: Bool
    /// The line on which it is, with others.
    var anchor: TimelineAnchor?
  }

  var session = ListeningSession()
  var now: Int64 = 1_000_000_000
  var random: Seeded
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

  init(seed: UInt64) { random = Seeded(state: seed) }

  /// Devices that have a stream.
  var sounding: Set<String> { Set(devices.keys) }

  mutating func connect(_ id: String) {
    guard online.insert(id).inserted else { return }
    do {
      try session.connect(id, as: .init(name: id))
    } catch {
      Issue.record(error)
    }
    carryOut()
  }

  mutating func disconnect(_ id: String) {
    guard online.remove(id) != nil else { return }
    devices[id] = nil
    late.removeAll { $0.device == id }
    session.disconnect(id, isKept: true, now: now)
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
    let order = try session.devicePlayed(device, trackId: track, wish: QualityWish(), sounding(0), now: now)
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
        item: order.item.id, order: order.order, isPaused: order.isPaused, anchor: order.anchor)
      session.began(
        device, order: order.order, itemId: order.item.id, sounding(order.position), isPaused: order.isPaused, now: now)
      carryOut()
    }
    #expect(rounds < 1_000, "it comes to an end")
  }

  private func sounding(_ position: Double) -> ListeningSession.Sounding {
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
      playing.deviceId, device.isPaused ? .resume : .pause, position: playing.position(at: now),
      isPlaying: device.isPaused, by: playing.deviceId, now: now)
  }

  /// What plays has been heard to its end; what follows is there or it isn't.
  private mutating func trackEnds() throws {
    guard let playing = session.playing, let device = devices[playing.deviceId], device.order == playing.order,
      !device.isPaused
    else { return }
    if let next = session.queue.peekAfterCurrent(), Bool.random(using: &random), next.id != playing.item.id {
      for member in session.soundingDevices {
        devices[member]?.item = next.id
        devices[member]?.anchor = TimelineAnchor(position: 0, nanoseconds: now)
      }
      session.advanced(playing.deviceId, itemId: next.id, sounding(0), now: now)
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

/// SplitMix64: the same numbers from the same seed.
private struct Seeded: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
