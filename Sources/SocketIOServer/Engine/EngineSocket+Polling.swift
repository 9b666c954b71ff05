import EngineIO
import NIOCore

/// Long polling. All on the session's event loop.
extension EngineSocket {
  /// A GET came.
  ///
  /// - Returns: the body, when there is one; fails with ``EngineRequestError``.
  func poll() -> EventLoopFuture<ByteBuffer> {
    expireIfDue()
    if let farewell = polling?.farewell {
      polling?.farewell = nil
      server.remove(id, on: eventLoop)
      return eventLoop.makeSucceededFuture(farewell)
    }
    switch session.pollArrived() {
    case .refuse:
      return eventLoop.makeFailedFuture(EngineRequestError.badRequest)
    case .closeConcurrent:
      close(.transportError)
      return eventLoop.makeFailedFuture(EngineRequestError.badRequest)
    case .hold:
      let promise = eventLoop.makePromise(of: ByteBuffer.self)
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
    do throws(EngineRequestError) {
      guard !session.isClosed else { throw .badRequest }
      let packets: [EnginePacket]
      do {
        packets = try PollingPayload.decode(body)
      } catch {
        close(.parseError)
        throw .badRequest
      }
      let done = eventLoop.makePromise(of: Void.self)
      handle(packets[...], done)
      return done.futureResult
    } catch {
      session.postFinished()
      return eventLoop.makeFailedFuture(error)
    }
  }

  private func handle(_ packets: ArraySlice<EnginePacket>, _ done: EventLoopPromise<Void>) {
    var left = packets
    var room = ServerLimits.packetsPerTurn
    while room > 0, !session.isClosed, heldUntil <= .now(), let packet = left.popFirst() {
      received(packet)
      room -= 1
    }
    guard left.isEmpty || session.isClosed else {
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
    close(reason)
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
    polling.answer(polling.takeBody(maxPackets: ServerLimits.packetsPerPoll))
    if !wasWritable, polling.isWritable { receiver?.writabilityChanged(true) }
  }

  /// Answers the open poll with packets that don't wait in the queue; what does wait goes first.
  func answerPoll(with packets: [EnginePacket]) {
    guard let polling, polling.isPollOpen else { return }
    for packet in packets { polling.append(packet) }
    flushPoll()
  }

  /// The end of the session as a polling client sees it: a last answer now, or at its next poll.
  func closePolling(_ reason: EngineCloseReason) {
    guard let polling else {
      server.remove(id, on: eventLoop)
      return
    }
    if polling.isPollOpen {
      server.remove(id, on: eventLoop)
      // A client that closed needs its poll ended, not told that we close.
      if reason != .transportClose { polling.append(EnginePacket(.close)) } else { polling.append(EnginePacket(.noop)) }
      polling.answer(polling.takeBody())
      return
    }
    switch reason {
    case .forcedClose, .serverShuttingDown:
      polling.append(EnginePacket(.close))
      polling.farewell = polling.takeBody()
      eventLoop.scheduleTask(in: ServerLimits.pollingCloseTimeout) { [server, id, eventLoop] in
        server.remove(id, on: eventLoop)
      }
    default:
      _ = polling.takeBody()
      server.remove(id, on: eventLoop)
    }
  }
}
