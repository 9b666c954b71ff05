import NIOCore
public import SocketIO
import Synchronization

/// Why no ack came.
public enum AckError: Error, Sendable, Equatable {
  /// Not in time.
  case timedOut
  /// The socket left.
  case disconnected
  /// More acks are waited for than `SocketIOLimits.maxPendingAcks`.
  case tooMany
}

/// Ids of events that ask for an ack. No two of a server have the same, but that a broadcast has one: a client answers
/// what its former socket was asked, and that must not be taken for an answer to what its new one is.
final class AckIDs: Sendable {
  private let given = Atomic<UInt64>(0)

  func next() -> UInt64 { given.wrappingAdd(1, ordering: .relaxed).oldValue }
}

/// Acks that a client owes. Lives on the socket's event loop.
final class PendingAcks {
  typealias Completion = @Sendable (Result<SocketArguments, AckError>) -> Void

  private var waiting: [UInt64: (completion: Completion, timer: Scheduled<Void>)] = [:]

  /// Waits for an ack. False: too many are waited for.
  func add(
    _ id: UInt64, on loop: any EventLoop, timeout: TimeAmount, for socket: Socket, _ completion: @escaping Completion
  ) -> Bool {
    guard waiting.count < SocketIOLimits.maxPendingAcks else { return false }
    let timer = loop.scheduleTask(in: timeout) { [weak socket] in
      guard let socket else { return }
      socket.acks?.settle(id, .failure(.timedOut))
    }
    waiting[id] = (completion, timer)
    return true
  }

  func isAwaited(_ id: UInt64) -> Bool { waiting[id] != nil }

  func settle(_ id: UInt64, _ result: Result<SocketArguments, AckError>) {
    guard let (completion, timer) = waiting.removeValue(forKey: id) else { return }
    timer.cancel()
    completion(result)
  }

  func failAll(_ error: AckError) {
    let all = waiting.values
    waiting = [:]
    for (completion, timer) in all {
      timer.cancel()
      completion(.failure(error))
    }
  }
}

extension Socket {
  /// Sends an event and waits for the client's answer. Any thread.
  ///
  /// - Returns: the arguments of the ack; places past their end hold null.
  /// - Throws: ``AckError``.
  public func emitWithAck(
    _ event: String, _ arguments: SocketValue..., timeout: Duration
  ) async throws(AckError) -> SocketArguments {
    try await emitWithAck(event, arguments: arguments, timeout: timeout)
  }

  /// The same with arguments in an array.
  public func emitWithAck(
    _ event: String, arguments: some Sequence<SocketValue> & Sendable, timeout: Duration
  ) async throws(AckError) -> SocketArguments {
    try await Emitter(socket: self).emitWithAck(event, arguments: arguments, timeout: timeout)
  }

  /// Sends an event with one encodable argument, and decodes the first argument of the client's answer.
  ///
  /// - Throws: ``AckError``, `SocketDecodingError` for an answer that isn't a `Reply`, or what `value` throws.
  public func emitWithAck<Reply: Decodable>(
    _ event: String, encoding value: some Encodable, as type: Reply.Type = Reply.self, timeout: Duration
  ) async throws -> Reply {
    let answer = try await emitWithAck(event, try SocketValue(encoding: value), timeout: timeout)
    guard let first = answer.first else { throw SocketDecodingError(path: "", message: "the answer is empty") }
    return try first.decode(Reply.self)
  }

  /// Sends an event and calls `completion` on the event loop with the client's answer, once. Any thread.
  public func emit(
    _ event: String, arguments: some Sequence<SocketValue>, timeout: Duration,
    completion: @escaping @Sendable (Result<SocketArguments, AckError>) -> Void
  ) {
    Emitter(socket: self).emit(event, arguments: arguments, timeout: timeout, completion: completion)
  }

  /// The same for an event that is a packet already, with an ack id if it's everybody's.
  func emit(
    _ packet: SocketPacket, timeout: Duration, isVolatile: Bool = false, mayCompress: Bool = true,
    completion: @escaping @Sendable (Result<SocketArguments, AckError>) -> Void
  ) {
    onLoop { [self] in
      guard isConnected else {
        completion(.failure(.disconnected))
        return
      }
      let acks = acks ?? PendingAcks()
      self.acks = acks
      var packet = packet
      let id = packet.id ?? namespace.ackIDs.next()
      packet.id = id
      guard acks.add(id, on: eventLoop, timeout: TimeAmount(timeout), for: self, completion) else {
        completion(.failure(.tooMany))
        return
      }
      send(packet, isVolatile: isVolatile, mayCompress: mayCompress)
    }
  }
}

extension Socket.Emitter {
  /// Sends an event and waits for the client's answer, which never comes to a volatile one that was dropped. Any thread.
  ///
  /// - Returns: the arguments of the ack; places past their end hold null.
  /// - Throws: ``AckError``.
  public func emitWithAck(
    _ event: String, _ arguments: SocketValue..., timeout: Duration
  ) async throws(AckError) -> SocketArguments {
    try await emitWithAck(event, arguments: arguments, timeout: timeout)
  }

  /// The same with arguments in an array.
  public func emitWithAck(
    _ event: String, arguments: some Sequence<SocketValue> & Sendable, timeout: Duration
  ) async throws(AckError) -> SocketArguments {
    let result: Result<SocketArguments, AckError> = await withCheckedContinuation { continuation in
      emit(event, arguments: arguments, timeout: timeout) { continuation.resume(returning: $0) }
    }
    return try result.get()
  }

  /// Sends an event and calls `completion` on the event loop with the client's answer, once. Any thread.
  public func emit(
    _ event: String, arguments: some Sequence<SocketValue>, timeout: Duration,
    completion: @escaping @Sendable (Result<SocketArguments, AckError>) -> Void
  ) {
    guard socket.namespace.mayEmit(event) else { return completion(.failure(.disconnected)) }
    socket.emit(
      .event(event, Array(arguments), namespace: socket.namespace.name), timeout: timeout, isVolatile: isVolatile,
      mayCompress: mayCompress, completion: completion)
  }
}
