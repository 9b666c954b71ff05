/// What listeners get: codec, bitrate and rate of one rendition.
public struct EncoderSettings: Hashable, Sendable {
  /// The codecs that are encoded to.
  public enum Codec: String, Hashable, Sendable, CaseIterable, Codable {
    case mp3, aac, opus, flac
    case vorbis = "ogg"

    /// The rate at which a track on the grid of `gridRate` is encoded: Opus knows 48 kHz only.
    public func sampleRate(onGridOf gridRate: Int) -> Int { self == .opus ? 48_000 : gridRate }
  }

  public var codec: Codec
  /// Bits per second; 0 for FLAC.
  public var bitrate: Int
  /// 44,100 or 48,000 Hz: the grid rate of the track, or the only one that the codec knows.
  public var sampleRate: Int
  /// FLAC: 16 or 24 bits a sample. Others: 0.
  public var bitDepth: Int
  /// The file's own frames, which are handed out and not encoded; nil for all others.
  public var original: OriginalFrames?
  /// Always stereo.
  public var channels: Int { 2 }

  /// - Parameter sampleRate: the grid rate of the track.
  public init(codec: Codec, bitrate: Int, sampleRate: Int, bitDepth: Int = 0) {
    self.codec = codec
    self.bitrate = codec == .flac ? 0 : bitrate
    self.sampleRate = codec.sampleRate(onGridOf: sampleRate)
    self.bitDepth = codec == .flac ? (bitDepth == 0 ? 16 : bitDepth) : 0
  }

  /// A file's own frames.
  public init(original: OriginalFrames, bitrate: Int, sampleRate: Int) {
    self.init(codec: original.codec, bitrate: bitrate, sampleRate: sampleRate)
    self.original = original
  }

  public static func mp3(bitrate: Int, sampleRate: Int) -> EncoderSettings {
    EncoderSettings(codec: .mp3, bitrate: bitrate, sampleRate: sampleRate)
  }
  public static func aac(bitrate: Int, sampleRate: Int) -> EncoderSettings {
    EncoderSettings(codec: .aac, bitrate: bitrate, sampleRate: sampleRate)
  }
  public static func opus(bitrate: Int) -> EncoderSettings {
    EncoderSettings(codec: .opus, bitrate: bitrate, sampleRate: 48_000)
  }
  public static func vorbis(bitrate: Int, sampleRate: Int) -> EncoderSettings {
    EncoderSettings(codec: .vorbis, bitrate: bitrate, sampleRate: sampleRate)
  }
  public static func flac(bitDepth: Int, sampleRate: Int) -> EncoderSettings {
    EncoderSettings(codec: .flac, bitrate: 0, sampleRate: sampleRate, bitDepth: bitDepth)
  }

  /// Samples of one segment of every codec: 80 MP3, 90 AAC, 24 Opus, 6 Vorbis or 20 FLAC frames.
  public static let segmentSamples = 92_160

  /// Samples that one frame decodes to. An Opus frame is an Ogg page of four packets: a page for each packet would
  /// make a sixth of 48 kbit/s. A Vorbis frame is a page of fifteen long blocks or what stands for them: the block on its
  /// edge can't be short, so edges should be few; with thirty, short blocks would be more packets than a page can have.
  public var frameSamples: Int { packetSamples * packetsPerFrame }

  /// Samples of one of the encoder's packets; for Vorbis of a long block.
  var packetSamples: Int {
    switch codec {
    case .mp3: 1_152
    case .aac, .vorbis: 1_024
    case .opus: 960
    case .flac: 4_608
    }
  }

  /// Packets of the encoder in a frame; for Vorbis if all its blocks are long.
  public var packetsPerFrame: Int {
    switch codec {
    case .opus: 4
    case .vorbis: 15
    case .mp3, .aac, .flac: 1
    }
  }

