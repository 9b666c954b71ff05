import NIOCore
import Playback
import Segments
import SocketIO
import SocketIOServer

/// What is heard behind the present track, without a gap: prepared ahead, sent right behind the last chunk, and taken
/// back if something else is to follow.
extension DeviceSession {
  /// The session says what comes behind the track of that start.
  func follow(_ following: Following) {
    guard let stream, stream.role?.isFollowed(by: following) ?? false else {
      // The track that it follows is still being looked up; or, in a group, heard on another device already.
      return earlyFollowing = following
    }
    if let next,
      next.role?.itemId != following.item?.id || self.following?.crossfade != following.crossfade
        || self.following?.wish != following.wish
    {
      cancelNext()
    }
    self.following = following
    service(stream)
  }

  /// What was said of the track behind this one before this one was there.
  func takeEarlyFollowing(for stream: AudioStream) {
    guard let early = earlyFollowing, stream.role?.isFollowed(by: early) ?? false else { return }
    (following, earlyFollowing) = (early, nil)
  }

  /// Opens what follows, when it's time.
  func prepareFollowing() {
    guard let stream, let item = following?.item, next == nil, openingItem != item.id, isPreloadDue(stream) else {
      return
    }
    openingItem = item.id
    let order = stream.role?.order
    lookUp(item.trackId) { [self] found in
      guard openingItem == item.id else { return }
      openingItem = nil
      guard self.stream === stream, stream.role?.order == order, next == nil, let following, following.item == item,
        socket.isConnected
      else { return }
      // What can't be prepared is found out when its turn comes, and passed over then.
      guard case .success(let track) = found else { return nothingFollows(stream) }
      do throws(DubplateError) {
        try open(track, following, behind: stream)
      } catch {
        guard error.code == .busy else { return nothingFollows(stream) }
        // `service` asks again with the next chunk, and `awaitEnd` when there is none.
        if stream.isFinished { awaitEnd(of: stream) }
      }
    }
  }

  /// What was to follow can't: the session hears of it at this track's end, and goes on.
  func nothingFollows(_ stream: AudioStream) {
    following?.item = nil
    service(stream)
  }

  private func isPreloadDue(_ stream: AudioStream) -> Bool {
    let left = stream.track.duration - stream.position(now: Self.now)
    return stream.isFinished
      || left <= max(GatewayLimits.preloadSeconds, device.bufferSeconds + GatewayLimits.preloadMargin) + crossfade
  }

  private var crossfade: Double { following?.crossfade ?? 0 }

  private func open(
    _ track: PlayableTrack, _ following: Following, behind stream: AudioStream
  ) throws(DubplateError) {
    guard let item = following.item else { return }
    let choice = try choice(of: following.wish)
    let next = makeStream(
      track, choice: choice, sample: 0, id: StreamDirectory.makeId(), startsAt: turn(of: track, after: stream),
      behind: stream)
    next.role = AudioStream.Role(itemId: item.id, order: following.order, turn: following.turn + 1)
    try next.prepare(now: Self.now)
    self.next = next
    services.streams.began(id: next.id, userId: device.userId, session: NIOLoopBound(self, eventLoop: socket.eventLoop))
    let left = stream.track.duration - stream.position(now: Self.now) - overlap(track, after: stream)
    emitPreload(next, startsIn: left)
    if !stream.pacer.isPlaying { next.pause(at: nil, now: Self.now) }
    if stream.isFinished {
      beginNext()
      awaitEnd(of: stream)
    } else if case let overlap = overlap(track, after: stream), overlap > 0 {
      // The next one's chunks come behind this one's last, and are to be there before the two are mixed.
      stream.keepAhead(seconds: device.bufferSeconds + overlap)
      service(stream)
    }
  }

  /// Seconds by which two tracks overlap: never more than half of either.
  func overlap(_ track: PlayableTrack, after stream: AudioStream) -> Double {
    min(crossfade, track.duration / 2, stream.track.duration / 2)
  }

  /// When what follows begins to be heard: now, if it comes late; nil while what is heard is paused.
  private func turn(of track: PlayableTrack, after stream: AudioStream) -> Int64? {
    guard let end = stream.endNanoseconds else { return nil }
    let turn = end - Int64(overlap(track, after: stream) * 1e9)
    // A group's line goes on without whoever is late.
    return hasBegunNext || isGrouped ? turn : max(turn, Self.now)
  }

  /// The present track's last chunk is out: the next one's go behind it.
  func beginNext() {
    guard let stream, let next, !hasBegunNext else { return }
    // All of the present one is out, so its end is known now, if it wasn't when the next was opened.
    moveNext()
    hasBegunNext = true
    // Chosen when it was prepared, and by now there is more to choose by.
    next.settle(aheadSeconds: stream.aheadSeconds(now: Self.now), now: Self.now)
    emitStarted(next, follows: stream)
    service(next)
  }

  /// What follows will not be heard after all.
  func cancelNext() {
    openingItem = nil
    guard let next else { return }
    self.next = nil
    retire(next)
    stream?.keepAhead(seconds: device.bufferSeconds)
    if hasBegunNext { emitEnded(next, .cancelled) }
    hasBegunNext = false
  }

  /// All of the track is out: comes back when it has been heard.
  func awaitEnd(of stream: AudioStream) {
    guard let end = stream.endNanoseconds else { return }
    let turn = next.map { self.turn(of: $0.track, after: stream) ?? end } ?? end
    guard Self.now >= turn else { return pump.schedule(stream, at: turn) }
    if let next {
      guard hasBegunNext else { return beginNext() }
      advance(from: stream, to: next)
    } else if let following, !stream.hasReportedEnd {
      if following.item != nil {
        // It is still being looked up, or there was no encoder for it.
        guard Self.now >= end + GatewayLimits.busyPatience.nanoseconds else {
          return pump.schedule(stream, at: Self.now + GatewayLimits.followingRetry.nanoseconds)
        }
      }
      stream.hasReportedEnd = true
      reportEnded(stream)
    }
  }

  private func advance(from stream: AudioStream, to next: AudioStream) {
    retire(stream)
    self.stream = next
    self.next = nil
    automatic?.goesOn(to: next.id, now: Self.now)
    hasBegunNext = false
    following = nil
    takeEarlyFollowing(for: next)
    reportAdvanced(next)
    service(next)
  }

  /// The line of time of what is heard has changed: what follows is on its continuation.
  func moveNext() {
    guard let stream, let next else { return }
    if let turn = turn(of: next.track, after: stream), stream.pacer.isPlaying {
      next.play(from: 0, at: turn)
    } else {
      next.pause(at: 0, now: Self.now)
    }
  }
}
