import Access
import Logging
import NIOCore
import Playback
import Segments
import SocketIO
import SocketIOServer

/// The device as a part of its user's session: what it is told to do, and what it reports. All of it on the device's
/// loop.
extension DeviceSession {
  func joinSession(_ bound: NIOLoopBound<DeviceSession>) {
    guard !device.isStandalone,
      let session = services.sessions.join(device.userId, services: services, eventLoop: socket.eventLoop)
    else { return }
    self.session = session
    let member = UserSession.Core.Member(
      socketId: socket.id, device: bound, eventLoop: socket.eventLoop, isKept: device.isNamed,
      isTemporary: device.announcement.isTemporary)
    let (deviceId, announcement) = (device.deviceId, device.announcement)
    tellSession { $0.join(deviceId, announcement, member) }
  }

  func leaveSession() {
    guard let session else { return }
    self.session = nil
    services.sessions.leave(session, deviceId: device.deviceId, socketId: socket.id)
  }

  /// The same device has come on another connection.
  func isReplaced() {
    endStream(.replaced)
    leaveSession()
  }

  /// Tells the session something, if the device has one. Who tells more than may wait would not be what the others take
  /// it for: it comes anew.
  func tellSession(_ body: @escaping @Sendable (UserSession.Core) -> Void) {
    session?.enter(
      from: socket.id, canWait: true, refused: { [socket] _ in socket.disconnect(close: true) }, body)
  }

  // MARK: - Orders

  /// Plays what the session says, in place of what is heard.
  func play(_ order: PlayOrder) {
    let deviceId = device.deviceId
    do throws(DubplateError) {
      var start = Start(choice: try choice(of: order.wish), position: order.anchor?.position ?? order.position)
      start.role = AudioStream.Role(itemId: order.item.id, order: order.order, turn: order.turn)
      start.isPaused = order.isPaused
      start.anchor = order.anchor
      self.start(order.item.trackId, start) { [self] result in
        switch result {
        case .success(let stream):
          let (sounding, isPaused, now) = (sounding(stream), !stream.pacer.isPlaying, Self.now)
          tellSession { core in
            core.state.began(
              deviceId, order: order.order, turn: order.turn, sounding, isPaused: isPaused, now: now)
            core.carryOut()
          }
        case .failure(let error): refuse(order, error)
        }
      }
    } catch {
      refuse(order, error)
    }
  }

  private func refuse(_ order: PlayOrder, _ error: DubplateError) {
    // What a later command has replaced is nobody's to hear of.
    guard error.code != .noStream else { return }
    emitError(error, trackId: order.item.trackId, streamId: nil)
    reportFailure(order: order.order, error)
  }

  func stop(_ reason: StopReason) {
    endStream(reason == .transferred ? .transferred : .stopped)
    isGrouped = false
  }

  /// What the device began by itself is known to the session.
  func adopt(streamId: String, role: AudioStream.Role) {
    if let failedOwn, failedOwn.streamId == streamId {
      self.failedOwn = nil
      return reportFailure(order: role.order, failedOwn.error)
    }
    guard let stream, stream.id == streamId else { return }
    stream.role = role
    if stream.isFinished { service(stream) }
  }

  /// Moves with the group.
  func move(_ move: GroupMove) {
    // One that is being looked up is put in its place when the session hears that it has begun.
    guard let stream, pending == nil else { return }
    let now = Self.now
    func sample(_ anchor: TimelineAnchor) -> Int64 { stream.track.nearestSample(to: anchor.position) }
    switch move {
    case .pause(let anchor):
      stream.pause(at: sample(anchor), now: now)
      emitGroupSync(
        stream, sample: sample(anchor), isPlaying: false, isGrouped: true, at: anchor.nanoseconds)
    case .resume(let anchor):
      stream.play(from: sample(anchor), at: anchor.nanoseconds)
      emitGroupSync(
        stream, sample: sample(anchor), isPlaying: true, isGrouped: true, at: anchor.nanoseconds)
    case .seek(let anchor, let isPaused):
      leaveFor(seek: stream, to: sample(anchor), now: now)
      if !isPaused { stream.play(from: sample(anchor), at: anchor.nanoseconds) }
      emitGroupSync(
        stream, sample: sample(anchor), isPlaying: !isPaused, isGrouped: true, at: anchor.nanoseconds)
    case .timeline(let anchor?):
      isGrouped = true
      if stream.pacer.isPlaying { stream.play(from: sample(anchor), at: anchor.nanoseconds) }
      emitGroupSync(
        stream, sample: sample(anchor), isPlaying: stream.pacer.isPlaying, isGrouped: true, at: anchor.nanoseconds)
    case .timeline(nil):
      isGrouped = false
      emitGroupSync(
        stream, sample: stream.pacer.playhead.sample(at: now), isPlaying: stream.pacer.isPlaying, isGrouped: false,
        at: now)
    }
    moveNext()
    service(stream)
  }

