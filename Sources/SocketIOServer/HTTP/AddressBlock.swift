public import NIOCore

/// Who stands behind a peer's address, as far as an address tells: of IPv4 all of it, of IPv6 the half that names a
/// network (a subscriber has 2⁶⁴ addresses of his own).
public struct AddressBlock: Hashable, Sendable {
  private let prefix: UInt64
  private let isIPv4: Bool

  /// Nil for what has no address: a Unix socket.
  public init?(_ address: SocketAddress?) {
    guard let address else { return nil }
    // The same places on every system: `sin_addr` of `sockaddr_in`, `sin6_addr` of `sockaddr_in6`.
    let range =
      switch address {
      case .v4: 4..<8
      case .v6: 8..<24
      case .unixDomainSocket: 0..<0
      }
    let bytes = address.withSockAddr { Array(UnsafeRawBufferPointer(start: $0, count: $1)[range]) }
    switch bytes.count {
    case 4: self.init(ipv4: Self.number(bytes[...]))
    case 16:
      let (upper, lower) = (Self.number(bytes[..<8]), Self.number(bytes[8...]))
      // An IPv4 peer of a socket that listens on both (RFC 4291 section 2.5.5.2).
      if upper == 0, lower >> 32 == 0xFFFF {
        self.init(ipv4: lower & 0xFFFF_FFFF)
      } else {
        self.init(prefix: upper, isIPv4: false)
      }
    default: return nil
    }
  }

  /// Everybody of whom a proxy says what is no address. No peer has this prefix: it is of IPv4 and longer than that.
  static let unreadable = AddressBlock(prefix: .max, isIPv4: true)

  private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }

  private init(ipv4 address: UInt64) {
    self.init(prefix: address, isIPv4: true)
  }

  private init(prefix: UInt64, isIPv4: Bool) {
    (self.prefix, self.isIPv4) = (prefix, isIPv4)
  }
}

extension AddressBlock {
  /// - Parameter text: an address without port; nil if it is none.
  init?(_ text: some StringProtocol) { self.init(try? SocketAddress(ipAddress: String(text), port: 0)) }
}
