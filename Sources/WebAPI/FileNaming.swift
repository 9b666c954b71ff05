import Catalog
import Foundation

/// What an answer says of the file that a browser would keep of it.
enum FileNaming {
  /// `Content-Disposition` (RFC 6266): the name in ASCII for old clients, and as it is (RFC 8187). Played where it can be,
  /// not saved.
  static func disposition(of track: Track, ending: String) -> String {
    let name = name(of: track) + "." + ending
    let plain = String(
      name.unicodeScalars.map { scalar -> Character in
        scalar.isASCII && scalar != "\"" && scalar != "%" ? Character(scalar) : "_"
      })
    let encoded = name.utf8.map { byte in
      attributeCharacters.contains(byte)
        ? String(UnicodeScalar(byte)) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
    }.joined()
    return "inline; filename=\"\(plain)\"; filename*=UTF-8''\(encoded)"
  }

  /// Artist and title, without what a file system would take for something else.
  private static func name(of track: Track) -> String {
    let text = [track.artist, track.title].compactMap { $0 }.joined(separator: " - ")
    var name = ""
    for character in text {
      let isPlain = character.unicodeScalars.allSatisfy { scalar in
        !"/\\:*?\"<>|".unicodeScalars.contains(scalar) && scalar.properties.generalCategory != .control
      }
      let next = isPlain ? String(character) : "_"
      // Most file systems hold 255 bytes: with room for an ending and what a browser adds.
      guard name.utf8.count + next.utf8.count <= WebLimits.fileNameBytes else { break }
      name += next
    }
    return name.hasPrefix(".") ? "_" + name.dropFirst() : name
  }

  /// `attr-char` of RFC 8187.
  private static let attributeCharacters = Set(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$&+-.^_`|~".utf8)

  /// When the track's file was changed, in seconds since 1970: what `Last-Modified` says.
  static func modifiedSeconds(of track: Track) -> Int64 { track.modified / 1_000_000_000 }

  /// Seconds since 1970 as HTTP writes them (RFC 9110, 5.6.7).
  static func date(_ seconds: Int64) -> String {
    Date(timeIntervalSince1970: Double(seconds)).formatted(httpDate)
  }

  private static let httpDate = Date.VerbatimFormatStyle(
    format: """
      \(weekday: .abbreviated), \(day: .twoDigits) \(month: .abbreviated) \(year: .padded(4)) \
      \(hour: .twoDigits(clock: .twentyFourHour, hourCycle: .zeroBased)):\(minute: .twoDigits):\(second: .twoDigits) GMT
      """,
    locale: Locale(identifier: "en_US_POSIX"), timeZone: TimeZone(secondsFromGMT: 0) ?? .current,
    calendar: Calendar(identifier: .gregorian))
}
