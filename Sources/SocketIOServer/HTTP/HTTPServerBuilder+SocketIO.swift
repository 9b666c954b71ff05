public import HummingbirdCore
public import NIOCore

/// Puts what encrypts (swift-nio-ssl's handler for servers) into a new connection's pipeline, which is empty. On its event
/// loop; a connection for which it throws ends.
public typealias ChannelSecurity = @Sendable (any Channel) throws -> Void

extension HTTPServerBuilder {
  /// HTTP/1.1 with a Socket.IO server in front of the router.
  ///
  /// ```swift
  /// let app = Application(router: router, server: .socketIO(io))
  /// ```
  /// - Parameters:
  ///   - server: takes every request below its path.
  ///   - idleTimeout: how long a connection waits for its next request; nil for a minute.
  ///   - quickly: is asked first, for every request without a body.
  ///   - connections: how many there may be. The same is to be the server configuration's `availableConnectionsDelegate`.
  ///   - secure: makes every connection one over TLS.
  public static func socketIO(
    _ server: SocketIOServer, idleTimeout: Duration? = .seconds(60), quickly: QuickResponder? = nil,
    connections: ConnectionGate? = nil, secure: ChannelSecurity? = nil
  ) -> HTTPServerBuilder {
    HTTPServerBuilder { responder in
      EngineChannel(
        server: server.engine, bundle: server.bundle, idleTimeout: idleTimeout, quickly: quickly, gate: connections,
        secure: secure, otherwise: responder)
    }
  }

  /// HTTP/1.1 with an Engine.IO server in front of the router.
  ///
  /// - Parameters:
  ///   - server: takes every request below its path.
  ///   - idleTimeout: how long a connection waits for its next request; nil for a minute.
  ///   - connections: how many there may be. The same is to be the server configuration's `availableConnectionsDelegate`.
  public static func engineIO(
    _ server: EngineServer, idleTimeout: Duration? = .seconds(60), connections: ConnectionGate? = nil
  ) -> HTTPServerBuilder {
    HTTPServerBuilder { responder in
      EngineChannel(server: server, bundle: nil, idleTimeout: idleTimeout, gate: connections, otherwise: responder)
    }
  }
}
