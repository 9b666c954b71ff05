import Foundation

/// The player's page as it is sent, made of the one that was written.
struct PlayerPage {
  private(set) var text: String

  init(_ text: String) {
    self.text = text
  }

  /// Makes its style sheets one, in the place of the first.
  /// - Parameter texts: of all files, by path.
  /// - Returns: the path of the first, and what is to be there; nil where there are none.
  mutating func joinStyleSheets(_ texts: [String: String]) -> (path: String, text: String)? {
    var lines: [Substring] = []
    var sheets: [(path: String, text: String)] = []
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.contains("rel=\"stylesheet\""), let path = Self.links(of: line).first, let sheet = texts[path] {
        sheets.append((path, sheet))
        if sheets.count > 1 { continue }
      }
      lines.append(line)
    }
    text = lines.joined(separator: "\n")
    return sheets.first.map { ($0.path, sheets.map(\.text).joined(separator: "\n")) }
  }

  /// Leads the links to files in these folders elsewhere.
  mutating func move(folders: some Sequence<Substring>, to place: String) {
    for folder in folders { text = text.replacing("=\"\(folder)/", with: "=\"\(place)/\(folder)/") }
  }

  /// The files that it links to, as absolute paths.
  var links: [String] {
    Self.links(of: text[...]).filter { !$0.hasPrefix("#") }.map { $0.hasPrefix("/") ? $0 : "/" + $0 }
  }

  private static func links(of text: Substring) -> [String] {
    var links: [String] = []
    var rest = text
    while let attribute = rest.firstRange(of: "=\"") {
      let isLink = ["href", "src"].contains { rest[..<attribute.lowerBound].hasSuffix(" " + $0) }
      rest = rest[attribute.upperBound...]
      let value = rest.prefix { $0 != "\"" }
      if isLink { links.append(String(value)) }
      rest = rest[value.endIndex...].dropFirst()
    }
    return links
  }
}
