import CFFmpeg

/// Which of libavformat's demuxers may touch a file, and which one a file's first bytes ask for.
enum ContainerFormat {
  /// Containers of sound. Playlists, concatenations and everything that opens further files or addresses are not among
  /// them: a file named like a song must not make the server read another one.
  static let allowed =
    "flac,ogg,wav,w64,aiff,caf,mov,mp3,aac,matroska,asf,wv,ape,tta,tak,mpc,mpc8,dsf,iff,au,amr,ac3,eac3,dts,xwma,oma"

  /// Demuxers whose header says all that a decoder needs: no packet has to be read to find it out.
  static func isSelfDescribing(_ name: String) -> Bool {
    ["flac", "ogg", "wav", "w64", "aiff", "caf", "mov,mp4,m4a,3gp,3g2,mj2"].contains(name)
  }

  /// Whether the header's count of samples is that of the sound: a missing end is a missing end. Of compressed sound
  /// RIFF and its like count whole packets, or guess.
  static func declaresExactly(_ name: String, _ codec: AVCodecID) -> Bool {
    if name == "flac" { return true }
    return ["wav", "w64", "aiff", "caf"].contains(name) && String(cString: avcodec_get_name(codec)).hasPrefix("pcm_")
  }

  /// Whether timestamps move away from the sound: libavformat adds up the rounded lengths of a raw stream's frames, and
  /// reckons by a rounded number of bytes a second in RIFF, AIFF and OMA, and by packets of the mean length in CAF. FLAC is
  /// written into ASF with stamps that run backwards.
  static func driftsIn(_ name: String, _ codec: AVCodecID) -> Bool {
    if ["ac3", "eac3", "dts"].contains(name) { return true }
    if codec == AV_CODEC_ID_FLAC, ["caf", "asf"].contains(name) { return true }
    return (isRowOfBytes(name) || name == "oma") && !String(cString: avcodec_get_name(codec)).hasPrefix("pcm_")
  }

  /// Whether packets lie in it one behind the other and nothing says where: it may be entered at any of them.
  static func isRowOfBytes(_ name: String) -> Bool { ["wav", "w64", "xwma", "aiff"].contains(name) }

  /// The demuxer by the signature at `bytes` (the first 16 behind any ID3v2 tag), nil if it has to be probed.
  static func demuxer(signature bytes: [UInt8]) -> String? {
    func text(_ range: Range<Int>) -> String {
      range.upperBound <= bytes.count ? String(decoding: bytes[range], as: UTF8.self) : ""
    }
    switch text(0..<4) {
    case "fLaC": return "flac"
    case "OggS": return "ogg"
    case "RIFF", "RF64", "RIFX": return text(8..<12) == "WAVE" ? "wav" : nil
    case "FORM": return text(8..<12).hasPrefix("AIF") ? "aiff" : nil
    case "caff": return "caf"
    default: return text(4..<8) == "ftyp" ? "mov" : nil
    }
  }
}