  /// Frames that are encoded in front of a range, so that the encoder's state is that of a continuous encode.
  ///
  /// Measured on real music: with 3 frames LAME's output is that of the continuous encode, nearly always byte for byte
  /// (its adaptive threshold of hearing may take longer); FFmpeg's AAC never settles, and with 20 the joint is inaudible;
  /// libopus with 7 frames (28 packets) is that of the continuous encode at 128 kbit/s; at 48, where its decisions on
  /// stereo and bandwidth weigh more, 7 leave up to 7 dB at a joint and 12 up to 2; of libvorbis' packets up to 8 % are
  /// not those of the continuous encode to the byte with one frame, 2 % with two, 0.2 % with three.
  public var preRollFrames: Int {
    switch codec {
    case .mp3: 3
    case .aac: 20
    case .opus: bitrate < 64_000 ? 16 : 7
    case .vorbis: 3
    case .flac: 0
    }
  }

  /// Frames in front of a range whose first sound somebody waits for. Measured on real music, the error of the first
  /// frame is then within 2 dB (MP3) and 3 dB (AAC) of the continuous encode's.
  var quickPreRollFrames: Int {
    switch codec {
    case .mp3: 1
    case .aac: 4
    case .opus: bitrate < 64_000 ? 7 : 2
    case .vorbis: 1
    case .flac: 0
    }
  }

  /// Frames that are encoded in front of frame `frame` of a track. At the track's beginning, where only silence is in
  /// front, two are enough: the frame that is handed out for the decoder's state, and one for the encoder's transform.
  func preRollFrames(before frame: Int, isQuick: Bool) -> Int {
    let settled = frame == 0 ? min(preRollFrames, 2) : preRollFrames
    return isQuick ? min(settled, quickPreRollFrames) : settled
  }

  /// Frames after a quick start at frame `frame` of a track that are good sound, but not yet those of the continuous
  /// encode; 0 where a quick start is none.
  public func settlingFrames(from frame: Int) -> Int {
    guard original == nil else { return 0 }
    return preRollFrames(before: frame, isQuick: false) - preRollFrames(before: frame, isQuick: true)
  }

  /// Frames of the pre-roll that are handed out for the decoder's state (its overlapping transform needs the one
  /// before).
  public var primingFrames: Int { codec == .flac ? 0 : original?.primingFrames ?? 1 }

  /// The same in front of frame `frame` of a track: at its beginning a file of its own frames may have fewer.
  public func primingFrames(before frame: Int) -> Int { original?.primingFrames(before: frame) ?? primingFrames }

  /// Samples that a decoder makes of the priming, to be dropped. A Vorbis decoder makes none of the first packet, and
  /// that alone is its priming.
  public var primingSamples: Int { primingSamples(ofFrames: primingFrames) }

  /// The same of a number of frames.
  public func primingSamples(ofFrames count: Int) -> Int { codec == .vorbis ? 0 : count * frameSamples }

  /// Samples by which a raw decode lags behind the encoder's input: LAME 576 + 529 of the decoder, FFmpeg's AAC one
  /// frame, libopus 6.5 ms of look-ahead. libvorbis' first block is a short one centred on the first sample; the next,
  /// long one belongs on the edge of a frame.
  var delay: Int {
    switch codec {
    case .mp3: 1_105
    case .aac: 1_024
    case .opus: 312
    case .vorbis: -VorbisEncoder.changeStep
    case .flac: 0
    }
  }

  public var framesPerSegment: Int { EncoderSettings.segmentSamples / frameSamples }

  /// Frames of a whole track; the last one may be short (FLAC) or padded (MP3, AAC).
  public func frameCount(totalSamples: Int64) -> Int {
    guard totalSamples > 0 else { return 0 }
    return Int((totalSamples + Int64(frameSamples) - 1) / Int64(frameSamples))
  }

  /// Segments of a whole track.
  public static func segmentCount(totalSamples: Int64) -> Int {
    guard totalSamples > 0 else { return 0 }
    return Int((totalSamples + Int64(segmentSamples) - 1) / Int64(segmentSamples))
  }

