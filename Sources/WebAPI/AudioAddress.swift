import Gateway
import Segments

/// A URL below `/audio/`, in the one spelling that it has:
///
/// ```
/// /audio/{track}/master.m3u8                          /audio/{track}/{rendition}/{index}.{ending}
/// /audio/{track}/{rendition}/index.m3u8               /audio/{track}/{rendition}.{ending}
/// /audio/{track}/{rendition}/init.mp4                 each with ?name=value&…
/// ```
///
/// Who may hear it, what it names and under which key an edge keeps it are all judged by the same bytes, those that the
/// client sent. So nothing that two readers could take for two things is an address: no escape, no dot segment, no empty
/// part, no `\`, no other case, no absolute form. Taken apart by bytes: to walk over a URI's characters would take longer
/// than to answer it.
struct AudioAddress: Equatable {
  enum Resource: Equatable {
    case master
    case playlist(rendition: String)
    case header(rendition: String)
    case segment(rendition: String, index: Int, ending: String)
    case file(rendition: String, ending: String)
  }

  let track: String
  let resource: Resource
  /// `v`: of which version of the track's file it is.
  let version: String?
  /// As it was sent: no character of a token needs an escape.
  let token: String?

  /// - Parameter target: the request's target as it came (RFC 9112, section 3.2).
  init?(_ target: String) {
    var target = target
    let found = target.withUTF8 { bytes -> AudioAddress? in
      let mark = bytes.firstIndex(of: UInt8(ascii: "?")) ?? bytes.endIndex
      let query = mark < bytes.endIndex ? bytes[(mark + 1)...] : bytes[mark...]
      return Self.fields(query).flatMap { AudioAddress(path: bytes[..<mark], version: $0.version, token: $0.token) }
    }
    guard let found else { return nil }
    self = found
  }

  /// The rendition that it is of; nil for a master playlist, which is of all.
  var rendition: String? {
    switch resource {
    case .master: nil
    case .playlist(let rendition), .header(let rendition), .segment(let rendition, _, _), .file(let rendition, _):
      rendition
    }
  }

  // MARK: Path

  private typealias Bytes = Slice<UnsafeBufferPointer<UInt8>>

  private init?(path: Bytes, version: String?, token: String?) {
    let prefix = "/audio/".utf8
    guard path.count <= WebLimits.audioPathBytes, path.starts(with: prefix) else { return nil }
    let parts = path.dropFirst(prefix.count).split(
      separator: UInt8(ascii: "/"), maxSplits: 3, omittingEmptySubsequences: false)
    guard (2...3).contains(parts.count), let track = Self.name(parts[0]), let last = parts.last else { return nil }
    let name = last.split(separator: UInt8(ascii: "."), maxSplits: 2, omittingEmptySubsequences: false)
    guard name.count == 2, let stem = Self.name(name[0]), let ending = Self.name(name[1]) else { return nil }
    if parts.count == 2 {
      resource = stem == "master" && ending == "m3u8" ? .master : .file(rendition: stem, ending: ending)
    } else {
      guard let rendition = Self.name(parts[1]) else { return nil }
      switch (stem, ending) {
      case ("index", "m3u8"): resource = .playlist(rendition: rendition)
      case ("init", "mp4"): resource = .header(rendition: rendition)
      default:
        guard let index = Int(stem), index >= 0, String(index) == stem else { return nil }
        resource = .segment(rendition: rendition, index: index, ending: ending)
      }
    }
    self.track = track
    (self.version, self.token) = (version, token)
  }

  /// Small letters, digits, `-`: what ids, renditions and endings are made of.
  private static func name(_ bytes: Bytes) -> String? {
    let isPlain = bytes.allSatisfy {
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
        || $0 == UInt8(ascii: "-")
    }
    return isPlain && !bytes.isEmpty ? String(decoding: bytes, as: UTF8.self) : nil
  }

  // MARK: Query

  /// Nil where one of the names that matter comes twice, or in a spelling that another reader could take for it. Fields
  /// of other names are a player's own (CMCD), and nobody's business here.
  private static func fields(_ bytes: Bytes) -> (version: String?, token: String?)? {
    var found: (version: String?, token: String?) = (nil, nil)
    for field in bytes.split(separator: UInt8(ascii: "&")) {
      let equals = field.firstIndex(of: UInt8(ascii: "=")) ?? field.endIndex
      let name = field[..<equals]
      guard name.allSatisfy(Self.isPlainInName) else { return nil }
      let value = field[min(equals + 1, field.endIndex)...]
      switch String(decoding: name, as: UTF8.self) {
      case "v":
        guard found.version == nil else { return nil }
        found.version = String(decoding: value, as: UTF8.self)
      case "token":
        guard found.token == nil else { return nil }
        found.token = String(decoding: value, as: UTF8.self)
      case let other:
        guard !["v", "token"].contains(other.lowercased()) else { return nil }
      }
    }
    return found
  }

  private static func isPlainInName(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
      true
    default: false
    }
  }
}

extension AudioAddress {
  /// Whether it is of the track's present file. Without a version it is.
  func isCurrent(of track: PlayableTrack) -> Bool { version.map { $0 == track.urlVersion } ?? true }

  /// How long a body may be kept that never changes under its URL: for ever, unless the URL doesn't say of which file
  /// it is.
  var cacheControl: String { version == nil ? "private, max-age=60" : "public, max-age=31536000, immutable" }
}

extension PlayableTrack {
  /// `v` of its URLs: a file that was replaced has others, as has one that is encoded or packaged in another way than
  /// before, and no cache serves it old sound. Asked for by every request: fifteen bytes are a string without an allocation.
  var urlVersion: String {
    var version = String(segments.fingerprint.prefix(WebLimits.versionDigits))
    version += Self.encodingSuffix
    return version
  }

  private static let encodingSuffix = "\(SegmentLibrary.encodingVersion)"
}
