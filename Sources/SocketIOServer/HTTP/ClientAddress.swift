public import NIOCore

/// Whose request it is, where proxies stand in front of the server.
public enum ClientAddress {
  /// The last address that the proxies don't vouch for; nil for a client of this machine itself, and for one that can't be
  /// told from the others behind its proxy.
  /// - Parameters:
  ///   - peer: of the connection; nil for a Unix socket, which whoever can reach it is of this machine.
  ///   - forwardedFor: the values of `X-Forwarded-For`, in the order of the fields.
  ///   - trusted: proxies that are believed.
  public static func block(
    peer: SocketAddress?, forwardedFor: [String], trusted: [AddressRange] = AddressRange.loopback
  ) -> AddressBlock? {
    block(peer: peer?.ipAddress ?? "", forwardedFor: forwardedFor, trusted: trusted)
  }
}
