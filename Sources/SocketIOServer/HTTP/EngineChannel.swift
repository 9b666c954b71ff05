import EngineIO
import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTPTypes

/// What became of a connection with its first request.
enum FirstRequest: Sendable {
  /// It is a WebSocket, or was refused; nobody needs to do anything.
  case taken
  /// Hummingbird serves it.
  case http(NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>)
}

/// A connection of a Hummingbird server that may become a WebSocket.
///
/// Requests below the engine's path are the engine's, all others Hummingbird's. After an upgrade with the first request
/// the HTTP handlers are gone and ``handle(value:logger:)`` has returned: no task lives as long as a WebSocket does.
struct EngineChannel: HTTPChannelHandler {
  typealias HTTP = NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>

  struct Value: ServerChildChannelValue {
    let channel: any Channel
    /// Settled by the first request, so it can't be what `setup` waits for.
    let firstRequest: EventLoopFuture<FirstRequest>
  }

  let server: EngineServer
  let responder: HTTPChannelHandler.Responder
  let idleTimeout: Duration?
  private let quickly: QuickResponder?
  private let gate: ConnectionGate?
  private let secure: ChannelSecurity?

  init(
    server: EngineServer, bundle: ClientBundle?, idleTimeout: Duration?, quickly: QuickResponder? = nil,
    gate: ConnectionGate? = nil, secure: ChannelSecurity? = nil, otherwise: @escaping HTTPChannelHandler.Responder
  ) {
    self.server = server
    self.idleTimeout = idleTimeout
    self.quickly = quickly
    self.gate = gate
    self.secure = secure
    let configuration = server.configuration
    responder = { request, writer, channel in
      guard configuration.owns(RequestTarget(uri: request.head.path ?? "").path) else {
        return try await otherwise(request, writer, channel)
      }
      let response = await server.respond(to: request, channel: channel, bundle: bundle)
      try await writer.write(response: response.head, body: response.body)
    }
  }

  func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
    channel.eventLoop.makeCompletedFuture {
      try secure?(channel)
      let result = channel.eventLoop.makePromise(of: FirstRequest.self)
      try channel.pipeline.syncOperations.addHandler(
        HTTPConnectionHandler(
          server: server, gate: gate, idleTimeout: idleTimeout, quickly: quickly,
          isSecure: secure != nil, logger: logger, result: result))
      return Value(channel: channel, firstRequest: result.futureResult)
    }
  }

  func handle(value: Value, logger: Logger) async {
    do {
      switch try await value.firstRequest.get() {
      case .taken: return
      case .http(let channel): await handleHTTP(asyncChannel: channel, logger: logger)
      }
    } catch {
      // The connection ended before its first request was whole.
      logger.trace("connection ended early", metadata: ["error": "\(error)"])
      value.channel.close(promise: nil)
    }
  }
}
