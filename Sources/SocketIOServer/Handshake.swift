public import EngineIO
public import Foundation
import HTTPTypes
import NIOHTTP1
public import SocketIO

/// The request that opened a session, and, for a Socket.IO socket, what the client sent along with CONNECT.
///
/// Headers are kept as one string and taken apart when asked for: ten thousand idle connections hold ten thousand of
/// these.
public struct Handshake: Sendable {
  private var headerBlock: String
  /// The query string, without `?`.
  public let queryString: String
  /// The path, without the query.
  public let path: String
  /// The peer's IP address as the socket has it; behind a proxy that is the proxy's. Empty for a Unix socket.
  public let remoteAddress: String
  /// When the session opened.
  public let time: Date
  /// How the session opened; it may have been upgraded since.
  public let transport: EngineTransport
  /// What the client sent with CONNECT; an empty object if nothing.
  public internal(set) var auth: SocketValue = .object([:])

  init(
    headers: some Sequence<(name: String, value: String)>, target: RequestTarget, remoteAddress: String,
    transport: EngineTransport, time: Date = Date()
  ) {
    var block = ""
    for (name, value) in headers { block += "\(name.lowercased()):\(value)\n" }
    headerBlock = block
    queryString = target.query
    path = target.path
    self.remoteAddress = remoteAddress
    self.transport = transport
    self.time = time
  }

  /// The same with the headers of those names only, all of them if nil, as far as they fit into so many bytes.
  func keeping(_ names: Set<String>?, upTo maxBytes: Int) -> Handshake {
    guard names != nil || headerBlock.utf8.count > maxBytes else { return self }
    var block = ""
    for (name, value) in headers where names?.contains(name) ?? true {
      let line = "\(name):\(value)\n"
      if block.utf8.count + line.utf8.count <= maxBytes { block += line }
    }
    var kept = self
    kept.headerBlock = block
    return kept
  }

  /// What it takes in memory, about.
  var bytes: Int { headerBlock.utf8.count + queryString.utf8.count + path.utf8.count }

  /// All header fields in the order they came; names in lower case.
  public var headers: [(name: String, value: String)] {
    headerBlock.utf8.split(separator: UInt8(ascii: "\n")).compactMap { line in
      Substring(line).halves(at: UInt8(ascii: ":")).map { (String($0.0), String($0.1)) }
    }
  }

  /// The first field of that name, in any case of letters.
  public func header(_ name: String) -> String? {
    let wanted = name.lowercased()
    return headers.first { $0.name == wanted }?.value
  }

  /// The parameters of the query, percent-decoded; of a name that comes twice, the last.
  public var query: [String: String] { RequestTarget.parameters(of: queryString) }

  /// The cookies; of a name that comes twice, the first (RFC 6265 section 5.4 puts the more specific first).
  public var cookies: [String: String] {
    var cookies: [String: String] = [:]
    for (name, value) in headers where name == "cookie" {
      for pair in value.elements(separatedBy: UInt8(ascii: ";")) {
        guard let (before, behind) = pair.halves(at: UInt8(ascii: "=")) else { continue }
        let (name, bytes) = (String(before.trimmingBlanks), behind.trimmingBlanks.utf8)
        let isQuoted = bytes.count >= 2 && bytes.first == UInt8(ascii: "\"") && bytes.last == UInt8(ascii: "\"")
        let value = String(Substring(isQuoted ? bytes.dropFirst().dropLast() : bytes))
        if cookies[name] == nil { cookies[name] = value.removingPercentEncoding ?? value }
      }
    }
    return cookies
  }

  /// As the official server shows it to other processes. Of a header that comes twice, the last.
  var object: SocketObject {
    [
      "headers": .object(SocketObject(headers.map { ($0.name, .string($0.value)) })),
      "time": .string(time.description), "address": .string(remoteAddress),
      "issued": .int(Int64(time.timeIntervalSince1970 * 1_000)),
      "url": .string(queryString.isEmpty ? path : "\(path)?\(queryString)"),
      "query": .object(SocketObject(RequestTarget.pairs(of: queryString).map { ($0.0, .string($0.1)) })),
      "auth": auth,
    ]
  }

  /// The `X-Forwarded-For` header as it came. Believe it only behind a proxy of your own.
  public var xForwardedFor: String? { header("x-forwarded-for") }
}

/// A request's path and query.
struct RequestTarget: Sendable {
  let path: String
  let query: String

  init(uri: String) {
    if let mark = uri.firstIndex(of: "?") {
      path = String(uri[..<mark])
      query = String(uri[mark...].dropFirst())
    } else {
      path = uri
      query = ""
    }
  }

  static func parameters(of query: String) -> [String: String] {
    Dictionary(pairs(of: query)) { $1 }
  }

  /// The parameters in the order they came, percent-decoded; the first ``HTTPLimits/parameters`` of them.
  static func pairs(of query: String) -> [(String, String)] {
    query.utf8.split(separator: UInt8(ascii: "&"), maxSplits: HTTPLimits.parameters).prefix(HTTPLimits.parameters)
      .map { pair in
        guard let equals = pair.firstIndex(of: UInt8(ascii: "=")) else { return (decode(pair), "") }
        return (decode(pair[..<equals]), decode(pair[equals...].dropFirst()))
      }
  }

  private static func decode(_ bytes: Substring.UTF8View) -> String {
    guard bytes.contains(where: { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "%") }) else {
      return String(Substring(bytes))
    }
    let spaced = String(decoding: bytes.map { $0 == UInt8(ascii: "+") ? UInt8(ascii: " ") : $0 }, as: UTF8.self)
    return spaced.removingPercentEncoding ?? spaced
  }
}
