import Foundation

/// Text as it is compared and searched: lower case, without diacritics and compatibility forms.
///
/// Done here and not by the database, so that SQLite and PostgreSQL find the same rows.
enum FoldedText {
  /// Letters that Unicode does not decompose and that people type without their stroke all the same.
  private static let plain: [Unicode.Scalar: String] = [
    "ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ŧ": "t", "ı": "i", "ß": "ss", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d",
    "’": "'", "‘": "'", "“": "\"", "”": "\"", "‐": "-", "–": "-", "—": "-",
  ]

  /// The folded form of a text.
  static func fold(_ text: String) -> String {
    var folded = String.UnicodeScalarView()
    for scalar in text.decomposedStringWithCompatibilityMapping.lowercased().unicodeScalars {
      if scalar.properties.generalCategory == .nonspacingMark { continue }
      if let replacement = plain[scalar] {
        folded.append(contentsOf: replacement.unicodeScalars)
      } else {
        folded.append(scalar)
      }
    }
    return String(folded)
  }

  /// The folded words of a search text, within ``Limits``.
  static func words(_ query: String) -> [String] {
    let bounded = String(String.UnicodeScalarView(query.unicodeScalars.prefix(Limits.queryScalars)))
    return fold(bounded).split(whereSeparator: \.isWhitespace).prefix(Limits.queryWords)
      .map { $0.filter { $0 != "\0" } }.filter { !$0.isEmpty }
  }

  /// A LIKE pattern (`ESCAPE '\'`) that finds a text anywhere.
  static func likePattern(containing text: String) -> String {
    var pattern = "%"
    for character in text.unicodeScalars {
      if character == "%" || character == "_" || character == "\\" { pattern.append("\\") }
      pattern.unicodeScalars.append(character)
    }
    return pattern + "%"
  }
}
