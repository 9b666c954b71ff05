public import NIOCore
public import NIOHTTP1

/// An answer that is there when it's asked for: given on the event loop, without a task and without the router.
public struct QuickResponse: Sendable {
  public var status: HTTPResponseStatus
  /// `content-length` is added.
  public var headers: HTTPHeaders
  public var body: ByteBuffer

  public init(status: HTTPResponseStatus = .ok, headers: HTTPHeaders, body: ByteBuffer) {
    self.status = status
    self.headers = headers
    self.body = body
  }
}

/// Looks at a GET request and answers it at once, or leaves it to the router by nil. Called on an event loop: must not
/// block.
public typealias QuickResponder = @Sendable (HTTPRequestHead) -> QuickResponse?
