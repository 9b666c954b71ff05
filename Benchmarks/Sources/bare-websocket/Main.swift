import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOWebSocket

/// The peer of the listeners' benchmark: SwiftNIO's own WebSocket server that writes one shared, ready-made chunk of
/// 24 kB a second to every connection, and does nothing else. It speaks just enough Socket.IO for `dubplate-load`.
///
/// Usage: `bare-websocket [port [bytes of a chunk]]`; listens on 127.0.0.1 and prints the address when it is ready.
@main
enum Main {
  static func main() async throws {
    let arguments = CommandLine.arguments.dropFirst().compactMap { Int($0) }
    let port = arguments.first ?? 0
    let chunk = SharedChunk(bytes: min(max(arguments.dropFirst().first ?? 24_000, 1), 1_000_000))
    let group = MultiThreadedEventLoopGroup(numberOfThreads: System.coreCount)
    let upgrader = NIOWebSocketServerUpgrader(
      shouldUpgrade: { channel, _ in channel.eventLoop.makeSucceededFuture(HTTPHeaders()) },
      upgradePipelineHandler: { channel, _ in
        channel.eventLoop.makeCompletedFuture {
          let encoder = try channel.pipeline.syncOperations.context(handlerType: WebSocketFrameEncoder.self)
          let listener = BareListener(chunk: chunk, below: encoder)
          try channel.pipeline.syncOperations.addHandler(listener)
        }
      })
    let server = try await ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: 1_024)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let pages = CatalogPage()
          let bound = NIOLoopBound(pages, eventLoop: channel.eventLoop)
          try channel.pipeline.syncOperations.configureHTTPServerPipeline(
            withServerUpgrade: (
              upgraders: [upgrader],
              completionHandler: { context in
                context.pipeline.syncOperations.removeHandler(bound.value, promise: nil)
              }
            ))
          try channel.pipeline.syncOperations.addHandler(pages)
        }
      }
      .bind(host: "127.0.0.1", port: port).get()
    print("http://127.0.0.1:\(server.localAddress?.port ?? 0)")
    fflush(nil)
    try await server.closeFuture.get()
  }
}
