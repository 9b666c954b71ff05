import NIOCore

extension Listener {
  func take(_ message: ServerMessage, at now: Int64) {
    switch message {
    case .open:
      phase = .joining
      send(group.connectPacket(forListener: index))
    case .ping: send("3")
    case .joined:
      guard phase == .joining else { return }
      phase = .ready
      group.tally.connectLatency.record(nanoseconds: now - startedAt)
      group.isReady(self)
    case .refused(let code): end(error: "refused:\(code)")
    case .ended:
      if phase.rawValue >= Phase.ready.rawValue { group.tally.disconnects += 1 }
      end(error: phase.rawValue < Phase.ready.rawValue ? "connect_closed" : nil)
    case .ack(let id, let failure): takeAck(id: id, failure: failure, at: now)
    case .streamStarted(let rate, let first):
      sampleRate = rate
      epoch = first
      nextSeq = 0
      isSeeking = false
      playout.reset(sampleRate: rate)
    case .streamEnded(let finished): takeEnd(finished: finished, at: now)
    case .streamError(let code):
      group.tally.countError("stream_error:\(code)")
      drain(for: Limits.retryDelay)
    case .chunk(let head, let isComplete):
      if isComplete {
        hear(head ?? ChunkHead(), at: now)
      } else {
        chunkHead = head
        awaitsBinary = true
      }
    case .other: break
    case .malformed: end(error: "malformed_message")
    }
  }

  /// A whole chunk is here.
  func hear(_ chunk: ChunkHead, at now: Int64) {
    group.tally.chunks += 1
    if let seq = chunk.seq {
      if seq != nextSeq { group.tally.seqHoles += 1 }
      nextSeq = seq + 1
    }
    guard chunk.epoch >= epoch else {
      group.tally.staleChunks += 1
      return
    }
    if isSeeking {
      isSeeking = false
      playout.reset(sampleRate: sampleRate)
      group.tally.seekLatency.record(nanoseconds: now - askedAt)
    } else if phase == .waiting {
      phase = .playing
      group.tally.playing += 1
      group.tally.firstChunkLatency.record(nanoseconds: now - askedAt)
      group.hasSound(self, at: now)
    }
    group.tally.soundNanoseconds += Int64(chunk.samples) * 1_000_000_000 / Int64(sampleRate)
    if let gap = playout.receive(samples: chunk.samples, at: now) {
      group.tally.gaps += 1
      group.tally.gapNanoseconds += gap
    }
  }

  /// Asks for the track under the cursor.
  func play(at now: Int64) {
    guard phase != .closed else { return }
    phase = .waiting
    askedAt = now
    visited.removeAll()
    if group.plan.seekCold { visited.append(0...Limits.coldMarginSeconds * 2) }
    group.tally.plays += 1
    let codec = group.plan.codec.map { ",\"codec\":\($0.quotedJSON)" } ?? ""
    emit("play_track", "{\"trackId\":\(track.id.quotedJSON),\"quality\":\(group.plan.quality.quotedJSON)\(codec)}", now)
  }

  /// Jumps to a random position; nothing happens while there is no stream to jump in.
  func seek(at now: Int64) {
    guard phase == .playing, !isSeeking else { return }
    guard let position = randomPosition() else {
      group.tally.seeksWithoutColdPosition += 1
      return
    }
    group.tally.seeks += 1
    isSeeking = true
    askedAt = now
    epoch += 1
    emit("seek_position", "{\"position\":\(position)}", now)
  }

  private func emit(_ event: String, _ payload: String, _ now: Int64) {
    command = Command(id: nextID, sentAt: now, isSeek: isSeeking)
    send("42\(nextID)[\"\(event)\",\(payload)]")
    nextID += 1
  }

  private func takeAck(id: Int, failure: ServerMessage.Failure?, at now: Int64) {
    guard let command, command.id == id else { return }
    self.command = nil
    group.tally.ackLatency.record(nanoseconds: now - command.sentAt)
    guard let failure else { return }
    let delay = TimeAmount.milliseconds(
      Int64(min(max(failure.retryAfterMilliseconds ?? 1_000, 1), Limits.longestRetryMilliseconds)))
    if command.isSeek {
      // The track ended while the seek was on its way: nobody's fault.
      if phase == .draining { return }
      isSeeking = false
      epoch -= 1
      group.tally.countError("seek_position:\(failure.code)")
    } else {
      group.tally.countError("play_track:\(failure.code)")
      // Asked again, and still counted from the first time: a listener waits for sound, not for an ack.
      let asked = askedAt
      group.later(delay, self) { listener in
        guard listener.phase == .waiting else { return }
        listener.play(at: listener.group.now())
        listener.askedAt = asked
      }
    }
  }

  private func takeEnd(finished: Bool, at now: Int64) {
    guard phase == .playing || phase == .waiting else { return }
    if finished {
      group.tally.tracksFinished += 1
      drain(for: .nanoseconds(max(0, playout.levelNanoseconds(at: now))))
    } else {
      group.tally.countError("stream_ended_unasked")
      drain(for: Limits.retryDelay)
    }
  }

  /// Lets what is buffered play out, then plays the next track.
  private func drain(for time: TimeAmount) {
    guard phase == .playing || phase == .waiting else { return }
    if phase == .playing { group.tally.playing -= 1 }
    phase = .draining
    isSeeking = false
    group.later(time, self) { listener in
      guard listener.phase == .draining else { return }
      listener.trackCursor += 1
      listener.play(at: listener.group.now())
    }
  }

  private func randomPosition() -> Double? {
    let end = track.duration - Limits.seekEndMarginSeconds
    guard end > 0 else { return nil }
    guard group.plan.seekCold else { return group.random.unit() * end }
    let margin = Limits.coldMarginSeconds
    let stay = (group.plan.seekEvery ?? 0) + (group.plan.bufferSeconds ?? 3) + margin
    for _ in 0..<Limits.coldDraws {
      let position = group.random.unit() * end
      let stretch = max(0, position - margin)...(position + stay)
      if visited.contains(where: { $0.overlaps(stretch) }) { continue }
      visited.append(stretch)
      return position
    }
    return nil
  }

  /// What is wrong with this listener at the end of the run and has not been counted yet.
  func countUnfinished(at now: Int64) {
    let silence = now - askedAt
    if phase == .waiting || (phase == .playing && isSeeking) {
      if silence >= Limits.silence.nanoseconds {
        group.tally.countError(isSeeking ? "no_chunk_after_seek" : "no_first_chunk")
      }
    } else if phase == .playing, playout.levelNanoseconds(at: now) < 0 {
      group.tally.gaps += 1
      group.tally.gapNanoseconds -= playout.levelNanoseconds(at: now)
    }
  }
}
