import DequeModule
import EngineIO
import NIOCore

/// The body of an answer to a poll.
struct PollingAnswer: Sendable {
  var body: ByteBuffer
  /// Whether anything in it may be compressed.
  var mayCompress: Bool
}

/// What a polling session has to send, and the request that waits for it. Lives on the session's event loop.
final class PollingTransport {
  struct Queued {
    let packet: EnginePacket
    let mayCompress: Bool
  }

  private(set) var queue = Deque<Queued>()
  private(set) var queuedBytes = 0
  private var poll: EventLoopPromise<PollingAnswer>?
  var isFlushScheduled = false
  /// Ends the wait for the poll at which the client hears that the session has ended; nil while it goes on.
  private var farewell: Scheduled<Void>?

  /// Packets in the answer to one poll of a client that calls itself so.
  static func packetsPerPoll(of userAgent: String?) -> Int {
    // Every browser; Node's official client.
    let known = ["Mozilla/", "node-XMLHttpRequest"]
    let agent = (userAgent ?? "").utf8
    return known.contains { agent.starts(with: $0.utf8) } ? .max : ServerLimits.packetsPerPoll
  }

  var isFarewellDue: Bool { farewell != nil }

  func announceFarewell(_ deadline: Scheduled<Void>) { farewell = deadline }

  func forgetFarewell() {
    farewell?.cancel()
    farewell = nil
  }

  var isPollOpen: Bool { poll != nil }
  var isWritable: Bool { queuedBytes < ServerLimits.pollingHighWatermark }

  func append(_ packet: EnginePacket, mayCompress: Bool = true) {
    queue.append(Queued(packet: packet, mayCompress: mayCompress))
    queuedBytes += PollingPayload.encodedBytes(of: packet)
  }

  func open(_ promise: EventLoopPromise<PollingAnswer>) {
    poll = promise
  }

  /// Takes what is queued, as one body of at most so many packets.
  func takeBody(maxPackets: Int = .max) -> PollingAnswer {
    let count = min(maxPackets, queue.count)
    let bytes = queue.prefix(count).reduce(0) { $0 + PollingPayload.encodedBytes(of: $1.packet) }
    var answer = PollingAnswer(body: ByteBufferAllocator().buffer(capacity: bytes), mayCompress: false)
    for queued in queue.prefix(count) {
      PollingPayload.append(queued.packet, to: &answer.body)
      if queued.mayCompress { answer.mayCompress = true }
    }
    queue.removeFirst(count)
    if queue.isEmpty { queue = [] }
    queuedBytes -= bytes
    return answer
  }

  func answer(_ answer: PollingAnswer) {
    let promise = poll
    poll = nil
    promise?.succeed(answer)
  }

  /// Takes the queue for another transport, ending a poll that may be open.
  func finish() -> [Queued] {
    if isPollOpen { answer(PollingAnswer(body: PollingPayload.encode([EnginePacket(.noop)]), mayCompress: false)) }
    defer {
      queue = []
      queuedBytes = 0
    }
    return Array(queue)
  }
}
