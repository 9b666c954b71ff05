/// What is logged or printed, on one line: names of files come from strangers, and could end a line, begin one that looks
/// like ours, or say something to a terminal.
public enum LineText {
  /// The same with controls, separators of lines and changes of direction written as `\u{…}`.
  public static func escaped(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isUnfit) else { return text }
    var escaped = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      if isUnfit(scalar) {
        escaped.append(contentsOf: "\\u{\(String(scalar.value, radix: 16))}".unicodeScalars)
      } else {
        escaped.append(scalar)
      }
    }
    return String(escaped)
  }

  private static func isUnfit(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x20..<0x7F: false
    // C0, DEL and C1; separators of lines and paragraphs; marks, embeddings and isolates of direction.
    case 0..<0xA0, 0x2028...0x202E, 0x2066...0x2069, 0x200E, 0x200F, 0x061C: true
    default: false
    }
  }
}
