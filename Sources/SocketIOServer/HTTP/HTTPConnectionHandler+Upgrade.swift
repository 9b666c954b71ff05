import EngineIO
import Logging
import NIOCore
import NIOHTTP1

/// From HTTP to WebSocket.
extension HTTPConnectionHandler {
  func decide(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
    let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
    let request = WebSocketRequest(head, channel: context.channel, isSecure: isSecure, of: server)
    server.admitWebSocket(request, on: context.eventLoop).whenComplete { outcome in
      guard self.state.answerer == .upgrade, bound.value.channel.isActive else { return }
      switch outcome {
      case .success(let role): self.upgrade(request, as: role, bound.value)
      case .failure(let error): self.refuse(error, bound.value)
      }
    }
  }

  private func refuse(_ error: any Error, _ context: ChannelHandlerContext) {
    switch error {
    case let error as EngineRequestError: refuse(error, context)
    case is EngineServer.Refusal:
      refuse(QuickResponse(status: .serviceUnavailable, headers: ["retry-after": "5"], body: ByteBuffer()), context)
    default: refuse(EngineRequestError.badRequest, context)
    }
  }

  func refuse(_ error: EngineRequestError, _ context: ChannelHandlerContext) {
    refuse(
      QuickResponse(
        status: .init(statusCode: error.status), headers: ["content-type": "application/json"],
        body: ByteBuffer(string: error.json)), context)
  }

  /// Answers instead of upgrading, and ends: what comes behind such a request is for another protocol.
  func refuse(_ response: QuickResponse, _ context: ChannelHandlerContext) {
    state.endsWithAnswer()
    answer(response, context)
  }

  private func upgrade(_ request: WebSocketRequest, as role: WebSocketHandler.Role, _ context: ChannelHandlerContext) {
    let handler: WebSocketHandler
    ticket?.noteBusy()
    do {
      // Before a session is open: what fails until then leaves nothing behind.
      try WebSocketRequest.configure(context.channel)
      handler = try request.makeHandler(
        server, context.channel, as: role, readsItself: isHummingbirds, ticket: ticket)
    } catch {
      refuse(error, context)
      return
    }
    var head = ByteBuffer()
    head.writeString("HTTP/1.1 101 Switching Protocols\r\n")
    for (name, value) in request.responseHeaders(server, sid: handler.sessionID) {
      head.writeString("\(name): \(value)\r\n")
    }
    head.writeString("\r\n")
    // It leaves when the WebSocket is in place: a connection that breaks with it ends the session then.
    put(head, context)
    state.upgraded()
    stopTimer()
    let (channel, pipeline) = (context.channel, context.pipeline.syncOperations)
    do {
      try pipeline.addHandler(handler, position: .before(self))
    } catch {
      logger.debug("an upgrade failed", metadata: ["error": "\(error)"])
      if case .transport = role { handler.socket.close(.transportError) }
      result.succeed(.taken)
      carryOut(.abort, context)
      return
    }
    context.flush()
    // Before this handler leaves: what is left behind unsettled counts as a connection that ended early.
    result.succeed(.taken)
    let rest = state.parser.takeRest()
    cutOff(context)
    if rest.readableBytes > 0 {
      // Frames that came right behind the request.
      pipeline.fireChannelRead(NIOAny(rest))
      pipeline.fireChannelReadComplete()
    }
    handOverRead(to: channel)
  }

  /// Ends Hummingbird's part of the connection, as if the client had finished sending; or leaves, if it has none.
  private func cutOff(_ context: ChannelHandlerContext) {
    if isHummingbirds {
      context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    } else {
      context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }
  }
}
