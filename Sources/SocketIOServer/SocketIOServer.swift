public import Logging
import NIOCore
public import SocketIO
import Synchronization

/// A Socket.IO v5 server over SwiftNIO and Hummingbird.
///
/// ```swift
/// let io = SocketIOServer(logger: logger)
/// io.of("/").onConnection { socket in
///   socket.on("chat") { event in socket.broadcast.emit("chat", event.arguments[0]) }
/// }
/// try await Application(router: Router(), server: .socketIO(io)).runService()
/// ```
public final class SocketIOServer: Sendable {
  /// What was set.
  public let configuration: Configuration
  /// Where it logs; nothing above `debug` in good order.
  public let logger: Logger
  /// The transport below.
  public let engine: EngineServer
  let bundle: ClientBundle?
  private let namespaces: NamespaceRegistry

  /// - Parameters:
  ///   - configuration: what to set. A client bundle that can't be read is logged and not served.
  ///   - logger: where to log.
  ///   - adapter: makes the adapter of each namespace; by default one that knows this process only.
  public init(
    configuration: Configuration = Configuration(), logger: Logger,
    adapter: @escaping @Sendable (String, any LocalSockets) -> any SocketAdapter = { InProcessAdapter(local: $1) }
  ) {
    self.configuration = configuration
    self.logger = logger
    var recovery = configuration.recovery
    // A heartbeat that was answered in time, and one that may not have been.
    recovery?.arrivalTime = configuration.pingInterval + configuration.pingTimeout * 2
    let registry = NamespaceRegistry(
      logger: logger, codec: configuration.codec, cleansUp: configuration.cleanupEmptyChildNamespaces,
      recovery: recovery, eventBudget: EventBudget(configuration.eventQueue),
      oversizedConnect: configuration.oversizedConnect, makeAdapter: adapter)
    namespaces = registry
    var bundle: ClientBundle?
    if let path = configuration.clientBundle {
      do {
        bundle = try ClientBundle(path: path)
      } catch {
        logger.warning("the browser client can't be read", metadata: ["path": "\(path)", "error": "\(error)"])
      }
    }
    self.bundle = bundle
    engine = EngineServer(configuration: configuration.engine, logger: logger, hasGuests: true) { socket in
      Client(engine: socket, namespaces: registry, configuration: configuration).start()
    }
    // As in the official server, the main namespace is always there.
    _ = of("/")
  }

  /// The namespace of that name; it exists from now on. `chat` is `/chat`.
  public func of(_ name: String) -> Namespace {
    namespaces.namespace(name.hasPrefix("/") ? name : "/" + name)
  }

  /// Namespaces by pattern: one is made for every name that `matches` says yes to, when a client asks for it, and
  /// everything set on the returned parent holds for all of them. Namespaces by name go first.
  ///
  /// - Parameter matches: gets the name and the client's auth.
  public func of(matching matches: @escaping @Sendable (String, SocketValue) -> Bool) -> ParentNamespace {
    namespaces.parent(.immediate(matches))
  }

  /// The same with a function that waits, for a database's word for instance. Patterns are asked in the order in which
  /// they were added, each for every client that asks for a namespace which isn't there.
  public func of(matching matches: @escaping @Sendable (String, SocketValue) async -> Bool) -> ParentNamespace {
    namespaces.parent(.waiting(matches))
  }

  /// Closes every connection, telling clients that the server goes down, and takes no new ones.
  public func close() async {
    await engine.close()
  }

  /// Numbers for metrics.
  public func counters() -> EngineServer.Counters { engine.counters() }
}
