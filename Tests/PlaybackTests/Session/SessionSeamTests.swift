import Testing

@testable import Playback

/// From one track to the next, at the queue's end, and after a restart.
@Suite struct SessionSeamTests {
  private func playing(_ tracks: [String], on devices: [String] = ["desk"]) throws -> SessionWorld {
    var world = SessionWorld(seed: 1)
    for device in devices { world.connect(device) }
    try world.set(tracks, by: devices[0])
    world.settle()
    return world
  }

  private func played(_ effects: [SessionEffect]) -> [PlayOrder] {
    effects.compactMap { if case .play(_, let order) = $0 { order } else { nil } }
  }

  private func following(_ effects: [SessionEffect]) -> [Following] {
    effects.compactMap { if case .follow(_, let following) = $0 { following } else { nil } }
  }

  /// The active device goes on to what follows.
  private func advance(_ world: inout SessionWorld) throws -> [SessionEffect] {
    let playing = try #require(world.session.playing)
    let next = try #require(world.session.queue.peekAfterCurrent())
    world.session.advanced(
      playing.deviceId, order: playing.order, turn: playing.turn + 1, itemId: next.id, world.sounding(0), now: world.now
    )
    return world.session.takeEffects()
  }

  @Test(arguments: [PlayQueue.RepeatMode.all, .one])
  func aLoneTrackRepeatsForEver(mode: PlayQueue.RepeatMode) throws {
    var world = try playing(["a"])
    try world.session.setRepeat(mode, version: nil, by: "desk")
    _ = world.session.takeEffects()
    for turn in 1...3 as ClosedRange<UInt64> {
      let told = following(try advance(&world))
      #expect(told.map(\.item?.trackId) == ["a"] && told.map(\.turn) == [turn])
      #expect(world.session.playing?.turn == turn)
    }
  }

  @Test func whatFollowsIsToldWithTheTrackThatItFollows() throws {
    var world = try playing(["a", "b", "c"], on: ["desk", "phone"])
    try world.session.joinGroup("phone", heard: nil, by: "desk", now: world.now)
    world.carryOut()
    world.settle()
    let told = following(try advance(&world))
    #expect(told.count == 2 && told.allSatisfy { $0.item?.trackId == "c" && $0.turn == 1 })
    // The other device goes on a moment later, and what it says changes nothing; nor does saying it twice.
    let playing = try #require(world.session.playing)
    for device in ["phone", "desk"] {
      world.session.advanced(
        device, order: playing.order, turn: 1, itemId: playing.item.id, world.sounding(0), now: world.now)
    }
    #expect(world.session.takeEffects().isEmpty && world.session.playing == playing)
  }

  @Test func atTheQueuesEndPlayBeginsItAnew() throws {
    var world = try playing(["a", "b"])
    _ = try advance(&world)
    let order = try #require(world.session.playing?.order)
    world.session.ended("desk", order: order, now: world.now)
    #expect(world.session.playing?.isOver == true && world.session.queue.current?.trackId == "a")
    #expect(world.session.kept(now: world.now, unixMilliseconds: 0).position == 0)
    for begin in [
      { try $0.resumeHere("desk", now: $1) },
      { _ = try $0.transfer(to: "desk", play: true, by: "desk", now: $1) },
      { try $0.next(version: nil, by: "desk", now: $1) },
    ] as [(inout ListeningSession, Int64) throws -> Void] {
      var session = world.session
      _ = session.takeEffects()
      try begin(&session, world.now)
      let orders = played(session.takeEffects())
      #expect(orders.map(\.item.trackId) == ["a"] && orders.map(\.position) == [0] && orders.map(\.isPaused) == [false])
    }
    var session = world.session
    try session.previous(version: nil, by: "desk", now: world.now)
    #expect(session.playing?.item.trackId == "b", "back goes to what was heard last")
  }

  @Test func seekingBackAfterTheEndPlaysTheLastTrackAndEndsAgain() throws {
    var world = try playing(["a", "b"])
    _ = try advance(&world)
    let order = try #require(world.session.playing?.order)
    for _ in 0..<2 {
      world.session.ended("desk", order: order, now: world.now)
      #expect(world.session.playing?.isOver == true)
      world.session.moved(
        "desk", .seek(epoch: 1), order: order, position: 100, isPlaying: true, by: "desk", now: world.now)
      #expect(world.session.playing?.isOver == false && world.session.queue.current?.trackId == "b")
      #expect(played(world.session.takeEffects()).isEmpty)
    }
  }

  @Test func whatIsSaidOfAnEarlierStartMovesNothing() throws {
    var world = try playing(["a", "b"])
    let order = try #require(world.session.playing?.order)
    try world.session.next(version: nil, by: "desk", now: world.now)
    world.session.moved("desk", .pause, order: order, position: 100, isPlaying: false, by: "desk", now: world.now)
    #expect(world.session.playing?.status == .starting && world.session.playing?.position(at: world.now) == 0)
    world.session.stopped("desk", order: order, by: "desk")
    #expect(world.session.playing != nil)
  }

  @Test func aChangeOfQualityDoesNotMoveTheGroup() throws {
    var world = try playing(["a"], on: ["desk", "phone"])
    try world.session.joinGroup("phone", heard: nil, by: "desk", now: world.now)
    _ = try world.session.seekGroup(to: 50, by: "desk", now: world.now)
    let line = world.session.playing?.anchor
    world.session.moved(
      "desk", .quality(quality: "low", codec: "mp3"), order: nil, position: 49.5, isPlaying: true, by: "desk",
      now: world.now)
    #expect(world.session.playing?.anchor == line && world.session.playing?.codec == "mp3")
  }

