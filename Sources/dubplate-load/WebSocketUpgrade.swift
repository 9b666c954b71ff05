import NIOCore

/// The HTTP around a WebSocket connection (RFC 6455, section 4), without an HTTP parser in every pipeline.
enum WebSocketUpgrade {
  enum Answer: Equatable {
    case incomplete
    case accepted
    /// The HTTP status, or 0 when it was no HTTP or not an answer to this request.
    case refused(status: Int)
  }

  // The nonce exists to catch caches that answer by themselves. This is the example of the RFC, whose accept value is
  // known, so that no hash is needed.
  private static let nonce = "dGhlIHNhbXBsZSBub25jZQ=="
  private static let accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

  static func request(authority: String) -> String {
    """
    GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r
    Host: \(authority)\r
    Connection: Upgrade\r
    Upgrade: websocket\r
    Sec-WebSocket-Version: 13\r
    Sec-WebSocket-Key: \(nonce)\r
    User-Agent: dubplate-load\r
    \r

    """
  }

  /// Looks at what has arrived; takes the answer out of `buffer` if it accepts, and leaves what comes behind it.
  static func check(_ buffer: inout ByteBuffer) -> Answer {
    let view = buffer.readableBytesView
    let separator = Array("\r\n\r\n".utf8)
    guard let end = view.indices.first(where: { view[$0...].starts(with: separator) }) else {
      return view.count >= Limits.upgradeResponseBytes ? .refused(status: 0) : .incomplete
    }
    let lines = String(decoding: view[..<end], as: UTF8.self).split(separator: "\r\n")
    buffer.moveReaderIndex(to: end + separator.count)
    let status = lines.first.flatMap { $0.split(separator: " ").dropFirst().first }.flatMap { Int($0) } ?? 0
    guard status == 101 else { return .refused(status: status) }
    let isOurs = lines.dropFirst().contains { line in
      let parts = line.split(separator: ":", maxSplits: 1)
      return parts.count == 2 && parts[0].lowercased() == "sec-websocket-accept"
        && parts[1].drop { $0 == " " } == accept
    }
    return isOurs ? .accepted : .refused(status: 0)
  }
}
