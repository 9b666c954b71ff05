import Access
import Hummingbird

/// What a request carries through the middlewares: who asks.
struct APIContext: RequestContext {
  var coreContext: CoreRequestContextStorage
  /// Set behind ``TokenMiddleware``.
  var claims: AccessClaims?

  init(source: ApplicationRequestContextSource) {
    coreContext = .init(source: source)
  }

  var maxUploadSize: Int { WebLimits.bodyBytes }
}