  @Test func whatIsBegunAnewAndRefusedForNowPlaysOn() throws {
    var world = try playing(["a", "b"])
    let sounding = try #require(world.session.playing)
    let item = sounding.item.id
    for _ in 0..<2 { try world.session.jump(to: .item(item), position: 30, version: nil, by: "desk", now: world.now) }
    let order = try #require(world.session.playing?.order)
    #expect(order > sounding.order && world.session.playing?.streamId == nil)
    _ = world.session.takeEffects()
    world.session.failed("desk", order: order, isTrackAtFault: false, now: world.now)
    #expect(world.session.playing?.order == sounding.order && world.session.playing?.streamId == sounding.streamId)
    let isStopped = world.session.takeEffects().contains { effect in
      if case .stop = effect { true } else { false }
    }
    #expect(!isStopped)
    // Refused for good, or another track: nothing plays on.
    try world.session.next(version: nil, by: "desk", now: world.now)
    world.session.failed(
      "desk", order: try #require(world.session.playing?.order), isTrackAtFault: false, now: world.now)
    #expect(world.session.playing == nil)
  }

  @Test func anotherRenditionIsToldAndNotWrittenDown() throws {
    var world = try playing(["a"], on: ["desk", "phone"])
    _ = world.session.takeEffects()
    for codec in ["opus", "flac", "mp3"] {
      world.session.moved(
        "desk", .quality(quality: "auto", codec: codec), order: nil, position: 1, isPlaying: true, by: "desk",
        now: world.now)
      let effects = world.session.takeEffects()
      #expect(effects.count == 1 && !effects.contains(.save), "\(effects)")
      #expect(world.session.playing?.codec == codec)
    }
  }

  @Test func whoeverBecomesActiveInAGroupBringsItsOwnStream() throws {
    var world = try playing(["a"], on: ["desk", "phone"])
    try world.session.joinGroup("phone", heard: nil, by: "desk", now: world.now)
    let order = try #require(world.session.playing?.order)
    var sounding = world.sounding(0)
    sounding.streamId = "phone's"
    world.session.began("phone", order: order, turn: 0, sounding, isPaused: false, now: world.now)
    world.carryOut()
    _ = try world.session.transfer(to: "phone", play: nil, by: "desk", now: world.now)
    #expect(world.session.playing?.streamId == "phone's")
  }

  @Test func aPausedSessionStaysPausedOverATrackThatCanNotBePlayed() throws {
    var world = try playing(["a", "gone", "c"])
    world.session.moved("desk", .pause, order: nil, position: 5, isPlaying: false, by: "desk", now: world.now)
    let first = try #require(world.session.queue.current)
    try world.session.removeFromQueue(items: [first.id], version: nil, by: "desk", now: world.now)
    _ = world.session.takeEffects()
    let order = try #require(world.session.playing?.order)
    world.session.failed("desk", order: order, isTrackAtFault: true, now: world.now)
    let orders = played(world.session.takeEffects())
    #expect(orders.map(\.item.trackId) == ["c"] && orders.map(\.isPaused) == [true])
  }

  @Test func aQueueWhoseLastTrackFailsTellsWhereItStands() throws {
    var world = try playing(["a", "b"])
    try world.session.next(version: nil, by: "desk", now: world.now)
    _ = world.session.takeEffects()
    let order = try #require(world.session.playing?.order)
    world.session.failed("desk", order: order, isTrackAtFault: true, now: world.now)
    let isTold = world.session.takeEffects().contains {
      if case .queueChanged = $0 { true } else { false }
    }
    #expect(isTold && world.session.queue.current?.trackId == "a" && world.session.playing == nil)
  }

  @Test func thePositionThatWasKeptIsThatOfItsTrackOnly() throws {
    var world = try playing(["a", "b"])
    world.now += 60_000_000_000
    let kept = world.session.kept(now: world.now, unixMilliseconds: 0)
    func restored() throws -> ListeningSession {
      var session = ListeningSession()
      session.restore(kept)
      try session.connect("desk", as: .init(name: "Desk"), unixMilliseconds: 0)
      return session
    }
    var session = try restored()
    try session.setQueue(
      tracks: ["c"], index: 0, context: nil, isShuffled: nil, position: 5, play: false, wish: QualityWish(), on: nil,
      version: nil, by: "desk", now: 0)
    #expect(session.resumePosition == 5)
    session = try restored()
    try session.removeFromQueue(items: [kept.queue.items[0].id], version: nil, by: "desk", now: 0)
    #expect(session.resumePosition == 0)
    session = try restored()
    try session.previous(version: nil, by: "desk", now: 0)
    #expect(session.playing?.item.trackId == "a" && session.playing?.position(at: 0) == 0)
    #expect(session.resumePosition == 0)
  }

  @Test func aHandOverToWhereItIsPlaysOrPauses() throws {
    var world = try playing(["a"])
    world.session.moved("desk", .pause, order: nil, position: 5, isPlaying: false, by: "desk", now: world.now)
    _ = world.session.takeEffects()
    #expect(try world.session.transfer(to: "desk", play: nil, by: "desk", now: world.now) == 5)
    #expect(played(world.session.takeEffects()).isEmpty)
    #expect(try world.session.transfer(to: "desk", play: true, by: "desk", now: world.now) == 5)
    let orders = played(world.session.takeEffects())
    #expect(orders.map(\.position) == [5] && orders.map(\.isPaused) == [false])
  }
}
