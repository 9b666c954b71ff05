import EngineIO
import NIOCore
public import SocketIO

extension Socket {
  /// Sends an event. Any thread.
  public func emit(_ event: String, _ arguments: SocketValue...) { emit(event, arguments: arguments) }

  /// Sends an event with arguments in an array. Any thread.
  public func emit(_ event: String, arguments: some Sequence<SocketValue>) {
    guard namespace.mayEmit(event) else { return }
    send(.event(event, Array(arguments), namespace: namespace.name))
  }

  /// Sends an event with one encodable argument; `ByteBuffer`, `Data` and `[UInt8]` in it become attachments. Any
  /// thread.
  public func emit(_ event: String, encoding value: some Encodable) throws {
    emit(event, arguments: [try SocketValue(encoding: value)])
  }

  /// Events that are dropped when the client can't take them now.
  public struct Volatile: Sendable {
    let socket: Socket

    public func emit(_ event: String, _ arguments: SocketValue...) {
      socket.onLoop { [socket] in
        guard socket.isWritable, socket.namespace.mayEmit(event) else { return }
        let packet = SocketPacket.event(event, arguments, namespace: socket.namespace.name)
        if packet.endsInString { socket.recoveryTrace?.value.sentMisleading() }
        socket.client.send(packet.encode())
      }
    }
  }

  /// `socket.volatile.emit(…)`: dropped, not queued, when the client reads too slowly.
  public var volatile: Volatile { Volatile(socket: self) }

  /// Sends a packet of this socket.
  func send(_ packet: SocketPacket) {
    let noted = namespace.recovery?.note(packet, scope: BroadcastScope(rooms: [id]))
    let encoded = (noted?.packet ?? packet).encode()
    let misleads = namespace.recovery != nil && packet.endsInString
    onLoop { [self] in
      guard isConnected else { return }
      if let noted {
        recoveryTrace?.value.sent(noted.number)
      } else if misleads {
        recoveryTrace?.value.sentMisleading()
      }
      client.send(encoded)
    }
  }

  // MARK: The raw path

  /// Sends an event that is encoded already, without copying what is shared. Event loop only.
  ///
  /// - Parameters:
  ///   - event: the event.
  ///   - flush: false leaves it to a later ``flush()``: write many, flush once per tick.
  /// - Returns: false if the socket is not connected, also when this event went beyond the byte bound.
  @discardableResult
  public func emit(raw event: RawEvent, flush: Bool = true) -> Bool {
    eventLoop.assertInEventLoop()
    guard isConnected else { return false }
    recoveryTrace?.value.sentMisleading()
    let head = event.attachment == nil ? client.textHead(of: namespace) : client.binaryHead(of: namespace)
    return client.engine.send(head: head, event.json, attachment: event.attachment, flush: flush)
  }

  /// Lets go out what was sent with `flush: false`. Event loop only.
  public func flush() {
    client.engine.flush()
  }

  /// Whether an event would leave soon; wait for ``onWritabilityChange(_:)`` if not. Event loop only.
  public var isWritable: Bool { isConnected && client.engine.isWritable }

  /// Bytes that were sent and have not left. Event loop only.
  public var bufferedBytes: Int { client.engine.bufferedBytes }

  /// What the connection has carried, to whomever; nil for polling, and where nobody can say. Event loop only.
  public var connectionStatistics: ConnectionStatistics? { client.engine.connectionStatistics }

  /// Takes nothing of what the client sends for so long: for one who says more than is good for others. What it has
  /// sent stays on the connection, its heartbeats among it; after `pingTimeout` without one it is lost. Event loop only.
  public func pauseReading(for time: TimeAmount) {
    eventLoop.assertInEventLoop()
    client.engine.hold(for: time)
  }
}
