import NIOCore
import NIOHTTP1
import NIOPosix

/// One HTTP/1.1 request on a connection of its own: all that the generator needs before it listens.
struct HTTPRequest: Sendable {
  var method = HTTPMethod.GET
  /// Path and query.
  var path: String
  var bearer: String?
  /// A JSON body.
  var body: ByteBuffer?

  struct Response: Sendable {
    var status: Int
    var body: ByteBuffer
  }

  enum Failure: Error, CustomStringConvertible {
    case tooLong, timedOut, incomplete

    var description: String {
      switch self {
      case .tooLong: "the answer is longer than \(Limits.httpBodyBytes) bytes"
      case .timedOut: "no answer within \(Limits.httpTimeout.nanoseconds / 1_000_000_000) s"
      case .incomplete: "the connection ended before the answer did"
      }
    }
  }

  /// Sends the request; throws what NIO throws when nobody answers there, or a `Failure`.
  func send(to target: LoadTarget, on loop: any EventLoop) async throws -> Response {
    let promise = loop.makePromise(of: Response.self)
    let head = head(authority: target.authority)
    let body = body
    ClientBootstrap(group: loop)
      .connectTimeout(Limits.connectTimeout)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHTTPClientHandlers()
          try channel.pipeline.syncOperations.addHandler(Exchange(head: head, body: body, promise: promise))
        }
      }
      .connect(to: target.address)
      .whenFailure { promise.fail($0) }
    return try await promise.futureResult.get()
  }

  private func head(authority: String) -> HTTPRequestHead {
    var headers = HTTPHeaders([
      ("host", authority), ("connection", "close"), ("accept", "application/json"), ("user-agent", "dubplate-load"),
    ])
    if let bearer { headers.add(name: "authorization", value: "Bearer \(bearer)") }
    if let body {
      headers.add(name: "content-type", value: "application/json")
      headers.add(name: "content-length", value: "\(body.readableBytes)")
    }
    return HTTPRequestHead(version: .http1_1, method: method, uri: path, headers: headers)
  }

  private final class Exchange: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private let head: HTTPRequestHead
    private let body: ByteBuffer?
    private let promise: EventLoopPromise<Response>
    private var response = Response(status: 0, body: ByteBuffer())
    private var isDone = false
    private var timeout: Scheduled<Void>?

    init(head: HTTPRequestHead, body: ByteBuffer?, promise: EventLoopPromise<Response>) {
      self.head = head
      self.body = body
      self.promise = promise
    }

    func channelActive(context: ChannelHandlerContext) {
      let loopBound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
      timeout = context.eventLoop.scheduleTask(in: Limits.httpTimeout) {
        let (exchange, context) = loopBound.value
        exchange.finish(context, .failure(Failure.timedOut))
      }
      context.write(wrapOutboundOut(.head(head)), promise: nil)
      if let body { context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil) }
      context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      switch unwrapInboundIn(data) {
      case .head(let head): response.status = Int(head.status.code)
      case .body(var part):
        guard response.body.readableBytes + part.readableBytes <= Limits.httpBodyBytes else {
          return finish(context, .failure(Failure.tooLong))
        }
        response.body.writeBuffer(&part)
      case .end: finish(context, .success(response))
      }
    }

    func channelInactive(context: ChannelHandlerContext) { finish(context, .failure(Failure.incomplete)) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { finish(context, .failure(error)) }

    private func finish(_ context: ChannelHandlerContext, _ result: Result<Response, any Error>) {
      guard !isDone else { return }
      isDone = true
      timeout?.cancel()
      promise.completeWith(result)
      context.close(promise: nil)
    }
  }
}
