import Foundation

/// The arrows that `Docs/architecture.md` draws, in its fenced block `arrows`: a line `Gateway -> Segments, Playback`
/// for each target.
struct DrawnArrows {
  let arrows: [String: Set<String>]

  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  /// - Throws: ``Failure`` when there is no such block, a line of it is no arrow, or a target stands in it twice.
  init(markdown: String) throws {
    let lines = markdown.split(separator: "\n", omittingEmptySubsequences: false)
    guard let start = lines.firstIndex(of: "```arrows"), let end = lines[(start + 1)...].firstIndex(of: "```") else {
      throw Failure(description: "Docs/architecture.md has no block ```arrows")
    }
    var arrows: [String: Set<String>] = [:]
    for line in lines[(start + 1)..<end] where !line.allSatisfy(\.isWhitespace) {
      let sides = line.split(separator: "->", maxSplits: 1, omittingEmptySubsequences: false)
        .map { $0.trimmingCharacters(in: .whitespaces) }
      guard sides.count == 2, !sides[0].isEmpty else { throw Failure(description: "no arrow: \(line)") }
      let heads = sides[1].split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
      guard arrows.updateValue(Set(heads), forKey: sides[0]) == nil else {
        throw Failure(description: "\(sides[0]) is drawn twice")
      }
    }
    self.arrows = arrows
  }

  /// What the document of this package draws.
  static func documented() throws -> DrawnArrows {
    try DrawnArrows(
      markdown: String(contentsOf: PackageManifest.root.appending(path: "Docs/architecture.md"), encoding: .utf8))
  }

  /// A way round in a circle, if there is one, as the names along it.
  var cycle: [String]? {
    var done: Set<String> = []
    var path: [String] = []
    func visit(_ name: String) -> [String]? {
      if let start = path.firstIndex(of: name) { return Array(path[start...]) + [name] }
      guard !done.contains(name) else { return nil }
      path.append(name)
      defer { path.removeLast() }
      for next in (arrows[name] ?? []).sorted() {
        if let found = visit(next) { return found }
      }
      done.insert(name)
      return nil
    }
    for name in arrows.keys.sorted() {
      if let found = visit(name) { return found }
    }
    return nil
  }
}
