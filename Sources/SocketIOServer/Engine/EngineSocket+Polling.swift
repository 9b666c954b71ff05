import EngineIO
import NIOCore

/// Long polling. All on the session's event loop.
extension EngineSocket {
  /// A GET came.
  ///
  /// - Returns: the body, when there is one; fails with ``EngineRequestError``.
  func poll() -> EventLoopFuture<PollingAnswer> {
    expireIfDue()
    if let polling, polling.isFarewellDue {
      // What was said before comes first, as with the official server.
      guard polling.queue.isEmpty else {
        return eventLoop.makeSucceededFuture(polling.takeBody(maxPackets: packetsPerPoll))
      }
      polling.forgetFarewell()
      server.remove(self)
      return eventLoop.makeSucceededFuture(Self.farewell)
    }
    switch session.pollArrived() {
    case .refuse:
      return eventLoop.makeFailedFuture(EngineRequestError.badRequest)
    case .closeConcurrent:
      close(.transportError)
      return eventLoop.makeFailedFuture(EngineRequestError.badRequest)
    case .hold:
      let promise = eventLoop.makePromise(of: PollingAnswer.self)
      polling?.open(promise)
      if let polling, !polling.queue.isEmpty { flushPoll() }
      return promise.futureResult
    }
  }

  /// The connection of an open poll broke.
  func pollBroke() {
    guard let polling, polling.isPollOpen else { return }
    close(.transportError)
  }

  /// A POST came, whole. What it holds is handled in turns, as much as others can wait for.
  ///
  /// - Returns: when all of it has been handled; fails with ``EngineRequestError``.
  func post(_ body: ByteBuffer) -> EventLoopFuture<Void> {
    let done = eventLoop.makePromise(of: Void.self)
    loop.turns.run { self.check(PollingPayload.Check(body), done) }
    return done.futureResult
  }

  private func check(_ check: PollingPayload.Check, _ done: EventLoopPromise<Void>) {
    var check = check
    do throws(EnginePacketError) {
      guard !session.isClosed else { return refuse(done) }
      var packets: PollingPayload.Packets?
      try metered { () throws(EnginePacketError) in
        packets = try check.advance(by: ServerLimits.checkedPacketsPerTurn)
      }
      if let packets {
        handle(packets, done)
      } else {
        loop.turns.enter(from: .now()) { [check] in self.check(check, done) }
      }
    } catch {
      close(.parseError, detail: nil, isFinal: true)
      refuse(done)
    }
  }

  private func refuse(_ done: EventLoopPromise<Void>) {
    session.postFinished()
    done.fail(EngineRequestError.badRequest)
  }

  private func handle(_ packets: PollingPayload.Packets, _ done: EventLoopPromise<Void>) {
    var left = packets
    var room = ServerLimits.packetsPerTurn
    while room > 0, !session.isClosed, heldUntil <= .now(), let packet = left.next() {
      metered { received(packet) }
      room -= 1
    }
    guard left.isAtEnd || session.isClosed else {
      loop.turns.enter(from: max(heldUntil, .now())) { self.handle(left, done) }
      return
    }
    session.postFinished()
    done.succeed()
  }

  /// A POST's head came. Its body is read only if this doesn't throw; then ``post(_:)`` or ``postBroke(_:)`` must
  /// follow.
  func postArrived() throws(EngineRequestError) {
    expireIfDue()
    switch session.postArrived() {
    case .hold: return
    case .refuse: throw .badRequest
    case .closeConcurrent:
      close(.transportError)
      throw .badRequest
    }
  }

  /// A POST's body was too long, or broke off.
  func postBroke(_ reason: EngineCloseReason) {
    session.postFinished()
    close(reason, detail: nil, isFinal: true)
  }

  /// Ends the session if its pong is overdue, though the timer hasn't fired yet.
  private func expireIfDue() {
    if !session.isClosed, session.isAwaitingPong, session.nextDeadline <= .now() { close(.pingTimeout) }
  }

  /// Answers an open poll when this turn of the event loop is over, so that what is sent together arrives together.
  func schedulePollFlush() {
    guard let polling, polling.isPollOpen, !polling.isFlushScheduled else { return }
    polling.isFlushScheduled = true
    eventLoop.execute {
      self.polling?.isFlushScheduled = false
      self.flushPoll()
    }
  }

  private func flushPoll() {
    guard let polling, polling.isPollOpen, !polling.queue.isEmpty else { return }
    let wasWritable = polling.isWritable
    session.pollAnswered()
    polling.answer(polling.takeBody(maxPackets: packetsPerPoll))
    if !wasWritable, polling.isWritable { receiver?.writabilityChanged(true) }
  }

  /// Answers the open poll with packets that don't wait in the queue; what does wait goes first.
  func answerPoll(with packets: [EnginePacket]) {
    guard let polling, polling.isPollOpen else { return }
    for packet in packets { polling.append(packet) }
    flushPoll()
  }

  private static let farewell = PollingAnswer(
    body: PollingPayload.encode([EnginePacket(.noop), EnginePacket(.close)]), mayCompress: false)

  /// The end of the session as a polling client sees it: a last answer now, or at its next polls.
  func closePolling(_ reason: EngineCloseReason, isFinal: Bool) {
    guard let polling else {
      server.remove(self)
      return
    }
    if polling.isPollOpen {
      server.remove(self)
      // A client that closed needs its poll ended, not told that we close.
      if reason != .transportClose { polling.append(EnginePacket(.close)) } else { polling.append(EnginePacket(.noop)) }
      polling.answer(polling.takeBody())
      return
    }
    guard !isFinal, reason.isWorthAFarewell else {
      _ = polling.takeBody()
      server.remove(self)
      return
    }
    polling.announceFarewell(
      eventLoop.scheduleTask(in: ServerLimits.pollingCloseTimeout) { self.server.remove(self) })
  }
}

extension EngineCloseReason {
  /// Whether the session ended by what the server found in its messages, or by its will: the client is still there.
  fileprivate var isWorthAFarewell: Bool {
    switch self {
    case .forcedClose, .serverShuttingDown, .parseError, .messageTooLarge: true
    case .transportClose, .transportError, .pingTimeout, .writeBufferExceeded, .overloaded: false
    }
  }
}
