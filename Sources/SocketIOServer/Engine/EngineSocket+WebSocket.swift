import EngineIO
import NIOCore

/// What a WebSocket connection tells its session. All on the session's event loop.
extension EngineSocket {
  /// A WebSocket with this session's id wants to take over. False: refuse it.
  func probeArrived() -> Bool {
    guard session.probeArrived() else { return false }
    // From here on, so that it also ends the attempt of a client that vanishes before its WebSocket is open.
    upgrades += 1
    let attempt = upgrades
    eventLoop.scheduleTask(in: TimeAmount(server.configuration.upgradeTimeout)) { [weak self] in
      guard let self, self.upgrades == attempt, self.session.isUpgrading else { return }
      self.abandonProbe()
    }
    return true
  }

  /// The WebSocket is open.
  func probeOpened(_ handler: WebSocketHandler) {
    guard session.isUpgrading, probe == nil else {
      handler.close(code: 1000, reason: "")
      return
    }
    probe = handler
    probePackets = 0
  }

  /// Packets came over a connection of another event loop, which isn't read until they have been handled.
  func arrived(_ packets: [EnginePacket], over handler: WebSocketHandler) {
    handler.crossing.isUnderWay = true
    loop.turns.run { self.handle(packets[...], over: handler) }
  }

  private func handle(_ packets: ArraySlice<EnginePacket>, over handler: WebSocketHandler) {
    var left = packets
    while heldUntil <= .now(), !session.isClosed, let packet = left.popFirst() {
      metered { received(packet, over: handler) }
    }
    guard left.isEmpty || session.isClosed else {
      loop.turns.enter(from: max(heldUntil, .now())) { [left] in self.handle(left, over: handler) }
      return
    }
    let end = handler.crossing.end
    handler.crossing = .init()
    handler.handled()
    if let end { webSocketEnded(handler, reason: end.reason, detail: end.detail) }
  }

  func received(_ packet: EnginePacket, over handler: WebSocketHandler) {
    if handler === webSocket {
      received(packet)
      return
    }
    guard handler === probe else { return }
    probePackets += 1
    guard probePackets <= ServerLimits.probePackets else { return abandonProbe() }
    switch session.probePacketArrived(packet) {
    case .answerProbe:
      handler.write(EnginePacket(.pong, "probe"), flush: true)
      if !isEndingPolls { endPollForUpgrade() }
    case .completeUpgrade:
      completeUpgrade(handler)
    default:
      abandonProbe()
    }
  }

  /// The client has no poll open any more: what is queued goes first, then everything over the WebSocket.
  private func completeUpgrade(_ handler: WebSocketHandler) {
    probe = nil
    webSocket = handler
    let queued = polling?.finish() ?? []
    polling = nil
    for queued in queued { handler.write(queued.packet, flush: false, mayCompress: queued.mayCompress) }
    handler.flush()
    receiver?.writabilityChanged(isWritable)
  }

  private func abandonProbe() {
    _ = session.probeEnded()
    probe?.close(code: 1000, reason: "")
    probe = nil
  }

  /// Ends the open poll now, and any that the client opens before it has heard, a little later.
  private func endPollForUpgrade() {
    isEndingPolls = session.isUpgrading
    guard isEndingPolls else { return }
    if session.wantsPollEnded { answerPoll(with: [EnginePacket(.noop)]) }
    eventLoop.scheduleTask(in: ServerLimits.upgradePollInterval) { [weak self] in self?.endPollForUpgrade() }
  }

  /// The connection is gone, or must be failed.
  func webSocketEnded(_ handler: WebSocketHandler, reason: EngineCloseReason, detail: String?) {
    // Behind what came before, unless that has to wait for its sender's sake.
    if handler.crossing.isUnderWay, heldUntil <= .now() {
      handler.crossing.end = handler.crossing.end ?? (reason, detail)
      return
    }
    if handler === webSocket {
      close(reason, detail: detail)
    } else if handler === probe {
      abandonProbe()
    }
  }

  func webSocketWritabilityChanged(_ handler: WebSocketHandler, isWritable: Bool) {
    guard handler === webSocket else { return }
    receiver?.writabilityChanged(isWritable)
  }
}
