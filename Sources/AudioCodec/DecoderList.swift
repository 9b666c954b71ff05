import CFFmpeg

/// Which of libavcodec's decoders may touch a file.
///
/// A build of libav brings five hundred, most for pictures or for formats of one game; each is code that reads what a
/// stranger wrote. Here are those that music comes in.
enum DecoderList {
  private static let names: Set<String> = [
    "aac", "aac_latm", "ac3", "adpcm_ima_qt", "adpcm_ima_wav", "adpcm_ms", "alac", "amrnb", "amrwb", "ape", "atrac3",
    "atrac3p", "dca", "dsd_lsbf", "dsd_lsbf_planar", "dsd_msbf", "dsd_msbf_planar", "eac3", "flac", "libopus",
    "libvorbis", "mp1", "mp1float", "mp2", "mp2float", "mp3", "mp3float", "mpc7", "mpc8", "opus", "tak", "truehd",
    "tta",
    "vorbis", "wavpack", "wmalossless", "wmapro", "wmav1", "wmav2",
  ]

  /// Whether a decoder of that name (libavcodec's) may be used.
  static func contains(_ name: String) -> Bool { names.contains(name) || name.hasPrefix("pcm_") }

  /// All of them that this build has, as libavformat wants them said: it tries decoders by itself to find out what a
  /// stream is, pictures too.
  static let text: String = {
    var place: UnsafeMutableRawPointer?
    var found: [String] = []
    while let codec = av_codec_iterate(&place) {
      guard av_codec_is_decoder(codec) != 0, let name = codec.pointee.name.map({ String(cString: $0) }),
        contains(name)
      else { continue }
      found.append(name)
    }
    return found.joined(separator: ",")
  }()
}
