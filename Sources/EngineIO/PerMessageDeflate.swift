/// The extension `permessage-deflate` as a server agrees to it (RFC 7692), always without context takeover: no message
/// refers to an earlier one, so no connection keeps a compressor's memory.
public struct PerMessageDeflate: Sendable, Equatable {
  /// The window that the client has for what it reads, as a power of two: 9 to 15.
  public let windowBits: UInt8
  private let isWindowAgreed: Bool

  /// The first acceptable one of the client's offers; nil if there is none.
  ///
  /// - Parameter offers: the values of `Sec-WebSocket-Extensions` of the request, one for each header field.
  public init?(offers: [String]) {
    let all = offers.lazy.flatMap { $0.split(separator: ",") }
    guard let accepted = all.compactMap({ PerMessageDeflate(offer: $0) }).first else { return nil }
    self = accepted
  }

  /// The value of `Sec-WebSocket-Extensions` in the answer. A client must keep to `client_no_context_takeover` whether
  /// it offered it or not (section 7.1.1.2).
  public var response: String {
    "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
      + (isWindowAgreed ? "; server_max_window_bits=\(windowBits)" : "")
  }

  /// One offer. What section 7.1 doesn't know, twice the same, or a value where there must be none, declines it; so does
  /// a window of 256 bytes, which zlib can't write.
  private init?(offer: Substring) {
    let parts = offer.split(separator: ";", omittingEmptySubsequences: false).map { Self.trimmed($0) }
    guard let name = parts.first, name.lowercased() == "permessage-deflate" else { return nil }
    var seen: Set<String> = []
    var serverBits: UInt8?
    for part in parts.dropFirst() {
      let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let parameter = Self.trimmed(pair[0]).lowercased()
      let value = pair.count > 1 ? Self.unquoted(Self.trimmed(pair[1])) : nil
      guard seen.insert(parameter).inserted else { return nil }
      switch (parameter, value) {
      case ("server_no_context_takeover", nil), ("client_no_context_takeover", nil), ("client_max_window_bits", nil):
        break
      case ("client_max_window_bits", let value?):
        guard Self.bits(value) != nil else { return nil }
      case ("server_max_window_bits", let value?):
        guard let bits = Self.bits(value), bits >= 9 else { return nil }
        serverBits = bits
      default: return nil
      }
    }
    windowBits = serverBits ?? 15
    isWindowAgreed = serverBits != nil
  }

  private static func bits(_ text: Substring) -> UInt8? {
    guard text.utf8.first != UInt8(ascii: "0"), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      let bits = UInt8(text), (8...15).contains(bits)
    else { return nil }
    return bits
  }

  private static func trimmed(_ text: Substring) -> Substring {
    func isBlank(_ character: Character) -> Bool { character == " " || character == "\t" }
    guard let first = text.firstIndex(where: { !isBlank($0) }), let last = text.lastIndex(where: { !isBlank($0) })
    else {
      return ""
    }
    return text[first...last]
  }

  private static func unquoted(_ text: Substring) -> Substring {
    text.count >= 2 && text.first == "\"" && text.last == "\"" ? text.dropFirst().dropLast() : text
  }
}
