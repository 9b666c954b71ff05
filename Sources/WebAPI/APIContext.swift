import Access
import Hummingbird
import NIOCore

/// What a request carries through the middlewares: who asks.
struct APIContext: RequestContext {
  var coreContext: CoreRequestContextStorage
  /// Set behind ``TokenMiddleware``.
  var claims: AccessClaims?
  /// The peer of the connection: a client, or the proxy in front of it.
  let peer: SocketAddress?

  init(source: ApplicationRequestContextSource) {
    coreContext = .init(source: source)
    peer = source.channel.remoteAddress
  }

  var maxUploadSize: Int { WebLimits.bodyBytes }
}