  /// The frames of segment `index` of a track.
  public func frames(ofSegment index: Int, totalSamples: Int64) -> Range<Int> {
    let count = frameCount(totalSamples: totalSamples)
    let lower = min(max(index, 0) * framesPerSegment, count)
    return lower..<min(lower + framesPerSegment, count)
  }

  /// What a file of these frames begins with: `fLaC` and STREAMINFO (RFC 9639, 8.2), 42 bytes; for Opus the pages of its
  /// two headers (RFC 7845, 5), whose pre-skip is the priming; for Vorbis those of its three (Vorbis I, 4.2); empty for MP3
  /// and ADTS.
  public func streamHeader(totalSamples: Int64) -> [UInt8] {
    switch codec {
    case .mp3, .aac: []
    case .opus: OggOpusFormat.streamHeader(self)
    case .vorbis: OggVorbisFormat.streamHeader(self)
    case .flac: FLACFormat.streamHeader(settings: self, totalSamples: totalSamples)
    }
  }

  /// The packets of an Opus frame, an Ogg page: their sizes, and where the first begins.
  public static func opusPackets(inPage page: some Collection<UInt8>) -> (sizes: [Int], start: Int)? {
    OggPage.packets(inPage: page)
  }

  /// Bytes of every MP3 frame: where a bitrate doesn't come out even (at 44.1 kHz) each frame is padded, not nearly each,
  /// so that the size of any stretch of a track is known before it is encoded. 0 for other codecs.
  public var constantFrameBytes: Int {
    guard codec == .mp3, original == nil else { return 0 }
    let (bytes, rest) = (144 * bitrate).quotientAndRemainder(dividingBy: sampleRate)
    return rest == 0 ? bytes : bytes + 1
  }

  /// The four bytes that begin an MP3 frame of these settings, in stereo and without a checksum; empty for others.
  public var constantFrameHeader: [UInt8] { codec == .mp3 ? MP3Format.header(self) : [] }

  /// What configures an AAC-LC decoder (ISO/IEC 14496-3, 1.6.2.1), 2 bytes; empty for others.
  public var audioSpecificConfig: [UInt8] {
    guard codec == .aac, let rate = ADTSFormat.sampleRates.firstIndex(of: sampleRate) else { return [] }
    let word = 2 << 11 | rate << 7 | channels << 3
    return [UInt8(word >> 8), UInt8(word & 0xFF)]
  }

  /// Bytes of the header in front of each AAC frame.
  public static let adtsHeaderBytes = ADTSFormat.headerSize

  /// Throws `invalidRequest` for what no encoder here can do.
  public func validate() throws(AudioCodecError) {
    guard sampleRate == 44_100 || sampleRate == 48_000 else {
      throw AudioCodecError(.invalidRequest, "The sampling rate must be 44,100 or 48,000 Hz")
    }
    switch codec {
    case .mp3:
      guard MP3Format.bitrates.contains(bitrate) else {
        throw AudioCodecError(.invalidRequest, "MP3 has no such bitrate (MPEG-1 layer III: 32 to 320 kbit/s)")
      }
    case .aac:
      guard (32_000...320_000).contains(bitrate) else {
        throw AudioCodecError(.invalidRequest, "An AAC bitrate is 32 to 320 kbit/s")
      }
    case .opus:
      guard (32_000...256_000).contains(bitrate) else {
        throw AudioCodecError(.invalidRequest, "An Opus bitrate is 32 to 256 kbit/s")
      }
    case .vorbis:
      guard (96_000...256_000).contains(bitrate) else {
        throw AudioCodecError(.invalidRequest, "A Vorbis bitrate is 96 to 256 kbit/s")
      }
    case .flac:
      guard bitDepth == 16 || bitDepth == 24 else {
        throw AudioCodecError(.invalidRequest, "FLAC has 16 or 24 bits a sample")
      }
    }
  }
}
