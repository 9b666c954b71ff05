import HTTPTypes
import HummingbirdCore
import NIOCore
import Testing

@testable import WebAPI

@Suite struct StaticFilesTests {
  private static let text = String(repeating: "a page of text; ", count: 100)
  private static let files: StaticFiles = {
    var files = StaticFiles()
    for (path, content) in [
      ("index.html", text), ("js/main.js", text + "."), ("tiny.svg", "<svg/>"), ("empty.css", ""),
    ] {
      Array(content.utf8).withUnsafeBufferPointer { files.add(path, $0) }
    }
    return files
  }()

  private func ask(
    _ path: String, _ method: HTTPRequest.Method = .get, _ headers: [String: String] = [:]
  ) async throws -> (response: Response, body: [UInt8])? {
    var fields = HTTPFields()
    for (name, value) in headers { fields[try #require(HTTPField.Name(name))] = value }
    let head = HTTPRequest(method: method, scheme: "http", authority: "x", path: path, headerFields: fields)
    let request = Request(head: head, body: .init(buffer: ByteBuffer()))
    guard let response = Self.files.response(to: request) else { return nil }
    let collected = Collected()
    try await response.body.write(collected)
    let body = collected.bytes
    // What is announced is what is sent, whatever was asked for.
    if let length = response.headers[.contentLength], method != .head { #expect(length == String(body.count)) }
    return (response, body)
  }

  @Test func aFileIsFoundByItsOnePath() async throws {
    for path in ["/", "/index.html", "/?x=1", "/js/main.js"] {
      let answer = try #require(try await ask(path), "\(path)")
      #expect(answer.response.status == .ok && answer.body.starts(with: Self.text.utf8))
    }
    for path in [
      "", "//", "/./", "//index.html", "/js//main.js", "/js/", "/js", "/%69ndex.html", "/index.html%00",
      "/js/../index.html", "/INDEX.HTML", "/index.html/", "http://x/index.html", "/nothing",
    ] {
      let answer = try await ask(path)
      #expect(answer == nil, "\(path)")
    }
  }

  @Test func aBrowserGetsThePageAtEveryAddressAndAProgramDoesNot() async throws {
    func page(
      _ path: String, _ method: HTTPRequest.Method = .get, _ accept: String? = "text/html,*/*;q=0.8"
    ) -> Response? {
      var fields = HTTPFields()
      fields[.accept] = accept
      let head = HTTPRequest(method: method, scheme: "http", authority: "x", path: path, headerFields: fields)
      return Self.files.page(for: Request(head: head, body: .init(buffer: ByteBuffer())))
    }
    for path in ["/queue", "/search?q=x", "/a/b/c", "/js/nothing.js", "/apiary", "/queue/"] {
      let answer = try #require(page(path), "\(path)")
      #expect(answer.status == .ok && answer.headers[.contentType] == "text/html; charset=utf-8")
      #expect(answer.headers[.vary]?.contains("Accept-Encoding, Accept") == true)
      #expect(page(path, .head)?.status == .ok)
    }
    for path in [
      "/api/v1/nothing", "/audio/x/y", "/socket.io/x", "/assets/0/js/main.js", "", "queue", "http://x/queue",
    ] {
      #expect(page(path) == nil, "\(path)")
    }
    for accept in [nil, "*/*", "application/json", "text/*", "text/html;q=0", "text/htmlx"] {
      #expect(page("/queue", .get, accept) == nil, "\(accept ?? "none")")
    }
    for method in [HTTPRequest.Method.post, .put, .delete, .options] { #expect(page("/queue", method) == nil) }
  }

  @Test func otherMethodsAreToldWhichThereAre() async throws {
    let brew = try #require(HTTPRequest.Method("BREW"))
    for method in [HTTPRequest.Method.post, .put, .delete, .patch, .options, .trace, brew] {
      let answer = try #require(try await ask("/", method))
      #expect(answer.response.status == .methodNotAllowed && answer.response.headers[.allow] == "GET, HEAD")
    }
    let head = try #require(try await ask("/", .head, ["Range": "bytes=0-1"]))
    #expect(head.response.status == .ok && head.body.isEmpty)
    #expect(head.response.headers[.contentLength] == String(Self.text.utf8.count))
  }

  @Test func conditionsAreLookedAtBeforeRanges() async throws {
    let tag = try #require(try await ask("/")?.response.headers[.eTag])
    let other = try await ask("/js/main.js")
    #expect(tag.hasPrefix("\"") && tag != other?.response.headers[.eTag])
    for (headers, status) in [
      (["If-None-Match": tag], 304), (["If-None-Match": "W/\(tag)"], 304), (["If-None-Match": "*"], 304),
      (["If-None-Match": "\"x\", \(tag)"], 304), (["If-None-Match": "\"x\""], 200), (["If-Match": tag], 200),
      (["If-Match": "\"x\""], 412), (["If-Match": "W/\(tag)"], 412), (["If-Match": "*"], 200),
      (["If-None-Match": tag, "Range": "bytes=0-1"], 304), (["If-Range": tag, "Range": "bytes=0-1"], 206),
      (["If-Range": "\"x\"", "Range": "bytes=0-1"], 200), (["If-Range": "W/\(tag)", "Range": "bytes=0-1"], 200),
      (["If-Range": "Thu, 26 Nov 2026 00:00:00 GMT", "Range": "bytes=0-1"], 200),
      (["If-Range": "\"x\"", "Range": "bytes=99999-"], 200), (["Range": "bytes=99999-"], 416),
    ] as [([String: String], Int)] {
      let answer = try #require(try await ask("/", .get, headers))
      #expect(answer.response.status.code == status, "\(headers)")
      #expect(answer.response.headers[.eTag] == tag)
    }
  }

  @Test func everyRangeIsAnsweredByWhatItSays() async throws {
    let whole = Array(Self.text.utf8)
    let numbers = ["", "0", "1", "1599", "1600", "1601", "99999999999999999999"]
    for first in numbers {
      for last in numbers {
        let header = "bytes=\(first)-\(last)"
        let answer = try #require(try await ask("/", .get, ["Range": header, "Accept-Encoding": "gzip"]))
        #expect(answer.response.headers[.contentEncoding] == nil)
        switch ByteRange(header, length: whole.count) {
        case .whole: #expect(answer.response.status == .ok && answer.body == whole, "\(header)")
        case .part(let range):
          #expect(answer.response.status == .partialContent && answer.body == Array(whole[range]), "\(header)")
          let expected = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(whole.count)"
          #expect(answer.response.headers[.contentRange] == expected)
        case .unsatisfiable:
          #expect(answer.response.status == .rangeNotSatisfiable && answer.body.isEmpty, "\(header)")
          #expect(answer.response.headers[.contentRange] == "bytes */\(whole.count)")
        }
      }
    }
    let empty = try #require(try await ask("/empty.css", .get, ["Range": "bytes=0-"]))
    #expect(empty.response.status == .rangeNotSatisfiable)
  }

  @Test func whoTakesACodingGetsItUnderATagOfItsOwn() async throws {
    let plain = try #require(try await ask("/"))
    for (accepted, coding) in [
      ("gzip", "gzip"), ("br, gzip;q=0.5", "br"), ("gzip, deflate, br, zstd", "br"), ("br;q=0.5, gzip", "gzip"),
      ("br;q=0, gzip", "gzip"), ("br", "br"), ("BR", "br"), ("*", "gzip"), ("x-gzip", "gzip"), ("GZIP", "gzip"),
      ("gzip;q=0", nil), ("gzip;q=0.000", nil), ("*;q=0", nil), ("identity", nil), ("", nil), ("deflate, brotli", nil),
      ("gzip ; q=x", nil), ("br;q=-1", nil),
    ] {
      let answer = try #require(try await ask("/", .get, ["Accept-Encoding": accepted]))
      #expect(answer.response.headers[.contentEncoding] == coding, "\(accepted)")
      #expect((answer.body.prefix(2) == [0x1F, 0x8B]) == (coding == "gzip"), "\(accepted)")
      #expect((answer.body == plain.body) == (coding == nil), "\(accepted)")
      let tag = try #require(answer.response.headers[.eTag])
      #expect(
        (tag == plain.response.headers[.eTag]) == (coding == nil)
          && tag.hasSuffix("-\(coding ?? "")\"") == (coding != nil))
      #expect(answer.response.headers[.vary] == "Accept-Encoding")
    }
    // Not worth it.
    let tiny = try #require(try await ask("/tiny.svg", .get, ["Accept-Encoding": "gzip"]))
    #expect(tiny.response.headers[.contentEncoding] == nil && tiny.response.headers[.vary] == nil)
  }

  @Test func aFileInAFolderIsKeptUnderTheVersionOfAllFiles() async throws {
    let version = String(repeating: "0", count: 16)
    for (path, cached) in [
      ("/js/main.js", "no-cache"), ("/assets/\(version)/js/main.js", "public, max-age=31536000, immutable"),
      ("/assets/00000000deadbeef/js/main.js", "no-cache"), ("/", "no-cache"),
    ] {
      let answer = try #require(try await ask(path), "\(path)")
      #expect(answer.response.status == .ok && answer.response.headers[.cacheControl] == cached, "\(path)")
    }
    for path in [
      "/assets", "/assets/", "/assets/\(version)", "/assets/\(version)/", "/assets/\(version)/index.html",
      "/assets/\(version)//js/main.js", "/assets/\(version)0/js/main.js", "/assets/0/js/main.js", "/assets//js/main.js",
      "/assets/00000000DEADBEEG/js/main.js", "/assets/\(version)/js/../js/main.js",
    ] {
      let answer = try await ask(path)
      #expect(answer == nil, "\(path)")
    }
  }

  @Test func theVersionIsOfEveryFilesNameAndContent() async throws {
    func page(_ files: [(String, String)]) async throws -> String {
      let copies = files.map { path, text in
        let bytes = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: text.utf8.count)
        _ = bytes.initialize(from: text.utf8)
        return (path: path, bytes: UnsafeBufferPointer(bytes))
      }
      defer { for copy in copies { copy.bytes.deallocate() } }
      let made = try StaticFiles(copies)
      let collected = Collected()
      let head = HTTPRequest(method: .get, scheme: "http", authority: "x", path: "/")
      let request = Request(head: head, body: .init(buffer: ByteBuffer()))
      try await #require(made.response(to: request)).body.write(collected)
      return String(decoding: collected.bytes, as: UTF8.self)
    }
    let index = ("index.html", #"<a href="js/a.js"><a href="/js/a.js"><a href="other/a.js">"#)
    let plain = try await page([index, ("js/a.js", "1"), ("js/b.js", "")])
    #expect(plain.contains(#""/assets/"#) && plain.contains(#""/js/a.js""#) && plain.contains(#""other/a.js""#))
    #expect(try await page([index, ("js/a.js", "1"), ("js/b.js", "")]) == plain)
    #expect(try await page([index, ("js/a.js", "1"), ("js/b.js", "2")]) != plain)
    #expect(try await page([index, ("js/a.js", "1"), ("js/c.js", "")]) != plain)
  }

  @Test func thePlayerIsPartOfTheProgram() throws {
    let page = Request(
      head: HTTPRequest(method: .get, scheme: "http", authority: "x", path: "/"), body: .init(buffer: ByteBuffer()))
    let answer = try #require(StaticFiles.player()(page).response(to: page))
    #expect(answer.headers[.contentType] == "text/html; charset=utf-8")
  }

  /// Invariant of `@unchecked Sendable`: written by one task.
  private final class Collected: ResponseBodyWriter, @unchecked Sendable {
    var bytes: [UInt8] = []
    func write(_ buffer: ByteBuffer) async throws { bytes += buffer.readableBytesView }
    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
  }
}
