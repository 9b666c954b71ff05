import Foundation

/// Where the official browser client lies when nobody says it.
enum BrowserClient {
  static let name = "socket.io.min.js"
  /// That the player was written for.
  static let version = "4.8.1"

  /// Beside the program, where an installation puts it, or where `scripts/bootstrap` does in the checkout that the program
  /// was built in.
  static func candidates(program: URL) -> [String] {
    let folder = program.deletingLastPathComponent()
    var ancestor = folder
    var places = [folder, folder.deletingLastPathComponent().appending(path: "share/dubplate")]
    for _ in 0..<ServerLimits.checkoutDepth {
      ancestor = ancestor.deletingLastPathComponent()
      places.append(ancestor.appending(path: ".build-assets"))
    }
    places += ["/usr/local/share/dubplate", "/usr/share/dubplate"].map { URL(filePath: $0) }
    return places.map { $0.appending(path: name).path(percentEncoded: false) }
  }

  /// The first that can be read; nil where none is.
  static func find() -> String? {
    guard let program = Bundle.main.executableURL?.resolvingSymlinksInPath() else { return nil }
    return candidates(program: program).first { FileManager.default.isReadableFile(atPath: $0) }
  }
}
