import Crypto
import Foundation

/// A name of an account that says nothing about it: for what is counted per account and can be read by others, such as
/// the session in an audio URL.
public enum AccountMark {
  /// Sixteen of A–Z, a–z, 0–9, `_` and `-`, always the same for an account: 96 bits of SHA-256.
  public static func mark(of userID: String) -> String {
    Data(SHA256.hash(data: Data("dubplate account\n\(userID)".utf8)).prefix(12)).base64EncodedString()
      .replacingOccurrences(of: "+", with: "-").replacingOccurrences(of: "/", with: "_")
  }
}
