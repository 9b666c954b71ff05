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

  init(target: RequestTarget, method: String, verdict: CORSPolicy.Verdict) {
    self.target = target
    self.method = method
    self.verdict = verdict
    let parameters = RequestTarget.parameters(of: target.query)
    sid = parameters["sid"]
    transport = parameters["transport"].flatMap(EngineTransport.init(rawValue:))
    version = parameters["EIO"]
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

  /// Whether a WebSocket may open. Fails with the reason if not; a session that it names is told to expect it.
  func admitWebSocket(
    _ request: EngineRequest, _ handshake: Handshake, on eventLoop: any EventLoop
  ) -> EventLoopFuture<Void> {
    do throws(EngineRequestError) {
      let session = try verify(request)
      guard request.transport == .webSocket else { throw .badRequest }
      guard request.verdict != .refused else { throw .forbidden }
      if let session {
        guard configuration.allowUpgrades else { throw .badRequest }
        return session.eventLoop.submit {
          guard session.probeArrived() else { throw EngineRequestError.badRequest }
        }.hop(to: eventLoop)
      }
    } catch {
      return eventLoop.makeFailedFuture(error)
    }
    guard !isFull else { return eventLoop.makeFailedFuture(Refusal.full) }
    guard let allowRequest = configuration.allowRequest else { return eventLoop.makeSucceededVoidFuture() }
    return eventLoop.makeFutureWithTask {
      guard await allowRequest(handshake) else { throw EngineRequestError.forbidden }
    }
  }
}
