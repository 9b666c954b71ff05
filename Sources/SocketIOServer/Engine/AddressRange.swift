#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Addresses with the same leading bits, as `10.0.0.0/8` or `fd00::/8`; one address without the slash.
public struct AddressRange: Hashable, Sendable {
  private let bytes: [UInt8]
  private let bits: Int

  /// Nil for what is no range.
  public init?(_ text: String) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let bytes = Self.bytes(of: String(parts[0])) else { return nil }
    var bits = bytes.count * 8
    if parts.count == 2 {
      guard let given = Int(parts[1]), (0...bits).contains(given) else { return nil }
      bits = given
    }
    self.bytes = bytes
    self.bits = bits
  }

  private init(bytes: [UInt8], bits: Int) {
    self.bytes = bytes
    self.bits = bits
  }

  /// This machine's own.
  public static let loopback: [AddressRange] = [
    AddressRange(bytes: [127, 0, 0, 1], bits: 8), AddressRange(bytes: Array(repeating: 0, count: 15) + [1], bits: 128),
  ]

  func contains(_ address: String) -> Bool {
    guard let other = Self.bytes(of: address), other.count == bytes.count else { return false }
    return (0..<bits).allSatisfy { bit in
      (bytes[bit / 8] ^ other[bit / 8]) & (0x80 >> UInt8(bit % 8)) == 0
    }
  }

  /// Four bytes or sixteen; four also for IPv4 inside of IPv6.
  private static func bytes(of text: String) -> [UInt8]? {
    var four = in_addr()
    if inet_pton(AF_INET, text, &four) == 1 { return withUnsafeBytes(of: &four) { Array($0) } }
    var six = in6_addr()
    guard inet_pton(AF_INET6, text, &six) == 1 else { return nil }
    let bytes = withUnsafeBytes(of: &six) { Array($0) }
    let isMapped = bytes[..<10].allSatisfy { $0 == 0 } && bytes[10] == 0xff && bytes[11] == 0xff
    return isMapped ? Array(bytes[12...]) : bytes
  }
}

extension EngineServer.Configuration {
  /// Whose place a handshake takes. Behind a proxy that is trusted it's the last address that the proxies don't vouch
  /// for; nil for a client of this machine itself, and for one that can't be told from the others behind its proxy.
  /// Those whose proxy says something that is no address have one place together.
  func address(of handshake: Handshake) -> AddressBlock? {
    guard isTrusted(handshake.remoteAddress) else { return AddressBlock(handshake.remoteAddress) ?? .unreadable }
    let lists = handshake.headers.filter { $0.name == "x-forwarded-for" }
    guard !lists.isEmpty else { return nil }
    let hops = lists.flatMap { $0.value.elements().map(String.init) }
    guard let client = hops.last(where: { !isTrusted($0) }) else { return hops.isEmpty ? .unreadable : nil }
    return AddressBlock(client) ?? .unreadable
  }

  /// Whether a handshake came through a proxy that says for whom.
  func isForwarded(_ handshake: Handshake) -> Bool {
    isTrusted(handshake.remoteAddress) && handshake.xForwardedFor != nil
  }

  /// A Unix socket has no address: whoever can reach it is of this machine.
  private func isTrusted(_ address: String) -> Bool {
    address.isEmpty || trustedProxies.contains { $0.contains(address) }
  }
}
