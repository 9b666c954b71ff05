import NIOCore

/// Answers to polls in the encodings that HTTP clients take (RFC 9110 section 12.5.3).
enum PollingCompression: String {
  case gzip
  case deflate

  /// The encoding that a client likes best; nil for one that takes neither. Of two that it likes the same, gzip.
  init?(acceptEncoding: String?) {
    guard let acceptEncoding else { return nil }
    var weights: [Substring: Double] = [:]
    for item in acceptEncoding.asciiLowercased.elements() {
      let parts = item.elements(separatedBy: UInt8(ascii: ";"))
      guard let name = parts.first else { continue }
      let weight = parts.dropFirst().first { $0.hasPrefix("q=") }.map {
        Double($0.dropFirst(2).filter { $0 != " " }) ?? 0
      }
      weights[name] = weight ?? 1
    }
    let gzip = weights["gzip"] ?? weights["x-gzip"] ?? weights["*"] ?? 0
    let deflate = weights["deflate"] ?? weights["*"] ?? 0
    guard max(gzip, deflate) > 0 else { return nil }
    self = gzip >= deflate ? .gzip : .deflate
  }

  /// The body in this encoding; nil if it wouldn't be smaller.
  ///
  /// With a compressor of its own, given back at once: polls are answered from many threads, and a client that polls is
  /// rare enough.
  func encode(_ body: ByteBuffer, level: Int) -> ByteBuffer? {
    Deflater(self == .gzip ? .gzip : .zlib, level: level)?.stream(body)
  }
}
