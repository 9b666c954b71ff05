import AudioCodec
import Segments

/// HLS playlists (RFC 8216 and draft-pantos-hls-rfc8216bis), complete from the first request on: a track's segments are
/// known before any is made.
public enum Playlists {
  /// The master playlist: one variant for each rendition, best first, so that a client that looks no further begins
  /// well.
  ///
  /// - Parameters:
  ///   - bandwidth: of each rendition.
  ///   - uri: the URI of a rendition's media playlist.
  public static func master(
    _ renditions: [(track: PackagedTrack, bandwidth: Bandwidth)], uri: (Rendition) -> String
  ) -> String {
    var text = "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n"
    let sorted = renditions.sorted { $0.bandwidth.peak > $1.bandwidth.peak }
    for (track, _) in sorted {
      text +=
        "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"\(track.rendition)\",NAME=\"Music\",LANGUAGE=\"und\",DEFAULT=YES,"
        + "AUTOSELECT=YES,CHANNELS=\"2\",URI=\"\(uri(track.rendition))\"\n"
    }
    for (track, bandwidth) in sorted {
      text +=
        "#EXT-X-STREAM-INF:BANDWIDTH=\(bandwidth.peak),AVERAGE-BANDWIDTH=\(bandwidth.average),CODECS=\"\(track.codecParameter)\","
        + "AUDIO=\"\(track.rendition)\"\n\(uri(track.rendition))\n"
    }
    return text
  }

  /// A rendition's media playlist.
  ///
  /// - Parameters:
  ///   - segment: the URI of a segment.
  ///   - header: the URI of the initialization section, for fragmented MP4.
  public static func media(_ track: PackagedTrack, header: String?, segment: (Int) -> String) -> String {
    let longest = (0..<min(1, track.segmentCount)).map(track.seconds).max() ?? 1
    var text = "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:\(max(1, Int(longest.rounded())))\n"
    text += "#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-INDEPENDENT-SEGMENTS\n"
    if let header { text += "#EXT-X-MAP:URI=\"\(header)\"\n" }
    for index in 0..<track.segmentCount {
      text += "#EXTINF:\(decimal(track.seconds(index))),\n\(segment(index))\n"
    }
    return text + "#EXT-X-ENDLIST\n"
  }

  /// Nine places: a sample at 48 kHz has 20,833 ns.
  private static func decimal(_ seconds: Double) -> String {
    let nanoseconds = Int64((seconds * 1e9).rounded())
    let (whole, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
    let digits = String(rest)
    return "\(whole)." + String(repeating: "0", count: 9 - digits.count) + digits
  }
}
