import EngineIO
import Logging
import NIOCore
import NIOHTTP1

/// From HTTP to WebSocket.
extension HTTPConnectionHandler {
  func decide(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
    let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
    let request = WebSocketRequest(head, channel: context.channel, of: server)
    server.admitWebSocket(request, on: context.eventLoop).whenComplete { outcome in
      guard self.state.answerer == .upgrade, bound.value.channel.isActive else { return }
      switch outcome {
      case .success(let role): self.upgrade(request, as: role, bound.value)
      case .failure(let error as EngineRequestError): self.refuse(error, bound.value)
      case .failure(is EngineServer.Refusal):
        self.refuse(
          QuickResponse(status: .serviceUnavailable, headers: ["retry-after": "5"], body: ByteBuffer()), bound.value)
      case .failure: self.refuse(.badRequest, bound.value)
      }
    }
  }

  func refuse(_ error: EngineRequestError, _ context: ChannelHandlerContext) {
    refuse(
      QuickResponse(
        status: .init(statusCode: error.status), headers: ["content-type": "application/json"],
        body: ByteBuffer(string: error.json)), context)
  }

  /// Answers instead of upgrading, and ends: what comes behind such a request is for another protocol.
  private func refuse(_ response: QuickResponse, _ context: ChannelHandlerContext) {
    state.endsWithAnswer()
    answer(response, context)
  }

  private func upgrade(_ request: WebSocketRequest, as role: WebSocketHandler.Role, _ context: ChannelHandlerContext) {
    do {
      ticket?.noteBusy()
      let handler = try request.makeHandler(
        server, context.channel, as: role, readsItself: isHummingbirds, ticket: ticket)
      let headers = request.responseHeaders(server, sid: handler.sessionID)
      var head = ByteBuffer()
      head.writeString("HTTP/1.1 101 Switching Protocols\r\n")
      for (name, value) in headers { head.writeString("\(name): \(value)\r\n") }
      head.writeString("\r\n")
      context.writeAndFlush(wrapOutboundOut(head), promise: nil)
      try WebSocketRequest.configure(context.channel)
      state.upgraded()
      stopTimer()
      let pipeline = context.pipeline.syncOperations
      try pipeline.addHandler(handler, position: .before(self))
      // Before this handler leaves: what is left behind unsettled counts as a connection that ended early.
      result.succeed(.taken)
      let rest = state.parser.takeRest()
      cutOff(context)
      guard rest.readableBytes > 0 else { return }
      // Frames that came right behind the request.
      pipeline.fireChannelRead(NIOAny(rest))
      pipeline.fireChannelReadComplete()
    } catch {
      logger.debug("an upgrade failed", metadata: ["error": "\(error)"])
      result.succeed(.taken)
      carryOut(.abort, context)
    }
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
