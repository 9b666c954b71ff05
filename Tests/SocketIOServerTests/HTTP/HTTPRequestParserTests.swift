import NIOCore
import NIOHTTP1
import Testing

@testable import SocketIOServer

struct HTTPRequestParserTests {
  typealias Parser = HTTPRequestParser

  /// What a parser gives for bytes that come in the given pieces; bodies are joined.
  static func parts(_ pieces: [ArraySlice<UInt8>]) -> (parts: [Parser.Part], failure: Parser.Failure?) {
    var parser = Parser()
    var parts: [Parser.Part] = []
    for piece in pieces {
      parser.append(ByteBuffer(bytes: piece))
      do throws(Parser.Failure) {
        while let part = try parser.next() {
          if case .body(var more) = part, case .body(var before)? = parts.last {
            before.writeBuffer(&more)
            parts[parts.count - 1] = .body(before)
          } else {
            parts.append(part)
          }
        }
      } catch {
        return (parts, error)
      }
    }
    return (parts, nil)
  }

  static func parts(_ text: String) -> (parts: [Parser.Part], failure: Parser.Failure?) {
    parts([Array(text.utf8)[...]])
  }

  static let host = "Host: a\r\n"

  @Test(arguments: [
    ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "/", Parser.Framing.none),
    ("GET /x?y=%20&z HTTP/1.1\r\nhOsT:a:80\r\n\r\n", "/x?y=%20&z", .none),
    ("\r\n\r\nGET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", "/", .none),
    ("GET http://b.example:81/p?q HTTP/1.1\r\nHost: a\r\n\r\n", "/p?q", .none),
    ("GET HTTP://b.example HTTP/1.1\r\nHost: a\r\n\r\n", "/", .none),
    ("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "*", .none),
    ("GET / HTTP/1.0\r\n\r\n", "/", .none),
    ("GET / HTTP/1.1\r\nHost:\r\n\r\n", "/", .none),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", "/", .none),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \t003 \r\n\r\nabc", "/", .length(3)),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: CHUNKED\r\n\r\n0\r\n\r\n", "/", .chunked),
    (
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: , chunked\r\n\r\n5;a=\"b\"\r\nhello\r\n0\r\nX: y\r\n\r\n", "/",
      .chunked
    ),
    ("GET / HTTP/1.1\r\nHost: a\r\nX: \u{e9}\r\nEmpty:\r\n\r\n", "/", .none),
    ("M-SEARCH /x HTTP/1.1\r\nHost: a\r\n\r\n", "/x", .none),
  ])
  func whatTheStandardAllowsIsTaken(text: String, target: String, framing: Parser.Framing) throws {
    let (parts, failure) = Self.parts(text)
    #expect(failure == nil)
    guard case .head(let head)? = parts.first else {
      Issue.record("no head")
      return
    }
    #expect(head.request.uri == target && head.framing == framing)
    #expect(parts.last == .end)
  }

  static let refused: [(String, HTTPResponseStatus)] = [
    ("GET / HTTP/1.1\r\n\r\n", .badRequest),
    ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", .badRequest),
    ("GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", .badRequest),
    ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", .badRequest),
    ("GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", .badRequest),
    ("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", .badRequest),
    ("GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", .badRequest),
    ("GET / HTTP/1.1\r\nHost : a\r\n\r\n", .badRequest),
    ("GET / HTTP/1.1\r\n Host: a\r\n\r\n", .badRequest),
    ("GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n", .badRequest),
    ("GET / HTTP/1.1\r\nHost: a\r\nX: y\u{0}z\r\n\r\n", .badRequest),
    ("GET / HTTP/1.1\r\nHost: a\r\nX: y\rz\r\n\r\n", .badRequest),
    ("GET / HTTP/1.1\r\nHost: a\r\n: y\r\n\r\n", .badRequest),
    ("GET / HTTP/1.1\r\nHost: a\r\nX y\r\n\r\n", .badRequest),
    ("GET / HTTP/1.1\r\nHost: a\r\nX(): y\r\n\r\n", .badRequest),
    ("GET / HTTP/1.1\nHost: a\n\n", .badRequest),
    ("GET / HTTP/1.1\r\nHost: a\n\r\n", .badRequest),
    ("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", .badRequest),
    ("GET / HTTP/1.1 \r\nHost: a\r\n\r\n", .badRequest),
    (" GET / HTTP/1.1\r\nHost: a\r\n\r\n", .badRequest),
    ("GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", .badRequest),
    ("GET /\r\n", .badRequest),
    ("GET / HTTP/1\r\nHost: a\r\n\r\n", .badRequest),
    ("GET / http/1.1\r\nHost: a\r\n\r\n", .badRequest),
    ("GET / HTTP/1.1x\r\nHost: a\r\n\r\n", .badRequest),
    ("G(T / HTTP/1.1\r\nHost: a\r\n\r\n", .badRequest),
    ("GET x HTTP/1.1\r\nHost: a\r\n\r\n", .badRequest),
    ("GET * HTTP/1.1\r\nHost: a\r\n\r\n", .badRequest),
    ("GET /#x HTTP/1.1\r\nHost: a\r\n\r\n", .badRequest),
    ("GET /\u{e9} HTTP/1.1\r\nHost: a\r\n\r\n", .badRequest),
    ("GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n", .badRequest),
    ("GET http://u@b/x HTTP/1.1\r\nHost: a\r\n\r\n", .badRequest),
    ("GET ftp://b/x HTTP/1.1\r\nHost: a\r\n\r\n", .badRequest),
    ("CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", .notImplemented),
    ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", .httpVersionNotSupported),
    ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", .httpVersionNotSupported),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", .badRequest),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", .badRequest),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\n", .badRequest),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n", .badRequest),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", .badRequest),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x1\r\n\r\n", .badRequest),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1_0\r\n\r\n", .badRequest),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n", .badRequest),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n", .badRequest),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n", .badRequest),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n", .badRequest),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n", .badRequest),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", .badRequest),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n\r\n", .badRequest),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \"chunked\"\r\n\r\n", .badRequest),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", .notImplemented),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chun\u{212a}ed\r\n\r\n", .badRequest),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip,\u{301}, chunked\r\n\r\n", .notImplemented),
    ("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", .badRequest),
    ("POST / HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\nContent-Length: 1\r\n\r\n", .expectationFailed),
    ("\u{16}\u{3}\u{1}", .badRequest),
  ]

  @Test(arguments: refused)
  func whatItForbidsIsRefusedWithItsStatus(text: String, status: HTTPResponseStatus) {
    let (parts, failure) = Self.parts(text)
    #expect(failure?.status == status)
    #expect(parts.isEmpty)
  }

  @Test(arguments: [
    "x\r\n", "\r\n", "-1\r\n", "+1\r\na\r\n", "0x1\r\na\r\n", "1\na\r\n", "1 \r\na\r\n", "1 x\r\na\r\n", "1\r\nab\r\n",
    "1\r\na\n0\r\n\r\n", "fffffffffffffffff\r\n", "1\r\na\r\n0\r\nX y\r\n\r\n", "1\r\na\r\n0\r\n X: y\r\n\r\n",
    "1;\u{0}\r\n", "1;" + String(repeating: "x", count: 300), "5\r\nhello0\r\n\r\n",
  ])
  func aBrokenChunkIsRefusedOnce(body: String) {
    let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    let (parts, failure) = Self.parts(head + body)
    #expect(failure?.status == .badRequest)
    #expect(!parts.contains(.end))
    var parser = Parser()
    parser.append(ByteBuffer(string: head + body + "GET / HTTP/1.1\r\nHost: a\r\n\r\n"))
    while let part = try? parser.next() { #expect(part != .end) }
    // What comes behind is never looked at.
    parser.append(ByteBuffer(string: "GET / HTTP/1.1\r\nHost: a\r\n\r\n"))
    #expect(throws: Parser.Failure.self) { try parser.next() }
  }

  @Test func whatIsTooLongIsRefusedBeforeItIsWhole() {
    let long = String(repeating: "x", count: HTTPLimits.targetBytes + 1)
    #expect(Self.parts("GET /\(long) HTTP/1.1\r\nHost: a\r\n\r\n").failure?.status == .uriTooLong)
    let endless = String(repeating: "x", count: HTTPLimits.headBytes + 1)
    #expect(Self.parts("GET /\(endless)").failure?.status == .uriTooLong)
    let head = "GET / HTTP/1.1\r\nHost: a\r\n"
    #expect(Self.parts("\(head)X: \(endless)").failure?.status == .requestHeaderFieldsTooLarge)
    let many = String(repeating: "X: y\r\n", count: HTTPLimits.fields)
    #expect(Self.parts("\(head)\(many)").failure?.status == .requestHeaderFieldsTooLarge)
    #expect(Self.parts(String(repeating: "\r\n", count: HTTPLimits.headBytes)).failure != nil)
    let trailers = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: \(endless)"
    #expect(Self.parts(trailers).failure?.status == .requestHeaderFieldsTooLarge)
  }

  @Test func theAuthorityOfAnAbsoluteTargetIsTheHost() throws {
    guard case .head(let head)? = Self.parts("GET http://b:1/ HTTP/1.1\r\nHost: a\r\n\r\n").parts.first else {
      Issue.record("no head")
      return
    }
    #expect(head.request.headers["host"] == ["b:1"])
  }

  @Test(arguments: [
    ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", false), ("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", true),
    ("GET / HTTP/1.1\r\nHost: a\r\nConnection: Close\r\n\r\n", true),
    ("GET / HTTP/1.1\r\nHost: a\r\nConnection: x, close\r\n\r\n", true),
    ("GET / HTTP/1.1\r\nHost: a\r\nConnection: closed\r\n\r\n", false),
    ("GET / HTTP/1.1\r\nHost: a\r\nConnection: \u{301},close\r\n\r\n", true),
    ("GET / HTTP/1.1\r\nHost: a\r\nConnection: close,\u{301}\r\n\r\n", true),
    ("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\u{37e}x\r\n\r\n", false),
  ])
  func aHeadSaysWhetherTheConnectionEnds(text: String, closes: Bool) {
    guard case .head(let head)? = Self.parts(text).parts.first else {
      Issue.record("no head")
      return
    }
    #expect(head.closes == closes)
  }

  /// Requests of every form one behind the other, cut anywhere: the same parts come out.
  @Test(arguments: UInt64(0)..<200)
  func howBytesAreCutMakesNoDifference(seed: UInt64) {
    var random = SplitMix(seed: seed)
    let forms = [
      "GET /a HTTP/1.1\r\nHost: a\r\n\r\n",
      "POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nhello\r\nyou\n",
      "POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\nA;e\r\n0123456789\r\n0\r\nT: v\r\n\r\n",
      "\r\nHEAD /d HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "y", count: 300))\r\n\r\n",
      "GET /e HTTP/1.0\r\n\r\n",
    ]
    var bytes = Array((0..<6).map { _ in forms.randomElement(using: &random) ?? "" }.joined().utf8)
    // Half of them broken somewhere.
    if Bool.random(using: &random), let place = bytes.indices.randomElement(using: &random) {
      bytes[place] = UInt8.random(in: 0...255, using: &random)
    }
    let whole = Self.parts([bytes[...]])
    var pieces: [ArraySlice<UInt8>] = []
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = Int.random(in: 1...min(rest.count, Int.random(in: 1...64, using: &random)), using: &random)
      pieces.append(rest.prefix(count))
      rest = rest.dropFirst(count)
    }
    let cut = Self.parts(pieces)
    #expect(cut.failure == whole.failure)
    // Of a body that breaks off, more has come out when it was cut.
    if whole.failure == nil { #expect(cut.parts == whole.parts) }
    #expect(cut.parts.count(where: { $0 == .end }) == whole.parts.count(where: { $0 == .end }))
  }
}

/// A seeded source of chance (SplitMix64).
struct SplitMix: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
