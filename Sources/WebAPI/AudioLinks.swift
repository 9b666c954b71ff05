import Access
import AudioCodec
import Catalog
import Foundation
import Gateway
import Packaging
import Segments

/// Makes the signed URLs of a track.
struct AudioLinks: Sendable {
  /// The cookie that carries the token for players that can't carry query strings.
  static let cookie = "dubplate_audio"

  let keys: AudioKeyring

  /// The renditions that a plan includes.
  static func renditions(for plan: Plan) -> [Rendition] {
    let entitlement = Entitlement(plan)
    return Rendition.all.filter { entitlement.allows(bitrate: $0.bitrate, lossless: $0 == .flac) }
  }

  /// The token for a user's stream, and when it ends: the track's length and a few hours of pauses from now.
  func token(
    track: PlayableTrack, plan: Plan, stream: String, userID: String, now: Date
  ) -> (text: String, expires: Int64) {
    let session = "\(stream)-\(AccountMark.mark(of: userID))"
    let expires = Int64(now.timeIntervalSince1970) + Int64(track.duration) + WebLimits.audioLinkSeconds
    let grant = AudioGrant(
      trackID: track.id,
      renditions: Self.renditions(for: plan).map(\.name) + (track.allowsOriginal(plan) ? [Rendition.originalName] : []),
      session: session, expires: expires)
    return (keys.token(for: grant), expires)
  }

  /// `hls` (the AAC ladder), `hls-mp3`, `hls-opus`, `hls-flac`, and one file for each rendition, by name; `original` is the
  /// track's own.
  /// - Parameter token: nil when a cookie carries it.
  func urls(track: PlayableTrack, plan: Plan, token: String?) -> [String: String] {
    let query = token.map { "?token=\($0)" } ?? ""
    var urls = ["hls": "/audio/\(track.id)/master.m3u8\(query)"]
    for rendition in Self.renditions(for: plan) {
      if rendition.codec != .aac, rendition.isInHLS {
        let more = query.isEmpty ? "?" : query + "&"
        urls["hls-\(rendition.codecName)"] =
          "/audio/\(track.id)/master.m3u8\(more)codecs=\(rendition.codecName)"
      }
      urls[rendition.name] = "/audio/\(track.id)/\(rendition).\(rendition.container.rawValue)\(query)"
    }
    if track.allowsOriginal(plan), let ending = OriginalFile.ending(of: track.track) {
      urls[Rendition.originalName] = "/audio/\(track.id)/\(Rendition.originalName).\(ending)\(query)"
    }
    return urls
  }
}

extension AudioGrant {
  /// Whose share of encoders it takes: its user's, whatever the number of his streams. A token that was made elsewhere
  /// may name none; it is for itself then.
  var owner: String {
    guard let mark = session.utf8.firstIndex(of: UInt8(ascii: "-")) else { return session }
    return String(session[session.utf8.index(after: mark)...])
  }
}

extension Rendition {
  /// What a whole file of it is.
  var container: ProgressiveFile.Container {
    switch codec {
    case .mp3: .mp3
    case .aac, .opus: .m4a
    case .vorbis: .ogg
    case .flac: .flac
    }
  }

  /// HLS has no Vorbis.
  var isInHLS: Bool { codec != .vorbis }

  /// The extension of its HLS segments.
  var segmentExtension: String { codec == .mp3 ? "mp3" : "m4s" }
  /// What its HLS segments are.
  var segmentMediaType: String { codec == .mp3 ? "audio/mpeg" : "audio/mp4" }
}
