import DequeModule
import EngineIO
import NIOCore

/// What a polling session has to send, and the request that waits for it. Lives on the session's event loop.
final class PollingTransport {
  private(set) var queue = Deque<EnginePacket>()
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

  /// Takes what is queued, as one body of at most so many packets.
  func takeBody(maxPackets: Int = .max) -> ByteBuffer {
    let count = min(maxPackets, queue.count)
    let bytes = queue.prefix(count).reduce(0) { $0 + PollingPayload.encodedBytes(of: $1) }
    var body = ByteBufferAllocator().buffer(capacity: bytes)
    for packet in queue.prefix(count) { PollingPayload.append(packet, to: &body) }
    queue.removeFirst(count)
    if queue.isEmpty { queue = [] }
    queuedBytes -= bytes
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
    return Array(queue)
  }
}
