import CPlayerFiles

extension StaticFiles {
  /// The web player's, which are part of the program.
  static func player() -> StaticFiles {
    var files = StaticFiles()
    for file in UnsafeBufferPointer(start: dubplate_player_files, count: dubplate_player_file_count) {
      files.add(String(cString: file.path), UnsafeBufferPointer(start: file.bytes, count: file.count))
    }
    return files
  }
}
