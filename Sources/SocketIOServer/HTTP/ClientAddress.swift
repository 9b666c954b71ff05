public import NIOCore

/// Whose request it is, where proxies stand in front of the server.
public enum ClientAddress {
  /// The last address that the proxies don't vouch for; nil for a client of this machine itself, and for one that can't be
  /// told from the others behind its proxy. Those whose proxy says something that is no address are one together.
  /// - Parameters:
  ///   - peer: of the connection; nil for a Unix socket, which whoever can reach it is of this machine.
  ///   - forwardedFor: the values of `X-Forwarded-For`, in the order of the fields.
  ///   - trusted: proxies that are believed.
  public static func block(
    peer: SocketAddress?, forwardedFor: [String], trusted: [AddressRange] = AddressRange.loopback
  ) -> AddressBlock? {
    block(peer: peer?.ipAddress ?? "", forwardedFor: forwardedFor, trusted: trusted)
  }

  static func block(
    peer: String, forwardedFor: some Sequence<String>, trusted: [AddressRange]
  ) -> AddressBlock? {
    guard isTrusted(peer, trusted) else { return AddressBlock(peer) ?? .unreadable }
    let lists = forwardedFor.map { $0.elements().map { String(address(of: $0)) } }
    guard !lists.isEmpty else { return nil }
    let hops = lists.joined()
    guard let client = hops.reversed().first(where: { !isTrusted($0, trusted) }) else {
      return hops.isEmpty ? .unreadable : nil
    }
    return AddressBlock(client) ?? .unreadable
  }

  /// An element without the port that some proxies write behind the address; IPv6 is then in brackets, as in a URL. All
  /// that is nothing of the kind stays as it is.
  private static func address(of element: Substring) -> Substring {
    let isInBrackets = element.utf8.first == UInt8(ascii: "[")
    let bare = isInBrackets ? Substring(element.utf8.dropFirst()) : element
    guard let (address, rest) = bare.halves(at: UInt8(ascii: isInBrackets ? "]" : ":")), !address.isEmpty else {
      return element
    }
    let isAddress =
      isInBrackets
      ? rest.isEmpty || rest.utf8.first == UInt8(ascii: ":") && isPort(rest.utf8.dropFirst()) : isPort(rest.utf8)
    return isAddress ? address : element
  }

  private static func isPort(_ text: Substring.UTF8View) -> Bool {
    1...5 ~= text.count && text.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
  }

  /// A Unix socket has no address: whoever can reach it is of this machine.
  static func isTrusted(_ address: String, _ trusted: [AddressRange]) -> Bool {
    address.isEmpty || trusted.contains { $0.contains(address) }
  }
}
