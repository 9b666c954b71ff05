import EngineIO
import NIOCore

/// What a request asks of the engine.
struct EngineRequest: Sendable {
  let target: RequestTarget
  let method: String
  /// What the policy says about the page that it comes from.
  let verdict: CORSPolicy.Verdict
  let sid: String?
  let transport: EngineTransport?
  let version: String?
  /// Whether the client can't take binary: it gets base64 over a WebSocket, too.
  let wantsBase64: Bool

  init(target: RequestTarget, method: String, verdict: CORSPolicy.Verdict) {
    self.target = target
    self.method = method
    self.verdict = verdict
    let parameters = RequestTarget.parameters(of: target.query)
    sid = parameters["sid"].flatMap { $0.isEmpty ? nil : $0 }
    transport = parameters["transport"].flatMap(EngineTransport.init(rawValue:))
    version = parameters["EIO"]
    wantsBase64 = parameters["b64"]?.isEmpty == false
  }
}

extension EngineServer {
  /// Checks a request as the official server does, in its order. Returns the session that it names, if it does.
  func verify(_ request: EngineRequest) throws(EngineRequestError) -> EngineSocket? {
    guard let transport = request.transport, configuration.transports.contains(transport) else {
      throw .unknownTransport
    }
    if let sid = request.sid {
      guard let session = session(sid) else { throw .unknownSession }
      return session
    }
    guard request.method == "GET" else { throw .badHandshakeMethod }
    guard request.version == "4" else { throw .unsupportedProtocolVersion }
    return nil
  }

  /// Whether a WebSocket may open, and what it is then. Fails with the reason if not; a session that it names is told to
  /// expect it.
  ///
  /// One that comes for a session which has, or is getting, its WebSocket is let in and closed, as the official server
  /// does; the session feels nothing.
  func admitWebSocket(
    _ request: WebSocketRequest, on eventLoop: any EventLoop
  ) -> EventLoopFuture<WebSocketHandler.Role> {
    let admission = admission(request, on: eventLoop)
    if let report = configuration.onConnectionError {
      admission.whenFailure { error in
        guard let error = error as? EngineRequestError else { return }
        report(ConnectionFailure(handshake: request.handshake, error: error))
      }
    }
    return admission
  }

  private func admission(
    _ request: WebSocketRequest, on eventLoop: any EventLoop
  ) -> EventLoopFuture<WebSocketHandler.Role> {
    let wanted = request.engine
    do throws(EngineRequestError) {
      let session = try verify(wanted)
      guard wanted.transport == .webSocket, request.hasValidSubprotocols else { throw .badRequest }
      guard wanted.verdict != .refused else { throw .forbidden }
      if let session {
        guard configuration.allowUpgrades else { throw .badRequest }
        return session.eventLoop.submit { session.probeArrived() ? .probe : .surplus }.hop(to: eventLoop)
      }
    } catch {
      return eventLoop.makeFailedFuture(error)
    }
    guard !isFull else { return eventLoop.makeFailedFuture(Refusal.full) }
    guard let allowRequest = configuration.allowRequest else { return eventLoop.makeSucceededFuture(.transport) }
    return eventLoop.makeFutureWithTask {
      guard await allowRequest(request.handshake) else { throw EngineRequestError.forbidden }
      return .transport
    }
  }
}
