import NIOCore
import NIOHTTP1

/// The grammar of a request's head. All pure: a line in, what it says out.
extension HTTPRequestParser {
  /// `method SP target SP HTTP-version` (section 3).
  static func requestLine(_ line: ByteBuffer) -> Result<RequestLine, Failure> {
    line.withUnsafeReadableBytes { bytes in
      guard let first = bytes.firstIndex(of: 0x20), first > 0, bytes[..<first].allSatisfy(isToken) else {
        return .failure(.malformed("no method"))
      }
      guard let second = bytes[(first + 1)...].firstIndex(of: 0x20), second > first + 1 else {
        return .failure(.malformed("no target"))
      }
      let target = bytes[(first + 1)..<second]
      guard target.count <= HTTPLimits.targetBytes else { return .failure(.targetTooLong) }
      // What is no visible ASCII, and a fragment, has no place in a target (RFC 3986).
      guard target.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") }) else {
        return .failure(.malformed("a character that no target has"))
      }
      let version = bytes[(second + 1)...]
      let place = version.startIndex
      guard version.count == 8, version.starts(with: "HTTP/".utf8), let major = digit(version[place + 5]),
        version[place + 6] == UInt8(ascii: "."), let minor = digit(version[place + 7])
      else { return .failure(.malformed("no version")) }
      guard major == 1 else { return .failure(Failure(.httpVersionNotSupported, "only HTTP/1 is spoken here")) }
      return .success(
        RequestLine(
          method: HTTPMethod(rawValue: String(decoding: bytes[..<first], as: UTF8.self)),
          target: String(decoding: target, as: UTF8.self), minorVersion: min(minor, 1)))
    }
  }

  /// `name ":" OWS value OWS` (section 5); a continued line is none.
  static func field(_ line: ByteBuffer) throws(Failure) -> (name: String, value: String) {
    let found = line.withUnsafeReadableBytes { bytes -> (String, String)? in
      guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), colon > 0, bytes[..<colon].allSatisfy(isToken) else {
        return nil
      }
      var (start, end) = (colon + 1, bytes.count)
      while start < end, isBlank(bytes[start]) { start += 1 }
      while end > start, isBlank(bytes[end - 1]) { end -= 1 }
      return (
        String(decoding: bytes[..<colon], as: UTF8.self), String(decoding: bytes[start..<end], as: UTF8.self)
      )
    }
    guard let found else { throw .malformed("a line that is no field") }
    return found
  }

  /// The size at the beginning of a chunk; extensions are passed over (section 7.1).
  static func chunkSize(_ line: ByteBuffer) throws(Failure) -> Int {
    let bytes = Array(line.readableBytesView)
    var size = 0
    var place = 0
    while place < bytes.count, let digit = hexDigit(bytes[place]) {
      guard size < 1 << 55 else { throw .malformed("a chunk of no size") }
      size = size << 4 | digit
      place += 1
    }
    guard place > 0 else { throw .malformed("a chunk without a size") }
    while place < bytes.count, isBlank(bytes[place]) { place += 1 }
    guard place == bytes.count ? !isBlank(bytes[place - 1]) : bytes[place] == UInt8(ascii: ";") else {
      throw .malformed("something behind a chunk's size")
    }
    return size
  }

  /// What a head says about itself, once all of it is there.
  static func head(_ line: RequestLine, _ given: HTTPHeaders) throws(Failure) -> Head {
    var fields = given
    var hosts = 0
    var lengths: [String] = []
    var codings: [String]?
    var options: [String] = []
    var expectations: [String] = []
    for (name, value) in given {
      switch name.utf8.count {
      case 4 where name.lowercased() == "host":
        hosts += 1
        guard isHost(value) else { throw .malformed("a Host that is none") }
      case 14 where name.lowercased() == "content-length": lengths.append(value)
      case 17 where name.lowercased() == "transfer-encoding": codings = (codings ?? []) + elements(value)
      // What nearly everybody says says nothing.
      case 10 where value != "keep-alive" && name.lowercased() == "connection": options += elements(value)
      case 6 where name.lowercased() == "expect": expectations += elements(value)
      default: break
      }
    }
    let isOld = line.minorVersion == 0
    // One, or in HTTP/1.0 none (section 3.2).
    guard hosts == 1 || hosts == 0 && isOld else { throw .malformed("not one Host") }
    let framing = try framing(lengths, codings, isOld: isOld)
    if let unknown = expectations.first(where: { $0 != "100-continue" }) {
      throw Failure(.expectationFailed, "an expectation that is unknown here: \(unknown.prefix(32))")
    }
    let (target, authority) = try originForm(line)
    if let authority { fields.replaceOrAdd(name: "Host", value: authority) }
    return Head(
      request: HTTPRequestHead(
        version: isOld ? .http1_0 : .http1_1, method: line.method, uri: target, headers: fields),
      framing: framing, closes: isOld || options.contains("close"),
      expectsContinue: !isOld && !expectations.isEmpty && framing != .none)
  }

  /// Section 6.3. A message with both, or with two lengths, may be two messages to somebody else.
  private static func framing(
    _ lengths: [String], _ codings: [String]?, isOld: Bool
  ) throws(Failure) -> Framing {
    if let codings {
      guard !isOld, lengths.isEmpty else { throw .malformed("a transfer coding that has no place here") }
      guard codings.last == "chunked", codings.count(where: { $0 == "chunked" }) == 1 else {
        throw .malformed("a body without an end")
      }
      guard codings.count == 1 else { throw Failure(.notImplemented, "a transfer coding that is unknown here") }
      return .chunked
    }
    guard let text = lengths.first else { return .none }
    // 18 digits are no overflow, and more than anybody sends.
    guard lengths.count == 1, !text.isEmpty, text.utf8.count <= 18, text.utf8.allSatisfy({ digit($0) != nil }),
      let length = Int(text)
    else { throw .malformed("no length") }
    return length > 0 ? .length(length) : .none
  }

  /// Section 3.2: of a target in absolute form the path, and the authority that goes before any `Host`.
  private static func originForm(_ line: RequestLine) throws(Failure) -> (target: String, authority: String?) {
    let target = line.target
    if target.utf8.first == UInt8(ascii: "/") { return (target, nil) }
    if target == "*", line.method == .OPTIONS { return (target, nil) }
    guard line.method != .CONNECT else { throw Failure(.notImplemented, "this is no proxy") }
    let lowercased = target.prefix(8).lowercased()
    guard let scheme = ["http://", "https://"].first(where: lowercased.hasPrefix) else {
      throw .malformed("a target of no form")
    }
    let rest = target.dropFirst(scheme.count)
    let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
    let authority = String(rest[..<end])
    guard !authority.isEmpty, isHost(authority) else { throw .malformed("a target of no authority") }
    let path = rest[end...]
    return (path.hasPrefix("/") ? String(path) : "/" + path, authority)
  }

  /// `uri-host [":" port]` of RFC 3986, as far as it matters to anybody who compares hosts.
  static func isHost(_ text: String) -> Bool {
    var host = text.utf8[...]
    if let colon = host.lastIndex(of: UInt8(ascii: ":")), !host[colon...].contains(UInt8(ascii: "]")) {
      guard host[colon...].dropFirst().allSatisfy({ digit($0) != nil }) else { return false }
      host = host[..<colon]
    }
    if host.first == UInt8(ascii: "[") {
      return host.last == UInt8(ascii: "]")
        && host.dropFirst().dropLast().allSatisfy {
          hexDigit($0) != nil || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".")
        }
    }
    return host.allSatisfy(isOfName)
  }

  /// `reg-name`: unreserved characters, sub-delimiters, and `%`.
  private static func isOfName(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "^"), UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "#"): false
    case UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "="): true
    default: isToken(byte)
    }
  }

  /// A list's elements in lower case; empty ones are none.
  static func elements(_ value: String) -> [String] {
    value.elements().map(\.asciiLowercased)
  }

  private static func isToken(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
      UInt8(ascii: "!"), UInt8(ascii: "#")...UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"),
      UInt8(ascii: "^"), UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"):
      true
    default: false
    }
  }

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

  private static func digit(_ byte: UInt8) -> Int? {
    byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") ? Int(byte - UInt8(ascii: "0")) : nil
  }

  private static func hexDigit(_ byte: UInt8) -> Int? {
    if let digit = digit(byte) { return digit }
    let lower = byte | 0x20
    return lower >= UInt8(ascii: "a") && lower <= UInt8(ascii: "f") ? Int(lower - UInt8(ascii: "a")) + 10 : nil
  }
}
