/// Which names are looked into. What a file really is, its content says.
enum AudioFileNames {
  private static let extensions: Set<String> = [
    "mp3", "mp2", "mp1", "aac", "adts", "m4a", "m4b", "m4r", "mp4", "mov", "3gp", "ogg", "oga", "opus", "spx", "flac",
    "wav", "wave", "rf64", "w64", "aif", "aiff", "aifc", "caf", "au", "snd", "8svx", "wma", "asf", "xwma", "ape", "wv",
    "tta", "tak", "mpc", "mka", "webm", "ac3", "eac3", "ec3", "dts", "dsf", "dff", "amr", "awb", "oma", "aa3",
  ]

  /// Whether a name's extension, in any case, is one of sound.
  static func isAudio(_ name: String) -> Bool {
    guard let dot = name.lastIndex(of: ".") else { return false }
    return extensions.contains(name[name.index(after: dot)...].lowercased())
  }
}
