import CPlayerFiles
import Foundation
import Hummingbird

extension StaticFiles {
  /// The modules that a page, and its output thread, load by name.
  static let playerModules = ["js/main.js", "js/audio/worklet.js"]

  /// The web player's, which are part of the program.
  static func player() -> @Sendable (Request) -> StaticFiles {
    let files = UnsafeBufferPointer(start: dubplate_player_files, count: dubplate_player_file_count)
    do {
      let player = try StaticFiles(
        files.map { (String(cString: $0.path), UnsafeBufferPointer(start: $0.bytes, count: $0.count)) },
        modules: playerModules)
      return { _ in player }
    } catch {
      // They are what was compiled in, and a test joins them.
      fatalError("the player's modules can't be joined: \(error)")
    }
  }

  /// Those in a folder, read at each request and as they were written: who works on the player edits a file and loads the
  /// page again. It blocks the thread, and is for no other use.
  static func folder(_ root: String) -> @Sendable (Request) -> StaticFiles {
    { request in
      var files = StaticFiles()
      let asked = (request.head.path ?? "").prefix { $0 != "?" }.dropFirst()
      let isPlain = asked.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { !$0.hasPrefix(".") }
      for path in isPlain ? ["index.html", String(asked)] : ["index.html"] {
        guard var bytes = FileManager.default.contents(atPath: "\(root)/\(path)") else { continue }
        if path == "index.html" {
          var page = PlayerPage(String(decoding: bytes, as: UTF8.self))
          // The page has many addresses, and one place for its files.
          page.move(folders: Set(page.links.compactMap { $0.dropFirst().split(separator: "/").first }), to: "")
          bytes = Data(page.text.utf8)
        }
        bytes.withUnsafeBytes { files.add(path, $0.bindMemory(to: UInt8.self)) }
      }
      return files
    }
  }
}
