import Crypto
import Foundation

/// The ids and fingerprints of the catalogue.
enum Identifier {
  /// Base32 of RFC 4648 in lower case: survives URLs, file names, cookies and being read aloud.
  private static let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567")

  /// A new random id of 16 characters, 80 bits.
  static func random() -> String {
    var generator = SystemRandomNumberGenerator()
    return String((0..<16).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &generator)] })
  }

  /// How files are looked into. Another number when that finds other lengths or other places of samples: what was made by
  /// those found before, segments, analyses and URLs, is then another file's, and never mixed with what is made now.
  static let inspectionVersion = 3

  /// The fingerprint of a file's content, as far as the file system tells, and of how it was looked into: 32 hexadecimal
  /// digits.
  static func fingerprint(path: String, size: Int64, modified: Int64) -> String {
    var hash = SHA256()
    // The length in front keeps a path that ends in digits apart from its neighbour.
    hash.update(data: Data("\(inspectionVersion):\(path.utf8.count):\(path):\(size):\(modified)".utf8))
    return hex(hash.finalize().prefix(16))
  }

  /// Hexadecimal digits in lower case.
  static func hex(_ bytes: some Sequence<UInt8>) -> String {
    var text = ""
    for byte in bytes {
      if byte < 16 { text.append("0") }
      text.append(String(byte, radix: 16))
    }
    return text
  }
}
