import Testing

@testable import Playback

/// The session against a small world of devices that do what they are told, late, or not at all.
@Suite struct ListeningSessionTests {
  @Test func aTrackThatADevicePlaysIsTheQueueAndTheDeviceTheActiveOne() throws {
    var world = SessionWorld(seed: 1)
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
    var world = SessionWorld(seed: 2)
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
    var world = SessionWorld(seed: 3)
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

  @Test func whatBecomesOfADeviceIsToldAndKept() throws {
    var world = SessionWorld(seed: 3)
    for id in ["desk", "phone", "tab"] { world.connect(id) }
    world.session.disconnect("phone", isKept: true, now: world.now, unixMilliseconds: 1_000)
    world.session.disconnect("tab", isKept: false, now: world.now, unixMilliseconds: 1_000)
    #expect(world.session.takeEffects() == [.devicesChanged, .devicesChanged])
    world.session.forgetGone(unixMilliseconds: 1_000)
    #expect(world.session.takeEffects().isEmpty, "nobody has been away for long")
    #expect(throws: SessionError.deviceOnline) { try world.session.forget("desk") }
    #expect(world.session.takeEffects().isEmpty)
    try world.session.forget("phone")
    #expect(world.session.takeEffects() == [.devicesChanged, .save])
    #expect(world.session.devices.devices.map(\.deviceId) == ["desk"])
    let tab = PlaybackDevice.Announcement(name: "A second tab", isTemporary: true)
    try world.session.connect("tab", as: tab, unixMilliseconds: 2_000)
    world.session.disconnect("tab", isKept: true, now: world.now, unixMilliseconds: 2_000)
    try world.session.connect("tab", as: tab, unixMilliseconds: 2_000)
    #expect(world.session.devices.devices.map(\.deviceId) == ["desk", "tab"], "it has come on another connection")
    world.session.disconnect("tab", isKept: true, now: world.now, unixMilliseconds: 3_000)
    world.session.forgetGone(unixMilliseconds: 3_000)
    #expect(world.session.takeEffects().last == .devicesChanged)
    #expect(world.session.devices.devices.map(\.deviceId) == ["desk"])
  }

  @Test func whoHasGoneForGoodIsForgottenWhenAnotherComesButNotItself() throws {
    let day: Int64 = 86_400_000
    var session = ListeningSession()
    for id in ["desk", "window"] { try session.connect(id, as: .init(name: id), unixMilliseconds: 0) }
    session.disconnect("window", isKept: true, now: 0, unixMilliseconds: 0)
    session.disconnect("desk", isKept: true, now: 0, unixMilliseconds: 0)
    try session.connect("desk", as: .init(name: "desk"), unixMilliseconds: 2 * day)
    #expect(session.devices.devices.map(\.deviceId) == ["desk"])
    session.disconnect("desk", isKept: true, now: 0, unixMilliseconds: 2 * day)
    try session.connect("window", as: .init(name: "window"), unixMilliseconds: 4 * day)
    #expect(session.devices.devices.map(\.deviceId) == ["desk", "window"], "it had come back, and so it lasts")
  }

  @Test func anOlderVersionChangesNothing() throws {
    var world = SessionWorld(seed: 4)
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
    var world = SessionWorld(seed: 5)
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
    var world = SessionWorld(seed: 6)
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
    var world = SessionWorld(seed: 8)
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
    var world = SessionWorld(seed: 7)
    world.connect("desk")
    try world.set(["a", "b"], by: "desk")
    world.settle()
    world.now += 12_000_000_000
    let kept = world.session.kept(now: world.now, unixMilliseconds: 1_000_000)
    var restored = ListeningSession()
    restored.restore(kept)
    #expect(restored.queue == world.session.queue)
    #expect(abs(restored.resumePosition - 12) < 0.01)
    try restored.connect("desk", as: .init(name: "Desk"), unixMilliseconds: 1_000_000)
    _ = restored.takeEffects()
    try restored.resumeHere("desk", now: 0)
    let orders = restored.takeEffects().compactMap { if case .play(_, let order) = $0 { order } else { nil } }
    #expect(orders.map(\.item.trackId) == ["a"])
    #expect(abs(try #require(orders.first).position - 12) < 0.01)
  }

  @Test func whatSoundedWhenTheServerWasKilledIsTakenUpWhereItWas() throws {
    var world = SessionWorld(seed: 7)
    world.connect("desk")
    try world.set(["a", "b"], by: "desk")
    world.settle()
    let start = world.session.kept(now: world.now, unixMilliseconds: 1_000_000)
    let duration = try #require(start.sounding?.duration)
    func resumed(_ kept: KeptSession, end: Double?) -> Double {
      var session = ListeningSession()
      session.restore(kept, end: end)
      return session.resumePosition
    }
    #expect(abs(resumed(start, end: 1_012_000) - start.position - 12) < 0.01)
    #expect(resumed(start, end: nil) == start.position, "nobody knows how long the server lived on")
    #expect(resumed(start, end: 999_000) == start.position, "a clock that was set back")
    #expect(resumed(start, end: 9e12) == duration - 1, "a clock that was set ahead")
    world.now += 5_000_000_000
    world.session.moved("desk", .pause, order: nil, position: 5, isPlaying: false, by: "desk", now: world.now)
    let paused = world.session.kept(now: world.now, unixMilliseconds: 1_005_000)
    #expect(paused.sounding == nil && resumed(paused, end: 1_012_000) == paused.position)
  }

  /// Devices command at once, come, go, fail and answer late; whenever all has been said, what sounds is what the
  /// session says, and on no other device.
  @Test(arguments: 0..<150 as Range<UInt64>)
  func whateverHappensAllAgreeInTheEnd(seed: UInt64) throws {
    var world = SessionWorld(seed: seed)
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
