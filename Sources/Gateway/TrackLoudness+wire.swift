import AudioCodec
import Catalog
import SocketIO

extension TrackLoudness {
  /// `{track: {integrated, truePeak}, album?: {…}}`; what isn't known is absent.
  var wireValue: SocketValue {
    var object: SocketObject = ["track": Self.wireValue(of: track)]
    if let album { object["album"] = Self.wireValue(of: album) }
    return .object(object)
  }

  private static func wireValue(of loudness: Loudness) -> SocketValue {
    var object: SocketObject = [:]
    object["integrated"] = loudness.rounded.integrated.map { .double($0) }
    object["truePeak"] = loudness.rounded.truePeak.map { .double($0) }
    return .object(object)
  }
}
