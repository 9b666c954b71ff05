import CPlayerFiles

extension StaticFiles {
  /// The modules that a page, and its output thread, load by name.
  static let playerModules = ["js/main.js", "js/audio/worklet.js"]

  /// The web player's, which are part of the program.
  static func player() -> StaticFiles {
    let files = UnsafeBufferPointer(start: dubplate_player_files, count: dubplate_player_file_count)
    do {
      return try StaticFiles(
        files.map { (String(cString: $0.path), UnsafeBufferPointer(start: $0.bytes, count: $0.count)) },
        modules: playerModules)
    } catch {
      // They are what was compiled in, and a test joins them.
      fatalError("the player's modules can't be joined: \(error)")
    }
  }
}
