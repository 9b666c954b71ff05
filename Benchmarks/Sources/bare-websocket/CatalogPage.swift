import NIOCore
import NIOHTTP1

/// Answers every plain request with a library of one track.
final class CatalogPage: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private static let body = #"{"tracks":[{"id":"one","title":"one","duration":86400}],"total":1,"limit":1,"offset":0}"#

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard case .end = unwrapInboundIn(data) else { return }
    let headers = HTTPHeaders([
      ("content-type", "application/json"), ("content-length", "\(Self.body.utf8.count)"), ("connection", "close"),
    ])
    context.write(
      wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: .ok, headers: headers))), promise: nil)
    context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: Self.body)))), promise: nil)
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
  }
}
