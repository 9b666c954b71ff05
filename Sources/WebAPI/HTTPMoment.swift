/// A moment that a client names, to the second (RFC 9110 section 5.6.7): as HTTP writes it,
/// `Sun, 06 Nov 1994 08:49:37 GMT`, or in one of the two forms that were written before,
/// `Sunday, 06-Nov-94 08:49:37 GMT` and `Sun Nov  6 08:49:37 1994`.
struct HTTPMoment: Equatable {
  /// Since 1970.
  let seconds: Int64

  private static let days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
  private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

  /// Nil for what is no date in one of these forms, letter for letter.
  /// - Parameter now: seconds since 1970. A year of two digits is none that is more than fifty years ahead of it.
  init?(_ text: String, now: Int64) {
    guard text.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
    let words = text.split(separator: " ")
    let found: Int64?
    switch words.count {
    case 6 where words[5] == "GMT" && Self.days.contains { "\($0.prefix(3))," == words[0] }:
      found = Self.seconds(year: Self.number(words[3], digits: 4), words[2], day: words[1], words[4])
    case 4 where words[3] == "GMT" && Self.days.contains { "\($0)," == words[0] }:
      let date = words[1].split(separator: "-", omittingEmptySubsequences: false)
      guard date.count == 3, let short = Self.number(date[2], digits: 2) else { return nil }
      let latest = Self.year(of: now) + 50
      found = Self.seconds(year: latest - (latest - short) % 100, date[1], day: date[0], words[2])
    case 5 where Self.days.contains { $0.prefix(3) == words[0] }:
      let day = words[2].utf8.count == 1 ? "0" + words[2] : words[2]
      found = Self.seconds(year: Self.number(words[4], digits: 4), words[1], day: day, words[3])
    default: found = nil
    }
    guard let found else { return nil }
    seconds = found
  }

  private static func seconds(
    year: Int64?, _ monthName: Substring, day: Substring, _ time: Substring
  ) -> Int64? {
    let clock = time.split(separator: ":", omittingEmptySubsequences: false).map { number($0, digits: 2) }
    guard let year, year >= 1, let month = months.firstIndex(where: { $0 == monthName }),
      let day = number(day, digits: 2),
      1...length(ofMonth: month, year) ~= day, clock.count == 3, let hour = clock[0], let minute = clock[1],
      let second = clock[2], hour < 24, minute < 60, second <= 60  // a leap second
    else { return nil }
    let dayOfYear = (0..<month).reduce(day - 1) { $0 + length(ofMonth: $1, year) }
    return ((daysBefore(year) + dayOfYear) * 24 + hour) * 3_600 + minute * 60 + second
  }

  /// Days from 1970 to the year's first.
  private static func daysBefore(_ year: Int64) -> Int64 {
    let past = year - 1
    return past * 365 + past / 4 - past / 100 + past / 400 - 719_162
  }

  private static func length(ofMonth month: Int, _ year: Int64) -> Int64 {
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    return month == 1 ? (isLeap ? 29 : 28) : [3, 5, 8, 10].contains(month) ? 30 : 31
  }

  private static func year(of seconds: Int64) -> Int64 {
    let day = seconds / 86_400
    // The mean length of a year leads to it, or to the one before.
    let year = 1970 + day * 400 / 146_097
    return daysBefore(year + 1) <= day ? year + 1 : year
  }

  private static func number(_ text: Substring, digits: Int) -> Int64? {
    guard text.utf8.count == digits, text.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }) else {
      return nil
    }
    return Int64(text)
  }
}
