import Access
import AudioCodec
import Gateway
import HTTPTypes
import NIOCore
import NIOHTTP1
import Packaging
import Segments
import SocketIOServer

extension AudioController {
  /// Answers a request for a segment that lies in memory; nil for everything else, also for what is to be refused.
  func answerQuickly(_ head: HTTPRequestHead) -> QuickResponse? {
    guard head.uri.utf8.count <= WebLimits.uriBytes, let address = AudioAddress(head.uri), address.version != nil,
      case .segment(let name, let index, let ending) = address.resource, let rendition = Rendition(name: name),
      rendition.isInHLS, ending == rendition.segmentExtension, let track = tracks.cached(address.track),
      address.isCurrent(of: track),
      let segment = library.ready(track.segments, rendition: rendition, index: index),
      let token = address.token, let grant = try? grant(token, track: address.track),
      grant.renditions.contains(rendition.name)
    else { return nil }
    var headers = rendition.codec == .mp3 ? Self.packedHeaders : Self.fragmentHeaders
    for field in origins().audioHeaders(origin: head.headers.first(name: "origin")) {
      headers.add(name: field.name.rawName, value: field.value)
    }
    return QuickResponse(
      headers: headers, body: PackagedTrack(track.segments, rendition: rendition).segmentForm(segment))
  }

  private static let packedHeaders: HTTPHeaders = [
    "content-type": "audio/mpeg", "cache-control": "public, max-age=31536000, immutable", "server": "Dubplate",
  ]
  private static let fragmentHeaders: HTTPHeaders = [
    "content-type": "audio/mp4", "cache-control": "public, max-age=31536000, immutable", "server": "Dubplate",
  ]
}
