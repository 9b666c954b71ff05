import NIOCore
import NIOWebSocket

/// One connection after the upgrade.
final class BareListener: ChannelInboundHandler {
  typealias InboundIn = WebSocketFrame
  typealias OutboundOut = WebSocketFrame

  private let chunk: SharedChunk
  /// Where ready-made frames are written: below SwiftNIO's frame encoder.
  private let encoder: ChannelHandlerContext
  private var pacing: Scheduled<Void>?

  /// Seconds of sound that are sent at once when playing begins, as a player would be kept ahead.
  private static let ahead = 3

  init(chunk: SharedChunk, below encoder: ChannelHandlerContext) {
    self.chunk = chunk
    self.encoder = encoder
  }

  func handlerAdded(context: ChannelHandlerContext) {
    send(context, #"0{"sid":"bare","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let frame = unwrapInboundIn(data)
    switch frame.opcode {
    case .text: take(context, String(buffer: frame.unmaskedData))
    case .connectionClose: context.close(promise: nil)
    default: break
    }
  }

  func channelInactive(context: ChannelHandlerContext) { pacing?.cancel() }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

  private func take(_ context: ChannelHandlerContext, _ text: String) {
    if text.hasPrefix("40") { return send(context, #"40{"sid":"bare"}"#) }
    guard text.hasPrefix("42"), let name = text.firstRange(of: "[\"play_track\"") else { return }
    send(context, "43\(text[text.index(text.startIndex, offsetBy: 2)..<name.lowerBound])[{\"ok\":true}]")
    send(context, "42[\"stream_started\",{\"sampleRate\":\(SharedChunk.sampleRate),\"epoch\":0}]")
    for _ in 0..<Self.ahead { encoder.write(NIOAny(chunk.wire), promise: nil) }
    encoder.flush()
    pacing?.cancel()
    pace(context.eventLoop, at: .now() + .seconds(1))
  }

  /// Sends a chunk at `deadline` and every second after it; by the clock, so that being late once isn't being late for ever.
  private func pace(_ loop: any EventLoop, at deadline: NIODeadline) {
    pacing = loop.assumeIsolated().scheduleTask(deadline: deadline) { [self] in
      encoder.writeAndFlush(NIOAny(chunk.wire), promise: nil)
      pace(loop, at: deadline + .seconds(1))
    }
  }

  private func send(_ context: ChannelHandlerContext, _ text: String) {
    context.writeAndFlush(
      wrapOutboundOut(WebSocketFrame(fin: true, opcode: .text, data: ByteBuffer(string: text))), promise: nil)
  }
}
