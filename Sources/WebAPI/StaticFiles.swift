import Crypto
import Foundation
import HTTPTypes
import HummingbirdCore
import NIOCore

/// Files that never change while the process lives, held in memory in every form in which they are sent.
///
/// A file has one path, letter for letter; whatever else a path says (an escape, a NUL, an empty part, a dot segment) names
/// none. Answers as RFC 9110 has it: a strong tag for each form, conditions before ranges, ranges of the plain form.
///
/// Files in folders have a second path, `/assets/VERSION/` and their own, where caches and browsers keep them for ever
/// (`immutable`, RFC 8246): the version is one of all files together, so that a module's relative imports stay within it.
/// A page asks for its files there; one of an earlier version gets what there is now, and is told not to keep it. In these
/// places modules and style sheets are joined, so that a page needs few of them; in their own they are as they were written.
///
/// The page has more addresses than files: each of its views has one, which is the page's own business.
struct StaticFiles: Sendable {
  /// A file as it is sent.
  private struct Form: Sendable {
    let bytes: ByteBuffer
    let tag: EntityTag
  }

  private struct File: Sendable {
    let mediaType: String
    let plain: Form
    /// By content coding, the smallest first; without those that aren't worth it.
    let packed: [(coding: String, form: Form)]

    /// What a client takes and likes best; of what it likes as well, the smallest.
    func packed(for accepted: AcceptField) -> (coding: String, form: Form)? {
      let best = packed.map { accepted.weight(of: $0.coding) }.max() ?? 0
      return best > 0 ? packed.first { accepted.weight(of: $0.coding) == best } : nil
    }
  }

  private static let versionDigits = 16

  private var files: [String: File] = [:]
  /// What stands in a file's kept place instead of it: itself and all that it needs.
  private var joined: [String: File] = [:]
  /// Of all files, in hexadecimal digits.
  private let version: String

  init(version: String = String(repeating: "0", count: versionDigits)) {
    precondition(version.utf8.count == Self.versionDigits)
    self.version = version
  }

  /// The files by path and content. The links of `index.html` to files in folders lead to their kept places, and its style
  /// sheets are one; `sw.js` is told the version and what a page needs.
  /// - Parameter modules: those that are loaded by name: each is joined with all that it imports.
  /// - Throws: ``JoinedModules/Failure``.
  init(
    _ contents: [(path: String, bytes: UnsafeBufferPointer<UInt8>)], modules: [String] = []
  ) throws(JoinedModules.Failure) {
    var hash = SHA256()
    for (path, bytes) in contents {
      hash.update(data: Data("\(path)\n\(bytes.count)\n".utf8))
      hash.update(bufferPointer: UnsafeRawBufferPointer(bytes))
    }
    self.init(version: String(Self.hexadecimal(hash.finalize()).prefix(Self.versionDigits)))
    for (path, bytes) in contents { add(path, bytes) }
    let texts = Dictionary(
      contents.filter { [".js", ".css", ".html"].contains(where: $0.path.hasSuffix) }.map {
        ($0.path, String(decoding: $0.bytes, as: UTF8.self))
      }, uniquingKeysWith: { $1 })
    for module in modules {
      joined["/" + module] = Self.file(module, try JoinedModules.joined(module, sources: texts))
    }
    guard let index = texts["index.html"] else { return }
    var page = PlayerPage(index)
    if let (path, text) = page.joinStyleSheets(texts) { joined["/" + path] = Self.file(path, text) }
    let folders = Set(contents.compactMap { path, _ in path.contains("/") ? path.prefix { $0 != "/" } : nil })
    page.move(folders: folders, to: "/assets/\(version)")
    files["/index.html"] = Self.file("index.html", page.text)
    files["/"] = files["/index.html"]
    guard let worker = texts["sw.js"] else { return }
    let needed = Set(["/"] + page.links + modules.map { "/assets/\(version)/\($0)" })
    let shell = needed.sorted().map { "'\($0)'" }.joined(separator: ", ")
    files["/sw.js"] = Self.file(
      "sw.js",
      worker.replacing("const VERSION = '';", with: "const VERSION = '\(version)';")
        .replacing("const SHELL = [];", with: "const SHELL = [\(shell)];"))
  }

