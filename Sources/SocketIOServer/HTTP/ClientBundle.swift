import Crypto
import Foundation
import HTTPTypes
import HummingbirdCore
import NIOCore

/// The browser client's files, read once when the server is made.
struct ClientBundle: Sendable {
  struct File: Sendable {
    let bytes: ByteBuffer
    let contentType: String
    let etag: String
    /// The same by gzip; nil where that isn't smaller.
    let packed: ByteBuffer?

    func response(to request: Request) -> Response {
      guard request.method == .get || request.method == .head else {
        return Response(status: .methodNotAllowed, headers: [.allow: "GET, HEAD"])
      }
      var headers: HTTPFields = [.eTag: etag, .cacheControl: "public, max-age=0", .contentType: contentType]
      let known = request.headers[.ifNoneMatch]?.elements() ?? []
      if known.contains(where: { $0 == etag || $0 == "W/\(etag)" || $0 == "*" }) {
        return Response(status: .notModified, headers: headers)
      }
      var bytes = bytes
      if let packed {
        headers[.vary] = "Accept-Encoding"
        // The tag is weak then: of another form, though of the same file.
        if PollingCompression(acceptEncoding: request.headers[.acceptEncoding]) == .gzip {
          headers[.contentEncoding] = "gzip"
          headers[.eTag] = "W/" + etag
          bytes = packed
        }
      }
      guard request.method != .head else {
        headers[.contentLength] = String(bytes.readableBytes)
        return Response(status: .ok, headers: headers)
      }
      return Response(status: .ok, headers: headers, body: .init(byteBuffer: bytes))
    }
  }

  /// What the official server serves, and nothing else: names never come from a request.
  private static let names = [
    "socket.io.js", "socket.io.min.js", "socket.io.esm.min.js", "socket.io.msgpack.min.js", "socket.io.js.map",
    "socket.io.min.js.map", "socket.io.esm.min.js.map", "socket.io.msgpack.min.js.map",
  ]

  private var files: [String: File] = [:]

  /// - Parameter path: a bundle, which is served under both usual names, or a directory that holds them.
  /// - Throws: what reading the file throws.
  init(path: String) throws {
    var isDirectory: ObjCBool = false
    _ = FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
    if isDirectory.boolValue {
      for name in Self.names {
        let file = URL(fileURLWithPath: path).appendingPathComponent(name)
        if FileManager.default.fileExists(atPath: file.path) { files[name] = try Self.read(file.path) }
      }
    } else {
      let file = try Self.read(path)
      files["socket.io.js"] = file
      files["socket.io.min.js"] = file
    }
  }

  private static func read(_ path: String) throws -> File {
    let data = try Data(contentsOf: URL(fileURLWithPath: path))
    guard data.count <= ServerLimits.maxBundleBytes else {
      throw NIOTooManyBytesError(maxBytes: ServerLimits.maxBundleBytes)
    }
    let hash = SHA256.hash(data: data).prefix(16).map { String(format: "%02x", $0) }.joined()
    let type = path.hasSuffix(".map") ? "application/json" : "application/javascript; charset=utf-8"
    let bytes = ByteBuffer(bytes: data)
    return File(
      bytes: bytes, contentType: type, etag: "\"\(hash)\"", packed: Deflater(.gzip, level: 9)?.stream(bytes))
  }

  func file(for requestPath: String, below path: String) -> File? {
    guard requestPath.hasPrefix(path) else { return nil }
    return files[String(requestPath.dropFirst(path.count))]
  }
}
