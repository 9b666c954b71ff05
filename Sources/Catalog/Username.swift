import Foundation

/// A username that may be stored, and the key under which it is unique.
struct Username {
  /// As it was typed, without blanks around it, composed (NFC).
  let text: String

  /// What makes two names the same: compatibility forms and case are folded, diacritics are not.
  let key: String

  /// - Throws: ``CatalogError/badUsername``.
  init(_ typed: String) throws(CatalogError) {
    guard typed.utf8.count <= 16 * Limits.usernameScalars.upperBound else { throw .badUsername }
    let text = typed.trimmingCharacters(in: .whitespacesAndNewlines).precomposedStringWithCanonicalMapping
    let key = text.precomposedStringWithCompatibilityMapping.lowercased().precomposedStringWithCompatibilityMapping
    guard Limits.usernameScalars.contains(text.unicodeScalars.count),
      Limits.usernameScalars.contains(key.unicodeScalars.count),
      text.unicodeScalars.allSatisfy(Self.isAllowed)
    else { throw .badUsername }
    self.text = text
    self.key = key
  }

  private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
      .nonspacingMark, .spacingMark:
      true
    default:
      "._-@+".unicodeScalars.contains(scalar)
    }
  }
}

/// A page's limit and offset, held to ``Limits``.
struct PageBounds {
  let limit: Int
  let offset: Int

  init(limit: Int, offset: Int) {
    self.limit = min(max(limit, Limits.pageRows.lowerBound), Limits.pageRows.upperBound)
    self.offset = min(max(offset, 0), Limits.maximumOffset)
  }
}
