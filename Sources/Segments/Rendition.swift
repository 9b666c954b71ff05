import AudioCodec

/// One way to deliver a track: a codec at a bitrate.
public struct Rendition: Hashable, Sendable, CustomStringConvertible {
  /// The name that stands in URLs, store paths and the protocol, such as `mp3-192`.
  public let name: String
  /// The codec of its frames.
  public let codec: AudioCodec.EncoderSettings.Codec
  /// Bits per second; 0 where the codec decides (lossless).
  public let bitrate: Int
  /// Where a file's own frames lie; nil for what is encoded.
  let original: OriginalFrames?

  /// Whether it is a file's own frames. They are read from the file whenever they are needed, and never stored.
  public var isOriginal: Bool { original != nil }

  public static let mp3x128 = Rendition(name: "mp3-128", codec: .mp3, bitrate: 128_000)
  public static let mp3x192 = Rendition(name: "mp3-192", codec: .mp3, bitrate: 192_000)
  public static let mp3x320 = Rendition(name: "mp3-320", codec: .mp3, bitrate: 320_000)
  public static let aac128 = Rendition(name: "aac-128", codec: .aac, bitrate: 128_000)
  public static let aac192 = Rendition(name: "aac-192", codec: .aac, bitrate: 192_000)
  /// For when nothing else gets through.
  public static let opus48 = Rendition(name: "opus-48", codec: .opus, bitrate: 48_000)
  public static let opus128 = Rendition(name: "opus-128", codec: .opus, bitrate: 128_000)
  public static let ogg160 = Rendition(name: "ogg-160", codec: .vorbis, bitrate: 160_000)
  public static let flac = Rendition(name: "flac", codec: .flac, bitrate: 0)

  /// The frames of a track's own file, whose codec and bitrate are the file's: a rendition of that track alone.
  public static func original(_ frames: OriginalFrames, bitrate: Int) -> Rendition {
    Rendition(name: originalName, codec: frames.codec, bitrate: bitrate, original: frames)
  }
  /// The name of every track's ``original(_:bitrate:)``.
  public static let originalName = "original"

  /// Every rendition that is encoded, and so is the same of every track.
  public static let all: [Rendition] = [
    mp3x128, mp3x192, mp3x320, aac128, aac192, opus48, opus128, ogg160, flac,
  ]

  private init(name: String, codec: EncoderSettings.Codec, bitrate: Int, original: OriginalFrames? = nil) {
    self.name = name
    self.codec = codec
    self.bitrate = bitrate
    self.original = original
  }

  /// The rendition of that name, or nil: of those that are encoded.
  public init?(name: String) {
    guard let found = Self.all.first(where: { $0.name == name }) else { return nil }
    self = found
  }

  /// The codec as the protocol calls it: `mp3`, `aac`, `opus`, `ogg` (Vorbis), `flac`.
  public var codecName: String { codec.rawValue }

  /// Whether a segment has the same bytes however it was made. A lossy encoder carries a state along that depends on
  /// where it began: at a listener's place, at the segment's pre-roll, or at the track's beginning.
  public var isReproducible: Bool { codec == .flac || isOriginal }

  public var description: String { name }

  /// The name says it all.
  public static func == (left: Rendition, right: Rendition) -> Bool { left.name == right.name }
  public func hash(into hasher: inout Hasher) { hasher.combine(name) }
}
