import Access
import AudioCodec
import Gateway
import NIOCore
import NIOHTTP1
import Packaging
import Segments
import SocketIOServer

extension AudioController {
  /// Answers a request for a segment that lies in memory; nil for everything else, also for what is to be refused.
  func answerQuickly(_ head: HTTPRequestHead) -> QuickResponse? {
    // What a page of another origin may see, the router's middleware says.
    guard !head.headers.contains(name: "origin"), let wanted = SegmentURI(head.uri),
      let rendition = Rendition(name: wanted.rendition),
      rendition.isInHLS, wanted.ending == rendition.segmentExtension, let track = tracks.cached(wanted.track),
      let segment = library.ready(track.segments, rendition: rendition, index: wanted.index),
      let grant = try? grant(wanted.token, track: wanted.track), grant.renditions.contains(rendition.name)
    else { return nil }
    return QuickResponse(
      headers: rendition.codec == .mp3 ? Self.packedHeaders : Self.fragmentHeaders,
      body: Self.body(segment, PackagedTrack(track.segments, rendition: rendition)))
  }

  /// A segment as it goes over HTTP.
  static func body(_ segment: Segment, _ track: PackagedTrack) -> ByteBuffer {
    segment.packaged {
      FragmentedMP4(track)?.fragment($0) ?? MP3File(track)?.packedSegment($0) ?? ByteBuffer()
    }
  }

  private static let packedHeaders: HTTPHeaders = [
    "content-type": "audio/mpeg", "cache-control": "public, max-age=31536000, immutable", "server": "Dubplate",
  ]
  private static let fragmentHeaders: HTTPHeaders = [
    "content-type": "audio/mp4", "cache-control": "public, max-age=31536000, immutable", "server": "Dubplate",
  ]
}

/// `/audio/{track}/{rendition}/{index}.{ending}?…token=…`, taken apart by its bytes: to walk over a URI's characters
/// would take longer than to answer it.
struct SegmentURI {
  let track: String
  let rendition: String
  let index: Int
  let ending: String
  let token: String

  init?(_ uri: String) {
    var uri = uri
    let found = uri.withUTF8 { bytes -> SegmentURI? in SegmentURI(bytes) }
    guard let found else { return nil }
    self = found
  }

  private init?(_ bytes: UnsafeBufferPointer<UInt8>) {
    let prefix = Array("/audio/".utf8)
    guard bytes.count > prefix.count, bytes.count <= WebLimits.uriBytes, bytes.starts(with: prefix) else { return nil }
    var place = prefix.count
    /// What stands before the next `mark`, which is passed over; nil if it doesn't come, or another mark before it.
    func take(until mark: UInt8) -> String? {
      let start = place
      while place < bytes.count, bytes[place] != mark {
        if bytes[place] == UInt8(ascii: "?") || bytes[place] == UInt8(ascii: "%") { return nil }
        place += 1
      }
      guard place < bytes.count, place > start else { return nil }
      defer { place += 1 }
      return String(decoding: bytes[start..<place], as: UTF8.self)
    }
    guard let track = take(until: UInt8(ascii: "/")), let rendition = take(until: UInt8(ascii: "/")),
      let number = take(until: UInt8(ascii: ".")), let index = Int(number), String(index) == number
    else { return nil }
    let start = place
    while place < bytes.count, bytes[place] != UInt8(ascii: "?") { place += 1 }
    ending = String(decoding: bytes[start..<place], as: UTF8.self)
    let name = Array("token=".utf8)
    while place < bytes.count {
      place += 1
      let field = place
      while place < bytes.count, bytes[place] != UInt8(ascii: "&") { place += 1 }
      guard bytes[field..<place].starts(with: name) else { continue }
      (self.track, self.rendition, self.index) = (track, rendition, index)
      token = String(decoding: bytes[(field + name.count)..<place], as: UTF8.self)
      return
    }
    return nil
  }
}
