/// What the library shows of a file: what it is, how long, and what its tags say.
public struct AudioProbe: Hashable, Sendable {
  /// What readers and encoders want to be given; can be stored.
  public var facts: SourceFacts
  /// FFmpeg's short name of the codec: `flac`, `mp3`, `aac`, `vorbis`, `opus`, `alac`, `pcm_s16le`, …
  public var codec: String
  /// Bits a sample of lossless sources; 0 for lossy ones, which have none.
  public var bitsPerSample: Int
  /// Bits per second, from the header or from size and duration.
  public var bitrate: Int
  public var isLosslessSource: Bool
  public var tags: AudioTags
  /// The embedded front picture.
  public var cover: AudioCover?

  public var container: String { facts.container }
  public var sampleRate: Int { facts.sampleRate }
  public var channels: Int { facts.channels }
  /// Exact number of samples at `sampleRate`, encoder delay and padding taken off.
  public var sampleCount: Int64 { facts.sampleCount }
  /// Seconds.
  public var duration: Double { Double(facts.sampleCount) / Double(facts.sampleRate) }
  /// 44,100 or 48,000 Hz.
  public var gridRate: Int { facts.gridRate }
  /// Exact number of samples at `gridRate`: what encoders take as `totalSamples`.
  public var gridSampleCount: Int64 { facts.gridSampleCount }
  /// Bits a sample for a FLAC rendition.
  public var flacBitDepth: Int {
    Self.flacBitDepth(
      bitsPerSample: isLosslessSource ? bitsPerSample : nil, isResampled: sampleRate != gridRate, channels: channels)
  }
  /// 16 where that holds the source exactly, or the source is lossy: the noise that a lossy codec leaves is far above
  /// what is rounded off. Else 24.
  /// - Parameter bitsPerSample: of a lossless source; nil for a lossy one.
  public static func flacBitDepth(bitsPerSample: Int?, isResampled: Bool, channels: Int) -> Int {
    guard let bitsPerSample else { return 16 }
    return (1...16).contains(bitsPerSample) && !isResampled && channels <= 2 ? 16 : 24
  }
}

/// The tags that a library sorts and shows by; nil where a file has none.
public struct AudioTags: Hashable, Sendable, Codable {
  public var title: String?
  public var artist: String?
  public var album: String?
  public var albumArtist: String?
  public var composer: String?
  public var genre: String?
  public var year: Int?
  public var trackNumber: Int?
  public var trackTotal: Int?
  public var discNumber: Int?
  public var discTotal: Int?
  /// With its line breaks; plain, or LRC with a time in front of each line.
  public var lyrics: String?

  public init() {}
}

/// An embedded picture, as it lies in the file.
public struct AudioCover: Hashable, Sendable {
  public var bytes: [UInt8]
  /// By its content: `image/jpeg`, `image/png`, `image/webp`, `image/gif` or `image/bmp`.
  public var mimeType: String

  public init(bytes: [UInt8], mimeType: String) {
    self.bytes = bytes
    self.mimeType = mimeType
  }
}
