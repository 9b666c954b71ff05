import NIOCore

/// One listener: a WebSocket that speaks as much Socket.IO as listening needs, and keeps count of what it would hear.
///
/// A plain channel handler on its event loop: no Task, no lock, no timer of its own, no audio kept.
final class Listener: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  enum Phase: UInt8 {
    case upgrading, opening, joining
    /// In the namespace, nothing asked for yet.
    case ready
    /// `play_track` is out, nothing heard yet.
    case waiting
    case playing
    /// No more chunks to come; what is buffered is still to be heard.
    case draining
    case closed
  }

  struct Command {
    var id: Int
    var sentAt: Int64
    var isSeek: Bool
  }

  /// Position among the listeners of the whole run: chooses the track, the token and the source address.
  let index: Int
  let group: ListenerGroup
  /// Position in `group.active`.
  var slot = 0
  var context: ChannelHandlerContext?
  var phase = Phase.upgrading
  let startedAt: Int64
  var frames: WebSocketFrames
  private var upgradeAnswer: ByteBuffer?

  // The stream.
  var trackCursor: Int
  var sampleRate = 48_000
  var playout = PlayoutBuffer()
  var epoch = 0
  var nextSeq = 0
  var chunkHead: ChunkHead?
  var awaitsBinary = false

  // Commands.
  var nextID = 0
  var command: Command?
  /// When the sound now waited for was asked for, by `play_track` or by `seek_position`.
  var askedAt: Int64 = 0
  var isSeeking = false
  /// Has a place in the queue of those who seek.
  var seeksAlready = false
  /// Stretches of the track that may be warm by now, in seconds; kept for cold seeks only.
  var visited: [ClosedRange<Double>] = []

  init(index: Int, group: ListenerGroup, at now: Int64) {
    self.index = index
    self.group = group
    startedAt = now
    trackCursor = index
    frames = WebSocketFrames(binaryHeadBytes: group.plan.format == .protobuf ? Limits.protobufHeadBytes : 0)
  }

  var track: LoadTrack { group.plan.tracks[trackCursor % group.plan.tracks.count] }

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }
  func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

  func channelActive(context: ChannelHandlerContext) {
    let request = WebSocketUpgrade.request(authority: group.plan.target.authority)
    context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: request)), promise: nil)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var buffer = unwrapInboundIn(data)
    let now = group.now()
    if phase == .upgrading { takeUpgradeAnswer(&buffer) }
    if phase != .upgrading, phase != .closed {
      group.tally.bytes += buffer.readableBytes
      take(&buffer, at: now)
    }
    group.readBuffer.giveBack(buffer)
  }

  func channelInactive(context: ChannelHandlerContext) {
    guard phase != .closed else { return }
    if phase.rawValue < Phase.ready.rawValue {
      end(error: "connect_closed")
    } else {
      group.tally.disconnects += 1
      end(error: nil)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // What went wrong shows as what it did to the listener: `channelInactive` follows and counts it.
    context.close(promise: nil)
  }

  private func takeUpgradeAnswer(_ buffer: inout ByteBuffer) {
    var answer = upgradeAnswer.take() ?? ByteBuffer()
    answer.writeBuffer(&buffer)
    switch WebSocketUpgrade.check(&answer) {
    case .incomplete: upgradeAnswer = answer
    case .refused(let status): end(error: "upgrade_refused:\(status)")
    case .accepted:
      phase = .opening
      group.tally.bytes += answer.readableBytes
      take(&answer, at: group.now())
    }
  }

  private func take(_ buffer: inout ByteBuffer, at now: Int64) {
    do {
      while phase != .closed, let event = try frames.next(&buffer) {
        switch event {
        case .text(let text): take(text.withUnsafeReadableBytes { ServerMessage($0) }, at: now)
        case .binary(_, let head): takeAttachment(head, at: now)
        case .ping(let payload): send(opcode: 10, String(buffer: payload))
        case .close:
          if phase.rawValue >= Phase.ready.rawValue { group.tally.disconnects += 1 }
          end(error: phase.rawValue < Phase.ready.rawValue ? "connect_closed" : nil)
        }
      }
    } catch {
      end(error: "frame_\(error)")
    }
  }

  private func takeAttachment(_ head: ByteBuffer, at now: Int64) {
    guard awaitsBinary else { return end(error: "unexpected_binary") }
    awaitsBinary = false
    if let chunk = chunkHead.take() { return hear(chunk, at: now) }
    guard let chunk = head.withUnsafeReadableBytes({ ChunkHead(protobuf: $0) }) else {
      return end(error: "bad_protobuf")
    }
    hear(chunk, at: now)
  }

  func send(opcode: UInt8 = 1, _ text: String) {
    guard let context else { return }
    let frame = WebSocketFrames.frame(opcode: opcode, payload: text, mask: group.random.next32())
    context.writeAndFlush(wrapOutboundOut(frame), promise: nil)
  }

  /// Ends the connection; `error` is counted unless the generator itself wanted the end.
  func end(error: String?, isWanted: Bool = false) {
    guard phase != .closed else { return }
    if let error { group.tally.countError(error) }
    group.remove(self, isWanted: isWanted)
    if isWanted, phase != .upgrading { send(opcode: 8, "") }
    phase = .closed
    context?.close(promise: nil)
  }
}
