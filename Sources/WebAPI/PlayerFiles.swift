import CPlayerFiles

extension StaticFiles {
  /// The web player's, which are part of the program.
  static func player() -> StaticFiles {
    let files = UnsafeBufferPointer(start: dubplate_player_files, count: dubplate_player_file_count)
    return StaticFiles(
      files.map { (String(cString: $0.path), UnsafeBufferPointer(start: $0.bytes, count: $0.count)) })
  }
}
