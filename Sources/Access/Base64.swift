import Foundation

/// Base64 of RFC 4648: section 5 without padding for tokens, section 4 without padding for stored hashes.
enum Base64 {
  /// The bytes of a text in the URL alphabet, or nil when the text is not the one canonical form of any bytes.
  ///
  /// Canonical only: otherwise the unused bits of the last character would give one token several spellings.
  static func decodeURL(_ text: some Collection<UInt8>) -> [UInt8]? {
    let standard = text.map { (byte: UInt8) -> UInt8 in
      switch byte {
      case UInt8(ascii: "-"): UInt8(ascii: "+")
      case UInt8(ascii: "_"): UInt8(ascii: "/")
      // The two characters of the other alphabet have no place here; a space makes the decoder refuse them.
      case UInt8(ascii: "+"), UInt8(ascii: "/"): UInt8(ascii: " ")
      default: byte
      }
    }
    return decode(standard)
  }

  /// The bytes of unpadded standard base64, or nil when it is not canonical.
  static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
    let unpadded = Array(text)
    guard unpadded.count % 4 != 1, !unpadded.contains(UInt8(ascii: "=")) else { return nil }
    let padding = [UInt8](repeating: UInt8(ascii: "="), count: (4 - unpadded.count % 4) % 4)
    guard let data = Data(base64Encoded: Data(unpadded + padding)), Array(encode(data).utf8) == unpadded else {
      return nil
    }
    return Array(data)
  }

  /// Standard base64 without padding.
  static func encode(_ bytes: some DataProtocol) -> String {
    String(Data(bytes).base64EncodedString().prefix { $0 != "=" })
  }
}