  private static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { byte in String(byte >> 4, radix: 16) + String(byte & 15, radix: 16) }.joined()
  }

  /// Adds a file, which is found under `/` and its path; `index.html` under `/` as well.
  mutating func add(_ path: String, _ bytes: UnsafeBufferPointer<UInt8>) {
    let file = Self.file(path, bytes)
    files["/" + path] = file
    if path == "index.html" { files["/"] = file }
  }

  private static func file(_ path: String, _ text: String) -> File {
    var text = text
    return text.withUTF8 { file(path, $0) }
  }

  private static func file(_ path: String, _ bytes: UnsafeBufferPointer<UInt8>) -> File {
    let hash = Self.hexadecimal(SHA256.hash(data: UnsafeRawBufferPointer(bytes)).prefix(12))
    let packed = [("br", Brotli.compressed(bytes)), ("gzip", Gzip.compressed(bytes, .most))].compactMap {
      coding, packed in
      packed.map {
        (coding: coding, form: Form(bytes: ByteBuffer(bytes: $0), tag: EntityTag("\(hash)-\(coding)", isStrong: true)))
      }
    }
    return File(
      mediaType: Self.mediaType(of: path),
      plain: Form(bytes: ByteBuffer(bytes: bytes), tag: EntityTag(hash, isStrong: true)), packed: packed)
  }

  /// The answer to a request for a file; nil for all others.
  func response(to request: Request) -> Response? {
    let path = (request.head.path ?? "").prefix { $0 != "?" }
    return file(at: path).map { answer(request, $0.file, isKept: $0.isKept) }
  }

  /// The page, for a browser that opens an address which nothing else answers; nil for whoever doesn't ask for a page,
  /// and below the paths of interfaces.
  func page(for request: Request) -> Response? {
    let path = request.head.path ?? ""
    guard request.method == .get || request.method == .head, path.hasPrefix("/"),
      !Self.interfaces.contains(where: path.hasPrefix), Self.wantsPage(request.headers[.accept]),
      let page = files["/"]
    else { return nil }
    var response = answer(request, page, isKept: false)
    // What else is answered here has no page's form.
    response.headers[.vary] = [response.headers[.vary], "Accept"].compactMap { $0 }.joined(separator: ", ")
    return response
  }

  /// Paths whose clients are programs, and whose errors are JSON to all of them.
  private static let interfaces = ["/api/", "/audio/", "/socket.io/", "/assets/"]

  /// Whether `Accept` names HTML, as that of a browser's address line does, and its scripts' doesn't.
  private static func wantsPage(_ accept: String?) -> Bool {
    AcceptField(accept).names("text/html")
  }

  private func answer(_ request: Request, _ file: File, isKept: Bool) -> Response {
    guard request.method == .get || request.method == .head else {
      return Response(status: .methodNotAllowed, headers: [.allow: "GET, HEAD"])
    }
    let isWhole = request.method == .head || request.headers[.range] == nil
    let packed = isWhole ? file.packed(for: AcceptField(request.headers[.acceptEncoding])) : nil
    let form = packed?.form ?? file.plain
    var headers: HTTPFields = [
      .contentType: file.mediaType, .eTag: form.tag.text, .acceptRanges: "bytes",
      .cacheControl: isKept ? "public, max-age=31536000, immutable" : "no-cache",
    ]
    if !file.packed.isEmpty { headers[.vary] = "Accept-Encoding" }
    if let packed { headers[.contentEncoding] = packed.coding }
    let answer = Self.answer(request, form, headers)
    return request.method == .head ? answer.createHeadResponse() : answer
  }

  /// The file of a path, and whether it's the same for ever there.
  private func file(at path: Substring) -> (file: File, isKept: Bool)? {
    let prefix = "/assets/"
    guard path.hasPrefix(prefix) else { return files[String(path)].map { ($0, false) } }
    let asked = path.dropFirst(prefix.count).prefix { $0 != "/" }
    let rest = path.dropFirst(prefix.count + asked.count)
    guard asked.utf8.count == Self.versionDigits, asked.allSatisfy(\.isHexDigit), rest.dropFirst().contains("/")
    else { return nil }
    return (joined[String(rest)] ?? files[String(rest)]).map { ($0, asked == version) }
  }

  private static func answer(_ request: Request, _ form: Form, _ headers: HTTPFields) -> Response {
    var headers = headers
    if let wanted = request.headers[.ifMatch], !form.tag.isStronglyEqual(toAnyOf: wanted) {
      return Response(status: .preconditionFailed, headers: headers)
    }
    if let known = request.headers[.ifNoneMatch], form.tag.matches(anyOf: known) {
      return Response(status: .notModified, headers: headers)
    }
    let isCurrent = request.headers[.ifRange].map(form.tag.isStronglyEqual(to:)) ?? true
    let length = form.bytes.readableBytes
    // Ranges are defined for GET alone (section 14.2).
    switch ByteRange(isCurrent && request.method == .get ? request.headers[.range] : nil, length: length) {
    case .whole: return Response(status: .ok, headers: headers, body: .init(byteBuffer: form.bytes))
    case .part(let range):
      headers[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(length)"
      let slice = form.bytes.getSlice(at: form.bytes.readerIndex + range.lowerBound, length: range.count)
      return Response(status: .partialContent, headers: headers, body: .init(byteBuffer: slice ?? ByteBuffer()))
    case .unsatisfiable:
      headers[.contentRange] = "bytes */\(length)"
      return Response(status: .rangeNotSatisfiable, headers: headers)
    }
  }

  private static func mediaType(of path: String) -> String {
    switch path.split(separator: ".").last {
    case "html": "text/html; charset=utf-8"
    case "js": "text/javascript; charset=utf-8"
    case "css": "text/css; charset=utf-8"
    case "svg": "image/svg+xml"
    case "json": "application/json"
    case "webmanifest": "application/manifest+json"
    case "png": "image/png"
    case "wasm": "application/wasm"
    default: "application/octet-stream"
    }
  }
}

/// The codings of `Accept-Encoding`, or the media types of `Accept`, by weight (RFC 9110, section 12.5).
struct AcceptField {
  private var weights: [String: Double] = [:]

  init(_ field: String?) {
    // By bytes: a comma and a combining mark behind it would be one character.
    for element in (field ?? "").lowercased().utf8.split(separator: UInt8(ascii: ",")) {
      let parts = element.split(separator: UInt8(ascii: ";")).map { part in
        String(decoding: part.filter { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }, as: UTF8.self)
      }
      guard let name = parts.first, !name.isEmpty else { continue }
      let weight = parts.dropFirst().first { $0.hasPrefix("q=") }.map { Double($0.dropFirst(2)) ?? 0 } ?? 1
      weights[name == "x-gzip" ? "gzip" : name] = weight
    }
  }

  /// Whether one is wanted by its name.
  func names(_ coding: String) -> Bool { weights[coding] ?? 0 > 0 }

  /// How welcome a coding other than `identity` is; 0: not at all. Only gzip is so old that `*` means it as well.
  func weight(of coding: String) -> Double { weights[coding] ?? (coding == "gzip" ? weights["*"] : nil) ?? 0 }
}
