import HTTPTypes
import NIOHTTP1
import Testing

@testable import SocketIOServer

@Suite struct OriginTests {
  private func served(_ fields: [(String, String)]) -> ServedOrigin {
    ServedOrigin(HTTPRequestHead(version: .http1_1, method: .GET, uri: "/", headers: HTTPHeaders(fields)))
  }

  @Test func overTLSTheSchemeIsThatOfTheConnectionUnlessAProxySaysOtherwise() {
    func served(_ fields: [(String, String)]) -> String {
      let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/", headers: HTTPHeaders(fields))
      let origin = ServedOrigin(head, isSecure: true)
      return "\(origin.scheme)://\(origin.authority)"
    }
    #expect(served([("Host", "music.example:443")]) == "https://music.example")
    #expect(served([("Host", "a:8443"), ("X-Forwarded-Proto", "http")]) == "http://a:8443")
  }

  /// The fields, a line each, and the origin that they say.
  private static let requests: [(fields: String, origin: String)] = [
    ("Host:music.example", "http://music.example"),
    ("Host:Music.Example:80", "http://music.example"),
    ("Host:music.example:8080", "http://music.example:8080"),
    ("Host:[::1]:3001", "http://[::1]:3001"),
    ("Host:a:443\nX-Forwarded-Proto:https", "https://a"),
    ("Host:a\nX-Forwarded-Proto:HTTPS", "https://a"),
    ("Host:a\nX-Forwarded-Proto: https , http", "https://a"),
    ("Host:a\nX-Forwarded-Proto:https\nX-Forwarded-Proto:http", "https://a"),
    ("Host:a\nX-Forwarded-Proto:wss", "https://a"),
    ("Host:a\nX-Forwarded-Proto:gopher", "http://a"),
    ("Host:a\nX-Forwarded-Proto:", "http://a"),
    ("Host:inner:1\nX-Forwarded-Host:outer:8443, middle\nX-Forwarded-Proto:https", "https://outer:8443"),
    ("Host:inner\nForwarded:for=192.0.2.1;proto=https;host=\"outer:8443\", proto=http", "https://outer:8443"),
    ("Host:inner:1\nX-Forwarded-Host:no host\nX-Forwarded-Proto:https", "https://inner:1"),
    ("Host:inner\nForwarded:Proto=HTTPS ; HOST=outer", "https://outer"),
    ("Host:inner\nForwarded:for=\"[2001:db8::1]:1;proto=http\";proto=https", "https://inner"),
    ("Host:inner\nForwarded:host=\"out\\er\"", "http://outer"),
    ("Host:inner\nForwarded:host=\"never closed", "http://inner"),
    ("Host:inner\nForwarded:;;=;host;proto=", "http://inner"),
    ("Host:a\nForwarded:proto=http\nX-Forwarded-Proto:https", "https://a"),
    ("Host:a\nX-Forwarded-Proto:https,\u{301}", "https://a"),
    ("Host:a\nX-Forwarded-Host:outer,\u{301}middle", "http://outer"),
    ("Host:a\nForwarded:host=outer;\u{301};proto=https", "https://outer"),
    ("Host:a\nForwarded:host=outer,\u{301}proto=https", "http://outer"),
    ("Host:a\nForwarded:for=x\u{37e}proto=https", "http://a"),
    ("Host:a\nX-Forwarded-Host:\u{212a}", "http://a"),
  ]

  @Test(arguments: Self.requests)
  func theServersOwnOriginIsTheOneThatTheClientHas(fields: String, origin: String) {
    let served = served(
      fields.split(separator: "\n").map { line in
        let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        return (String(parts[0]), String(parts[1]))
      })
    #expect("\(served.scheme)://\(served.authority)" == origin)
    #expect(served.isOrigin(of: origin))
  }

  @Test func nothingThatIsInForwardedTrapsOrBecomesMoreThanAHost() {
    var random = SystemRandomNumberGenerator()
    let bits = [
      "host", "proto", "for", "=", ";", ",", "\"", "\\", " ", "a", ":", "[", "]", "https", "/", "@", "\u{0}", "é", "80",
    ]
    for _ in 0..<20_000 {
      let text = (0..<Int.random(in: 0...10, using: &random)).map { _ in bits.randomElement(using: &random)! }.joined()
      let served = served([("Host", "inner"), ("Forwarded", text), ("X-Forwarded-Host", text)])
      #expect(WebOrigin("\(served.scheme)://\(served.authority)") != nil, "\(text)")
    }
  }

  @Test(arguments: [
    "null", "", "http:", "http://", "http:///", "music.example", "http://a/", "http://a/b", "http://a:", "http://a:0",
    "http://a:65536", "http://a:1:2", "http://u@a", "http://a b", "http://a?b", "http://a#b", "http://[::1",
    "http://[x]",
    "://a", "1http://a", "http://a, http://b", "http://\u{0}", "http://\u{212a}.example", "http://music.example\u{301}",
  ])
  func whatIsNoOriginIsNobodys(text: String) {
    // `http://a:` is an origin with an empty port: the scheme's own.
    if text != "http://a:" { #expect(WebOrigin(text) == nil, "\(text)") }
    #expect(!served([("Host", "music.example")]).isOrigin(of: text))
  }

  @Test func anotherSchemeHostOrPortIsAnotherOrigin() {
    let own = served([("Host", "music.example:3001")])
    #expect(own.isOrigin(of: "http://music.example:3001") && own.isOrigin(of: "HTTP://MUSIC.example:3001"))
    for other in [
      "https://music.example:3001", "http://music.example", "http://music.example:3002",
      "http://www.music.example:3001",
      "http://music.example.:3001", "http://evilmusic.example:3001", "null",
    ] {
      #expect(!own.isOrigin(of: other), "\(other)")
    }
    #expect(!served([]).isOrigin(of: "http://"))
  }

  @Test func aPolicySaysWhoMayAndWhoseCookiesCount() {
    let own = served([("Host", "a:1")])
    let listed = CORSPolicy.origins(["https://b.example"], credentials: true)
    for (policy, origin, verdict) in [
      (.sameOrigin, nil, .allowed), (.sameOrigin, "http://a:1", .allowed), (.sameOrigin, "http://a:2", .refused),
      (.sameOrigin, "null", .refused), (listed, "https://b.example", .allowed),
      (listed, "https://B.example:443", .allowed),
      (listed, "http://b.example", .refused), (listed, "null", .refused), (listed, "http://a:1", .allowed),
      (.any(), "http://c", .allowedWithoutCookies), (.any(), "http://a:1", .allowed),
      (.any(credentials: true), "http://c", .allowed), (.none, "null", .allowed),
    ] as [(CORSPolicy, String?, CORSPolicy.Verdict)] {
      #expect(policy.verdict(origin: origin, served: own) == verdict, "\(policy) \(origin ?? "-")")
    }
  }

  @Test func answersDifferByOriginOnlyWhereVarySaysSo() {
    for policy in [
      CORSPolicy.none, .sameOrigin, .any(), .any(credentials: true), .origins(["http://a"]),
      .origins(["http://a", "http://b"], credentials: true),
    ] {
      let answers = [nil, "http://a", "http://b", "http://c", "null"].map { policy.headers(origin: $0) }
      let isTheSame = answers.allSatisfy { $0 == answers[0] }
      #expect(isTheSame || answers.allSatisfy { $0[.vary] == "Origin" }, "\(policy)")
    }
  }
}
