import EngineIO
import Logging
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

  /// Sends to one socket with flags set, or from it to others with the same.
  public struct Emitter: Sendable {
    let socket: Socket
    var isVolatile = false
    var mayCompress = true

    /// Whoever can't take it now misses it.
    public var volatile: Emitter { with { $0.isVolatile = true } }

    /// Whether the event may be compressed if the client agreed to that; it may unless this says no.
    public func compress(_ mayCompress: Bool) -> Emitter { with { $0.mayCompress = mayCompress } }

    private func with(_ change: (inout Emitter) -> Void) -> Emitter {
      var copy = self
      change(&copy)
      return copy
    }

    /// Sends an event. Any thread.
    public func emit(_ event: String, _ arguments: SocketValue...) { emit(event, arguments: arguments) }

    /// Sends an event with arguments in an array. Any thread.
    public func emit(_ event: String, arguments: some Sequence<SocketValue>) {
      guard socket.namespace.mayEmit(event) else { return }
      let packet = SocketPacket.event(event, Array(arguments), namespace: socket.namespace.name)
      socket.send(packet, isVolatile: isVolatile, mayCompress: mayCompress)
    }

    /// Sends an event with one encodable argument. Any thread.
    public func emit(_ event: String, encoding value: some Encodable) throws {
      emit(event, arguments: [try SocketValue(encoding: value)])
    }

    /// Everyone else in the namespace.
    public var broadcast: BroadcastOperator {
      var others = socket.broadcast
      others.scope.isVolatile = isVolatile
      others.scope.mayCompress = mayCompress
      return others
    }

    /// The sockets in these rooms, except this one.
    public func to(_ rooms: String...) -> BroadcastOperator { to(rooms) }
    /// The same with an array.
    public func to(_ rooms: [String]) -> BroadcastOperator { broadcast.to(rooms) }
    /// The same as `to`.
    public func `in`(_ rooms: String...) -> BroadcastOperator { to(rooms) }
    /// The same as `to`.
    public func `in`(_ rooms: [String]) -> BroadcastOperator { to(rooms) }
    /// Everyone else, but for those in these rooms.
    public func except(_ rooms: String...) -> BroadcastOperator { except(rooms) }
    /// The same with an array.
    public func except(_ rooms: [String]) -> BroadcastOperator { broadcast.except(rooms) }
    /// Everyone else of this process.
    public var local: BroadcastOperator { broadcast.local }
  }

  /// `socket.volatile.emit(…)`: dropped, not queued, when the client reads too slowly.
  public var volatile: Emitter { Emitter(socket: self, isVolatile: true) }

  /// `socket.compress(false).emit(…)`: as it is, also when the client agreed to compression.
  public func compress(_ mayCompress: Bool) -> Emitter { Emitter(socket: self, mayCompress: mayCompress) }

  /// Sends a packet of this socket.
  func send(_ packet: SocketPacket, isVolatile: Bool = false, mayCompress: Bool = true) {
    let scope = BroadcastScope(rooms: [id], isVolatile: isVolatile)
    let noted = namespace.recovery?.note(packet, scope: scope)
    let encoded = (noted?.packet ?? packet).encode(client.codec)
    onLoop { [self] in
      guard isVolatile ? isWritable : isConnected else { return }
      noted?.mark.leave(on: recoveryTrace)
      noteOutgoing(packet)
      client.send(encoded, mayCompress: mayCompress)
    }
  }

  /// Tells who listens to what is sent. Event loop only.
  func noteOutgoing(_ packet: SocketPacket) {
    guard let extras, !extras.extras.onAnyOutgoing.isEmpty, packet.kind == .event,
      case .array(let elements) = packet.data, let name = elements.first?.string
    else { return }
    for entry in extras.extras.onAnyOutgoing.entries { entry.body(name, Array(elements.dropFirst())) }
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
    namespace.recovery?.mark(of: event)?.leave(on: recoveryTrace)
    guard client.codec == .json else { return emit(translating: event) }
    let head = event.attachment == nil ? client.textHead(of: namespace) : client.binaryHead(of: namespace)
    return client.engine.send(head: head, event.json, attachment: event.attachment, flush: flush)
  }

  /// For a codec that isn't JSON the event is read and written anew.
  private func emit(translating event: RawEvent) -> Bool {
    // The program's own, and as large as it likes.
    var decoder = SocketPacketDecoder(bounds: PacketBounds(maxValues: .max, maxPacketBytes: .max))
    let attachments = event.attachment.map { [$0.joined(after: nil)] } ?? []
    var text = ByteBuffer()
    text.writeSocketPacketHead(.event, attachments: attachments.count, namespace: namespace.name)
    do throws(SocketPacketError) {
      var packet = try decoder.decode(text: event.json.joined(after: text))
      for attachment in attachments { packet = try decoder.decode(binary: attachment) }
      if let packet { client.send(packet) }
    } catch {
      client.logger.error("a raw event is no event and was not sent", metadata: ["error": "\(error)"])
    }
    return isConnected
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
