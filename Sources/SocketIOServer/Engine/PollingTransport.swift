import EngineIO
import NIOCore

/// What a polling session has to send, and the request that waits for it. Lives on the session's event loop.
final class PollingTransport {
  private(set) var queue: [EnginePacket] = []
  private(set) var queuedBytes = 0
  private var poll: EventLoopPromise<ByteBuffer>?
  var isFlushScheduled = false
  /// What the client hears at its next poll, the last one.
  var farewell: ByteBuffer?

  var isPollOpen: Bool { poll != nil }
  var isWritable: Bool { queuedBytes < ServerLimits.pollingHighWatermark }

  func append(_ packet: EnginePacket) {
    queue.append(packet)
    queuedBytes += PollingPayload.encodedBytes(of: packet)
  }

  func open(_ promise: EventLoopPromise<ByteBuffer>) {
    poll = promise
  }

  /// Takes all that is queued, as one body.
  func takeBody() -> ByteBuffer {
    var body = ByteBufferAllocator().buffer(capacity: queuedBytes)
    for packet in queue { PollingPayload.append(packet, to: &body) }
    queue = []
    queuedBytes = 0
    return body
  }

  func answer(_ body: ByteBuffer) {
    let promise = poll
    poll = nil
    promise?.succeed(body)
  }

  /// Takes the queue for another transport, ending a poll that may be open.
  func finish() -> [EnginePacket] {
    if isPollOpen { answer(PollingPayload.encode([EnginePacket(.noop)])) }
    defer {
      queue = []
      queuedBytes = 0
    }
    return queue
  }
}
