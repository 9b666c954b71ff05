import HTTPTypes
import HummingbirdCore
import NIOHTTP1

/// The origin under which a client reached the server (RFC 6454): scheme, host and port as the client has them, also
/// behind proxies.
///
/// A proxy in front says them in `X-Forwarded-Proto` and `X-Forwarded-Host`, or in `Forwarded` (RFC 7239); of several
/// proxies the outermost, which comes first, is the one that the client spoke to. What is no scheme or no host is as if
/// it weren't there. A page can't forge these headers: they aren't among those that a browser sends elsewhere unasked.
public struct ServedOrigin: Sendable, Hashable {
  /// `http` or `https`.
  public let scheme: String
  /// The host, and the port unless it is the scheme's own; in lower case. Empty where the request names none.
  public let authority: String

  /// - Parameters:
  ///   - host: the request's `Host`.
  ///   - isSecure: whether the request came over TLS.
  ///   - field: the value of a header field, by its name in lower case; of one that comes several times, joined by commas.
  init(host: String?, isSecure: Bool, field: (String) -> String?) {
    let forwarded = field("forwarded").map(Self.parameters) ?? [:]
    let proto = Self.first(field("x-forwarded-proto")) ?? forwarded["proto"]
    scheme = proto.flatMap(Self.scheme) ?? (isSecure ? "https" : "http")
    let hosts = [Self.first(field("x-forwarded-host")), forwarded["host"], host]
    authority =
      hosts.lazy.compactMap { [scheme] in $0.flatMap { WebOrigin("\(scheme)://\($0)") } }.first?.authority ?? ""
  }

  public init(_ request: Request) {
    self.init(host: request.head.authority, isSecure: request.head.scheme == "https") { name in
      HTTPField.Name(name).flatMap { request.headers[$0] }
    }
  }

  init(_ head: HTTPRequestHead, isSecure: Bool = false) {
    self.init(host: head.headers.first(name: "host"), isSecure: isSecure) { name in
      head.headers.contains(name: name) ? head.headers[name].joined(separator: ", ") : nil
    }
  }

  /// Whether the client speaks TLS, to the server or to the proxy in front.
  public var isSecure: Bool { scheme == "https" }

  /// Whether a page of that origin (the value of `Origin`) is one of the server's own.
  public func isOrigin(of page: String) -> Bool {
    guard !authority.isEmpty, let page = WebOrigin(page) else { return false }
    return page.scheme == scheme && page.authority == authority
  }

  private static func scheme(_ name: String) -> String? {
    switch name.asciiLowercased {
    case "http", "ws": "http"
    case "https", "wss": "https"
    default: nil
    }
  }

  /// The first element of a list, nil for an empty one.
  private static func first(_ list: String?) -> String? {
    guard let list else { return nil }
    let element = Substring(list.utf8.prefix { $0 != UInt8(ascii: ",") }).trimmingBlanks
    return element.isEmpty ? nil : String(element)
  }

  /// The parameters of the first element of `Forwarded`, by name in lower case.
  static func parameters(_ forwarded: String) -> [String: String] {
    var parameters: [String: String] = [:]
    var (name, value): ([UInt8], [UInt8]) = ([], [])
    var (isValue, isQuoted, isEscaped) = (false, false, false)
    func keep() {
      let name = String(decoding: name, as: UTF8.self).trimmingBlanks.asciiLowercased
      guard isValue, !name.isEmpty, parameters[name] == nil else { return }
      parameters[name] = String(String(decoding: value, as: UTF8.self).trimmingBlanks)
    }
    for byte in forwarded.utf8 {
      switch byte {
      case _ where isEscaped:
        value.append(byte)
        isEscaped = false
      case UInt8(ascii: "\\") where isQuoted: isEscaped = true
      case UInt8(ascii: "\"") where isValue: isQuoted.toggle()
      case _ where isQuoted: value.append(byte)
      case UInt8(ascii: ","):
        keep()
        return parameters
      case UInt8(ascii: ";"):
        keep()
        (name, value, isValue) = ([], [], false)
      case UInt8(ascii: "=") where !isValue: isValue = true
      case _ where isValue: value.append(byte)
      default: name.append(byte)
      }
    }
    if !isQuoted { keep() }
    return parameters
  }
}

/// An origin as it stands in `Origin`: `scheme://host[:port]` and nothing more.
public struct WebOrigin: Sendable, Hashable, CustomStringConvertible {
  /// In lower case.
  public let scheme: String
  /// In lower case, with its port unless that is the scheme's own.
  public let authority: String

  /// Nil for `null` and for everything else that isn't an origin.
  public init?(_ text: String) {
    // Of ASCII alone, in which a byte is a character and has no other that equals it.
    guard text.utf8.count <= ServerLimits.maxOriginBytes, text.utf8.allSatisfy({ $0 < 0x80 }),
      let mark = text.firstRange(of: "://")
    else { return nil }
    let scheme = text[..<mark.lowerBound].lowercased()
    guard let first = scheme.utf8.first, Self.isLetter(first), scheme.utf8.allSatisfy(Self.isSchemeCharacter) else {
      return nil
    }
    let authority = text[mark.upperBound...].lowercased()
    let (host, rest) = Self.host(authority)
    guard !host.isEmpty else { return nil }
    self.scheme = scheme
    if rest.isEmpty {
      self.authority = host
      return
    }
    guard rest.first == ":", rest.dropFirst().utf8.allSatisfy(Self.isDigit) else { return nil }
    // `host:` is the host with the scheme's own port (RFC 3986, section 3.2.3).
    guard rest.count > 1 else {
      self.authority = host
      return
    }
    guard let port = UInt16(rest.dropFirst()), port > 0 else { return nil }
    self.authority = port == Self.ports[scheme] ? host : "\(host):\(port)"
  }

  public var description: String { "\(scheme)://\(authority)" }

  private static let ports: [String: UInt16] = ["http": 80, "https": 443]

  /// The host, and what is behind it.
  private static func host(_ authority: String) -> (host: String, rest: Substring) {
    if authority.first == "[" {
      guard let end = authority.firstIndex(of: "]") else { return ("", "") }
      let address = authority[authority.index(after: authority.startIndex)..<end]
      guard !address.isEmpty, address.utf8.allSatisfy({ Self.isHexDigit($0) || $0 == 0x3A || $0 == 0x2E }) else {
        return ("", "")
      }
      return (String(authority[...end]), authority[authority.index(after: end)...])
    }
    let host = authority.prefix { $0 != ":" }
    guard host.utf8.allSatisfy(isHostCharacter) else { return ("", "") }
    return (String(host), authority[host.endIndex...])
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
  private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte) }
  private static func isHexDigit(_ byte: UInt8) -> Bool { isDigit(byte) || (0x61...0x66).contains(byte) }
  private static func isSchemeCharacter(_ byte: UInt8) -> Bool {
    isLetter(byte) || isDigit(byte) || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-")
      || byte == UInt8(ascii: ".")
  }
  private static func isHostCharacter(_ byte: UInt8) -> Bool {
    isLetter(byte) || isDigit(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
      || byte == UInt8(ascii: "_")
  }
}
