import Foundation

/// Several ES modules as one, so that a page over a slow link waits for one answer and not for a chain of them.
///
/// Each module becomes a block of the joined one, in the order in which they would have run; what it exports, it puts into
/// an object, and what it imports, it takes from those of others. That holds for modules of one style, which the player's
/// are: `import { a, b } from './c.js';` or `import * as c from './c.js';` at the beginning of a line, and declarations with
/// `export` in front of them.
///
/// Comments on lines of their own are left out.
struct JoinedModules {
  /// What can't be joined, for people.
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  private let sources: [String: String]
  private var order: [String] = []
  private var places: [String: Int] = [:]
  private var isOpen: Set<String> = []

  /// - Parameter sources: texts by path, such as `js/main.js`.
  init(sources: [String: String]) {
    self.sources = sources
  }

  /// A module and all that it needs, as a module in its place.
  /// - Throws: ``Failure`` for a module that isn't there, that needs itself, or is of another style.
  static func joined(_ root: String, sources: [String: String]) throws(Failure) -> String {
    var joining = JoinedModules(sources: sources)
    var text = ""
    try joining.add(root, of: root, to: &text)
    return text
  }

  private mutating func add(_ path: String, of root: String, to text: inout String) throws(Failure) {
    guard places[path] == nil else { return }
    guard let source = sources[path] else { throw Failure(description: "there is no module \(path)") }
    guard isOpen.insert(path).inserted else { throw Failure(description: "\(path) needs itself") }
    var (imports, exports, body) = ("", [String](), "")
    var comments = CommentFilter()
    var lines = source.split(separator: "\n", omittingEmptySubsequences: false)[...]
    while let line = lines.popFirst() {
      guard !comments.leavesOut(line) else { continue }
      if line.hasPrefix("import ") {
        var statement = String(line)
        while !statement.hasSuffix(";"), let more = lines.popFirst() { statement += " " + more }
        let (names, other) = try Self.imported(statement, by: path)
        try add(other, of: root, to: &text)
        guard let place = places[other] else { throw Failure(description: "\(path) needs itself") }
        imports += "const \(names) = m\(place);\n"
      } else if line.hasPrefix("export ") {
        let declaration = line.dropFirst("export ".count)
        exports.append(try Self.name(declaration, of: path))
        body += declaration + "\n"
      } else {
        body += line + "\n"
      }
    }
    let place = places.count
    places[path] = place
    isOpen.remove(path)
    // A module's own address stays what it was: other files lie where it says.
    let depth = root.split(separator: "/").count - 1
    let address = "new URL('\(String(repeating: "../", count: depth))\(path)', import.meta.url).href"
    body = body.replacing("import.meta.url", with: address)
    let exported = "Object.assign(m\(place), { \(exports.joined(separator: ", ")) });"
    text += "const m\(place) = {};\n{\n\(imports)\(body)\(exported)\n}\n"
  }

  /// What an object of exports is taken apart into, and the path of the module that they come from.
  private static func imported(_ statement: String, by path: String) throws(Failure) -> (names: String, path: String) {
    let parts = statement.split(separator: "'", omittingEmptySubsequences: false)
    let clause = parts[0].dropFirst("import ".count).dropLast(" from ".count)
    guard parts.count == 3, parts[2] == ";", parts[0].hasSuffix(" from "),
      clause.hasPrefix("* as ") || (clause.hasPrefix("{") && clause.hasSuffix("}"))
    else { throw Failure(description: "\(path) imports in a style of its own: \(statement)") }
    let names = clause.hasPrefix("{") ? clause.replacing(" as ", with: ": ") : clause.dropFirst("* as ".count)
    var folders = path.split(separator: "/").dropLast()
    for part in parts[1].split(separator: "/") where part != "." {
      if part == ".." { _ = folders.popLast() } else { folders.append(part) }
    }
    return (String(names), folders.joined(separator: "/"))
  }

  private static func name(_ declaration: Substring, of path: String) throws(Failure) -> String {
    var rest = declaration
    for word in ["async ", "function ", "class ", "const "] where rest.hasPrefix(word) {
      rest = rest.dropFirst(word.count)
    }
    let name = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "$" }
    guard rest.startIndex != declaration.startIndex, !name.isEmpty else {
      throw Failure(description: "\(path) exports in a style of its own: \(declaration.prefix(80))")
    }
    return String(name)
  }
}

/// Lines that are nothing but comment.
private struct CommentFilter {
  private var isInside = false
  private var isInTemplate = false

  mutating func leavesOut(_ line: Substring) -> Bool {
    let text = line.drop { $0 == " " }
    if isInside {
      isInside = !text.hasSuffix("*/")
      return true
    }
    if !isInTemplate {
      if text.hasPrefix("//") { return true }
      if text.hasPrefix("/*") {
        // Code behind a comment keeps it.
        guard let end = text.firstRange(of: "*/") else {
          isInside = true
          return true
        }
        if end.upperBound == text.endIndex { return true }
      }
    }
    // Within a template text, a line is text whatever it looks like.
    if !line.count(where: { $0 == "`" }).isMultiple(of: 2) { isInTemplate.toggle() }
    return false
  }
}
