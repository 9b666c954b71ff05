import EngineIO
import HTTPTypes
import HummingbirdCore
import NIOCore

/// HTTP requests below the engine's path.
extension EngineServer {
  /// Answers a request that ``Configuration/owns(_:)``.
  func respond(to request: Request, channel: any Channel, bundle: ClientBundle?) async -> Response {
    var response: Response
    let target = RequestTarget(uri: request.head.path ?? "")
    if request.method == .options {
      response = Response(status: .noContent)
      let wanted = HTTPField.Name("Access-Control-Request-Headers").flatMap { request.headers[$0] }
      response.headers.append(contentsOf: cors.preflightHeaders(requested: wanted))
      response.headers[.contentLength] = "0"
    } else if let file = bundle?.file(for: target.path, below: configuration.path) {
      response = file.response(to: request)
    } else {
      do {
        response = try await answer(request, target, channel)
      } catch {
        let refusal = error as? EngineRequestError ?? .badRequest
        response = Self.refusal(refusal)
        configuration.onConnectionError?(
          ConnectionFailure(handshake: handshake(of: request, target, channel), error: refusal))
      }
      configuration.headers?(&response.headers, handshake(of: request, target, channel))
      response.headers[.cacheControl] = "no-store"
    }
    response.headers.append(contentsOf: cors.headers(origin: request.headers[.origin]))
    return response
  }

  private static func refusal(_ error: EngineRequestError) -> Response {
    Response(
      status: .init(code: error.status), headers: [.contentType: "application/json"],
      body: .init(byteBuffer: ByteBuffer(string: error.json)))
  }

  private func answer(_ request: Request, _ target: RequestTarget, _ channel: any Channel) async throws -> Response {
    let verdict = cors.verdict(origin: request.headers[.origin], served: ServedOrigin(request))
    let wanted = EngineRequest(target: target, method: request.method.rawValue, verdict: verdict)
    let named = try verify(wanted)
    guard verdict != .refused else { throw EngineRequestError.forbidden }
    guard let session = named else { return try await open(request, wanted, channel) }
    // A WebSocket request comes here when its upgrade was refused.
    guard wanted.transport == .polling else { throw EngineRequestError.badRequest }
    switch request.method {
    case .get: return try await poll(session, request, channel)
    case .post: return try await post(session, request, channel)
    default: throw EngineRequestError.badRequest
    }
  }

  private func open(_ request: Request, _ wanted: EngineRequest, _ channel: any Channel) async throws -> Response {
    guard wanted.transport == .polling else { throw EngineRequestError.badRequest }
    let handshake = handshake(of: request, wanted.target, channel, verdict: wanted.verdict)
    if let allowRequest = configuration.allowRequest, !(await allowRequest(handshake)) {
      throw EngineRequestError.forbidden
    }
    let eventLoop = channel.eventLoop
    let opening = eventLoop.flatSubmit { () -> EventLoopFuture<(sid: String, answer: PollingAnswer)> in
      do throws(Refusal) {
        let guests = self.configuration.isForwarded(handshake) ? nil : Self.guests(of: channel)
        guard guests?.hasPlace() ?? true else { throw .tooManyOfOneConnection }
        let socket = try self.open(handshake: handshake, on: eventLoop)
        guests?.add(socket)
        socket.start(over: nil)
        let sid = socket.id
        return socket.poll().map { (sid, $0) }
      } catch {
        return eventLoop.makeFailedFuture(error)
      }
    }
    do {
      let (sid, opened) = try await opening.get()
      var response = answer(opened, to: request)
      if let cookie = configuration.cookie { response.headers[.setCookie] = cookie.field(sid: sid) }
      configuration.initialHeaders?(&response.headers, handshake)
      return response
    } catch Refusal.tooManyOfOneConnection {
      // The connection ends with it: whatever else is pipelined isn't read.
      return Response(status: .tooManyRequests, headers: [.retryAfter: "5", .connection: "close"])
    } catch is Refusal {
      return Response(status: .serviceUnavailable, headers: [.retryAfter: "5"])
    }
  }

