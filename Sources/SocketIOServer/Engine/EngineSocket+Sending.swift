import EngineIO
public import NIOCore

/// Sending. All on the session's event loop, except where said.
extension EngineSocket {
  /// Sends one text message. Any thread.
  public func send(text: ByteBuffer) {
    guard eventLoop.inEventLoop else {
      eventLoop.execute { self.send(text: text) }
      return
    }
    send(EnginePacket(.message, text), flush: true)
  }

  /// Sends one binary message. Any thread.
  public func send(binary: ByteBuffer) {
    guard eventLoop.inEventLoop else {
      eventLoop.execute { self.send(binary: binary) }
      return
    }
    send(EnginePacket(binary: binary), flush: true)
  }

  /// Whether a message would leave soon. Event loop only.
  public var isWritable: Bool {
    if session.isClosed { return false }
    if let webSocket { return webSocket.isWritable }
    return polling?.isWritable ?? false
  }

  /// Bytes that were sent and have not left. Event loop only.
  public var bufferedBytes: Int { webSocket?.bufferedBytes ?? polling?.queuedBytes ?? 0 }

  /// What the WebSocket's connection has carried; nil for polling, and where nobody can say. Event loop only.
  public var connectionStatistics: ConnectionStatistics? { webSocket?.statistics }

  func send(_ packet: EnginePacket, flush: Bool, mayCompress: Bool = true) {
    guard !session.isClosed else { return }
    if packet.kind == .message { loop.countOut(bytes: packet.payload.readableBytes) }
    if let webSocket {
      webSocket.write(packet, flush: flush, mayCompress: mayCompress)
    } else {
      queue(packet, mayCompress: mayCompress)
    }
  }

  private func queue(_ packet: EnginePacket, mayCompress: Bool) {
    guard let polling else { return }
    let wasWritable = polling.isWritable
    polling.append(packet, mayCompress: mayCompress)
    if polling.queuedBytes > maxWriteBufferBytes, !polling.isPollOpen {
      close(.writeBufferExceeded)
      return
    }
    schedulePollFlush()
    if wasWritable, !polling.isWritable, !polling.isPollOpen { receiver?.writabilityChanged(false) }
  }

  /// Sends a message that was framed once for everyone.
  func send(_ payload: SharedPayload) {
    guard !session.isClosed else { return }
    if let webSocket, !webSocket.sendsTextOnly {
      loop.countOut(bytes: payload.bytes, messages: payload.packets.count)
      webSocket.write(payload.frames(for: webSocket, on: loop), flush: true)
    } else {
      for packet in payload.packets { send(packet, flush: true, mayCompress: payload.mayCompress) }
    }
  }

  /// Sends parts back to back, as one text message and perhaps one binary message behind it.
  ///
  /// Over WebSocket the parts' shared buffers are written by reference; everything else goes into one small buffer
  /// before the first of them and one behind each.
  func send(head: ByteBuffer, _ json: RawEvent.Parts, attachment: RawEvent.Parts?, flush: Bool) -> Bool {
    guard !session.isClosed else { return false }
    guard let webSocket, attachment == nil || !webSocket.sendsTextOnly else {
      // As it is, like the other way; a poll's answer in base64 is worth it.
      let mayCompress = webSocket == nil
      send(EnginePacket(.message, json.joined(after: head)), flush: flush, mayCompress: mayCompress)
      if let attachment {
        send(EnginePacket(binary: attachment.joined(after: nil)), flush: flush, mayCompress: mayCompress)
      }
      return !session.isClosed
    }
    let textBytes = 1 + head.readableBytes + json.bytes
    loop.countOut(bytes: textBytes - 1 + (attachment?.bytes ?? 0), messages: attachment == nil ? 1 : 2)
    var small = ByteBufferAllocator().buffer(
      capacity: 24 + head.readableBytes + json.ownBytes + (attachment?.head.readableBytes ?? 0))
    small.writeWebSocketHeader(.text, length: textBytes)
    small.writeInteger(EnginePacket.Kind.message.rawValue)
    small.writeImmutableBuffer(head)
    webSocket.write(json, behind: &small)
    if let attachment {
      small.writeWebSocketHeader(.binary, length: attachment.bytes)
      webSocket.write(attachment, behind: &small)
    }
    if small.readableBytes > 0 { webSocket.write(small, flush: false) }
    if flush { webSocket.flush() }
    return !session.isClosed
  }

  /// Lets what has been sent go out, and what is sent next go out a moment later, so that it comes in another read: Node's
  /// WebSocket hands out all messages of one read at once, and a client that only then begins to listen (as those of
  /// the official conformance suite do) would miss the second.
  func sendApart() { webSocket?.writeApart() }

  /// Lets what was sent without flushing go out.
  func flush() {
    webSocket?.flush()
  }
}
