public import HummingbirdCore

extension HTTPServerBuilder {
  /// HTTP/1.1 with a Socket.IO server in front of the router.
  ///
  /// ```swift
  /// let app = Application(router: router, server: .socketIO(io))
  /// ```
  /// - Parameters:
  ///   - server: takes every request below its path.
  ///   - idleTimeout: closes HTTP connections without a request; nil for 30 s before the first one, and never after it.
  ///   - quickly: is asked first, as long as a connection has had no request that it left to the router.
  public static func socketIO(
    _ server: SocketIOServer, idleTimeout: Duration? = .seconds(60), quickly: QuickResponder? = nil
  ) -> HTTPServerBuilder {
    HTTPServerBuilder { responder in
      EngineChannel(
        server: server.engine, bundle: server.bundle, idleTimeout: idleTimeout, quickly: quickly, otherwise: responder)
    }
  }

  /// HTTP/1.1 with an Engine.IO server in front of the router.
  ///
  /// - Parameters:
  ///   - server: takes every request below its path.
  ///   - idleTimeout: closes HTTP connections without a request; nil for 30 s before the first one, and never after it.
  public static func engineIO(_ server: EngineServer, idleTimeout: Duration? = .seconds(60)) -> HTTPServerBuilder {
    HTTPServerBuilder { responder in
      EngineChannel(server: server, bundle: nil, idleTimeout: idleTimeout, otherwise: responder)
    }
  }
}