  /// On the connection's event loop. Nil only when it is being torn down.
  private static func guests(of channel: any Channel) -> ConnectionGuests? {
    try? channel.pipeline.syncOperations.handler(type: HTTPConnectionHandler.self).guests
  }

  private func handshake(
    of request: Request, _ target: RequestTarget, _ channel: any Channel, verdict: CORSPolicy.Verdict = .allowed
  ) -> Handshake {
    let headers = request.headers.filter { verdict.believes($0.name.rawName) }.map {
      (name: $0.name.rawName, value: $0.value)
    }
    let host = request.head.authority.map { [(name: "host", value: $0)] } ?? []
    return Handshake(
      headers: host + headers, target: target, remoteAddress: channel.remoteAddress?.ipAddress ?? "",
      transport: .polling)
  }

  private func poll(_ session: EngineSocket, _ request: Request, _ channel: any Channel) async throws -> Response {
    let answer = session.eventLoop.flatSubmit { session.poll() }
    channel.eventLoop.execute {
      let onBreak: @Sendable () -> Void = { session.eventLoop.execute { session.pollBroke() } }
      // Absent once the connection is gone: what the session put into the poll would be lost, and nobody would know.
      guard let connection = try? channel.pipeline.syncOperations.handler(type: HTTPConnectionHandler.self) else {
        onBreak()
        return
      }
      connection.watch(answer, on: channel.eventLoop, onBreak: onBreak)
    }
    return self.answer(try await answer.get(), to: request)
  }

  private func post(_ session: EngineSocket, _ request: Request, _ channel: any Channel) async throws -> Response {
    try await session.eventLoop.submit { try session.postArrived() }.get()
    let body: ByteBuffer
    let limit = session.maxMessageBytes
    // Held until all of it has been handled.
    var share = AssemblyShare(of: assembly)
    do {
      body = try await collect(request, upTo: limit, for: session, channel, &share)
    } catch is NIOTooManyBytesError {
      session.eventLoop.execute { session.postBroke(.messageTooLarge) }
      return Response(
        status: .contentTooLarge, headers: [.connection: "close"],
        body: .init(byteBuffer: ByteBuffer(string: "message too large: limit \(limit) bytes")))
    } catch {
      session.eventLoop.execute { session.postBroke(.transportError) }
      throw EngineRequestError.badRequest
    }
    try await session.eventLoop.flatSubmit { session.post(body) }.get()
    share.release()
    return Response(
      status: .ok, headers: [.contentType: "text/html"], body: .init(byteBuffer: ByteBuffer(string: "ok")))
  }

  /// A request's body, counted while it comes.
  private func collect(
    _ request: Request, upTo limit: Int, for session: EngineSocket, _ channel: any Channel, _ share: inout AssemblyShare
  ) async throws -> ByteBuffer {
    if let length = request.headers[.contentLength].flatMap(Int.init), length > limit {
      throw NIOTooManyBytesError(maxBytes: limit)
    }
    var body = ByteBuffer()
    for try await chunk in request.body {
      guard chunk.readableBytes <= limit - body.readableBytes else { throw NIOTooManyBytesError(maxBytes: limit) }
      body.writeImmutableBuffer(chunk)
      share.hold(body.readableBytes, of: session.holder) {
        {
          // Later, as for every share.
          session.eventLoop.execute { session.close(.overloaded) }
          channel.eventLoop.execute { channel.close(promise: nil) }
        }
      }
    }
    return body
  }

  /// The answer to a poll, compressed if it is worth it and the client takes that.
  private func answer(_ answer: PollingAnswer, to request: Request) -> Response {
    let body = answer.body
    var headers: HTTPFields = [.contentType: "text/plain; charset=UTF-8"]
    if answer.mayCompress, let settings = configuration.httpCompression, body.readableBytes >= settings.threshold,
      let encoding = PollingCompression(acceptEncoding: request.headers[.acceptEncoding]),
      let encoded = encoding.encode(body, level: settings.level)
    {
      headers[.contentEncoding] = encoding.rawValue
      return Response(status: .ok, headers: headers, body: .init(byteBuffer: encoded))
    }
    return Response(status: .ok, headers: headers, body: .init(byteBuffer: body))
  }
}
