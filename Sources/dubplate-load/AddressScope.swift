import Foundation
import NIOCore

/// Whether an address belongs to this machine or to a private network: a load generator isn't pointed at strangers.
enum AddressScope: Sendable, Equatable {
  case loopback
  case privateNetwork
  case remote

  init(_ address: SocketAddress) {
    if case .unixDomainSocket = address {
      self = .loopback
      return
    }
    let text = (address.ipAddress ?? "").prefix { $0 != "%" }
    var bytes = [UInt8](repeating: 0, count: 16)
    if inet_pton(AF_INET, String(text), &bytes) == 1 {
      self.init(ipv4: Array(bytes[..<4]))
    } else if inet_pton(AF_INET6, String(text), &bytes) == 1 {
      self.init(ipv6: bytes)
    } else {
      self = .remote
    }
  }

  /// Four bytes in network order: RFC 1918, RFC 3927 and 127.0.0.0/8.
  init(ipv4 bytes: [UInt8]) {
    guard bytes.count == 4 else {
      self = .remote
      return
    }
    switch (bytes[0], bytes[1]) {
    case (127, _): self = .loopback
    case (10, _), (192, 168), (169, 254), (172, 16...31): self = .privateNetwork
    default: self = .remote
    }
  }

  /// Sixteen bytes in network order: `::1`, `fc00::/7`, `fe80::/10` and IPv4 within `::ffff:0:0/96`.
  init(ipv6 bytes: [UInt8]) {
    guard bytes.count == 16 else {
      self = .remote
      return
    }
    if bytes[0..<10].allSatisfy({ $0 == 0 }), bytes[10] == 0xff, bytes[11] == 0xff {
      self.init(ipv4: Array(bytes[12...]))
    } else if bytes[0..<15].allSatisfy({ $0 == 0 }), bytes[15] == 1 {
      self = .loopback
    } else if bytes[0] & 0xfe == 0xfc || (bytes[0] == 0xfe && bytes[1] & 0xc0 == 0x80) {
      self = .privateNetwork
    } else {
      self = .remote
    }
  }
}