  /// The rendition that a wish comes to on this device.
  func choice(of wish: QualityWish) throws(DubplateError) -> QualityLadder.Choice {
    do throws(DubplateError) {
      let choice = try QualityLadder.resolve(quality: wish.quality, codec: wish.codec, plan: device.plan)
      // What all of a file is, its track says.
      if choice.isAutomatic || choice.wantsAll || device.decodes(choice.rendition) { return choice }
    } catch {
      guard error.code == .notEntitled || error.code == .unknownQuality else { throw error }
    }
    // Another device's wish that this one may not have, or can't decode: what plays when nobody says anything.
    return try QualityLadder.resolve(quality: nil, codec: nil, plan: device.plan)
  }

  // MARK: - Reports

  func sounding(_ stream: AudioStream) -> ListeningSession.Sounding {
    ListeningSession.Sounding(
      streamId: stream.id, position: stream.position(now: Self.now), duration: stream.track.duration,
      quality: stream.choice.quality, codec: stream.choice.rendition.codecName)
  }

  /// The device began a track by itself.
  func reportPlayed(_ stream: AudioStream, wish: QualityWish) {
    let (deviceId, streamId, trackId, sounding) = (device.deviceId, stream.id, stream.track.id, sounding(stream))
    let (isPaused, now) = (!stream.pacer.isPlaying, Self.now)
    tellSession { core in
      do {
        let order = try core.state.devicePlayed(
          deviceId, trackId: trackId, wish: wish, sounding, isPaused: isPaused, now: now)
        if let item = core.state.queue.current {
          core.on(deviceId) { $0.adopt(streamId: streamId, role: .init(itemId: item.id, order: order, turn: 0)) }
        }
      } catch {
        core.services.logger.error("a session can't take what its device plays", metadata: ["error": "\(error)"])
      }
      core.carryOut()
    }
  }

  /// The device moved its own sound.
  func reportMoved(_ stream: AudioStream, _ action: SessionAction, by: String) {
    let now = Self.now
    let (deviceId, order) = (device.deviceId, stream.role?.order)
    let (position, isPlaying) = (stream.position(now: now), stream.pacer.isPlaying)
    tellSession { core in
      core.state.moved(
        deviceId, action, order: order, position: position, isPlaying: isPlaying, by: by, now: now)
      core.carryOut()
    }
  }

  /// Remotes show what is sent, also where the policy chooses it.
  func reportRendition(of stream: AudioStream) {
    guard stream.hasNewRendition else { return }
    stream.hasNewRendition = false
    let action = SessionAction.quality(quality: stream.choice.quality, codec: stream.choice.rendition.codecName)
    reportMoved(stream, action, by: device.deviceId)
  }

  func reportStopped(order: UInt64?, by: String) {
    tellSession { [deviceId = device.deviceId] core in
      core.state.stopped(deviceId, order: order, by: by)
      core.carryOut()
    }
  }

  func reportAdvanced(_ stream: AudioStream) {
    guard let role = stream.role else { return }
    let (deviceId, sounding, now) = (device.deviceId, sounding(stream), Self.now)
    stream.hasNewRendition = false
    tellSession { core in
      core.state.advanced(
        deviceId, order: role.order, turn: role.turn, itemId: role.itemId, sounding, now: now)
      core.carryOut()
    }
  }

  func reportEnded(_ stream: AudioStream) {
    guard let order = stream.role?.order else { return }
    tellSession { [deviceId = device.deviceId] core in
      core.state.ended(deviceId, order: order, now: core.now)
      core.carryOut()
    }
  }

  func reportFailure(order: UInt64, _ error: DubplateError) {
    let isTrackAtFault = [.unknownTrack, .trackUnavailable, .undecodable, .timedOut].contains(error.code)
    tellSession { [deviceId = device.deviceId] core in
      core.state.failed(deviceId, order: order, isTrackAtFault: isTrackAtFault, now: core.now)
      core.carryOut()
    }
  }
}
