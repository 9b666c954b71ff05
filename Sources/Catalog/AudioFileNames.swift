/// Which names are looked into. What a file really is, its content says.
enum AudioFileNames {
  private static let extensions: Set<String> = [
    "mp3", "mp2", "aac", "m4a", "m4b", "mp4", "ogg", "oga", "opus", "spx", "flac", "wav", "wave", "aif", "aiff", "aifc",
    "wma", "ape", "wv", "tta", "mka", "webm", "caf", "ac3", "dsf", "dff",
  ]

  /// Whether a name's extension, in any case, is one of sound.
  static func isAudio(_ name: String) -> Bool {
    guard let dot = name.lastIndex(of: ".") else { return false }
    return extensions.contains(name[name.index(after: dot)...].lowercased())
  }
}
