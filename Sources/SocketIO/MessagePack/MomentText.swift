/// A moment as JSON has it: `2024-02-29T12:00:00.000Z`, the form of JavaScript's `Date.toJSON`
/// (ECMA-262, "Date Time String Format").
struct MomentText {
  let text: String

  /// Days from 1 January 1970 that JavaScript's dates reach, either way.
  private static let farthestDay: Int64 = 100_000_000
  private static let dayMilliseconds: Int64 = 86_400_000

  /// - Parameter milliseconds: since 1970, UTC. Nil for what no date of JavaScript reaches.
  init?(milliseconds: Int64) {
    guard milliseconds.magnitude <= UInt64(Self.farthestDay * Self.dayMilliseconds) else { return nil }
    var (day, rest) = milliseconds.quotientAndRemainder(dividingBy: Self.dayMilliseconds)
    if rest < 0 {
      day -= 1
      rest += Self.dayMilliseconds
    }
    let (year, month, dayOfMonth) = Self.date(ofDay: day)
    let time = rest / 1_000
    let yearText =
      (0...9_999).contains(year)
      ? Self.padded(year, 4) : (year < 0 ? "-" : "+") + Self.padded(Int64(year.magnitude), 6)
    text =
      "\(yearText)-\(Self.padded(month, 2))-\(Self.padded(dayOfMonth, 2))"
      + "T\(Self.padded(time / 3_600, 2)):\(Self.padded(time / 60 % 60, 2)):\(Self.padded(time % 60, 2))"
      + ".\(Self.padded(rest % 1_000, 3))Z"
  }

  private static func padded(_ number: Int64, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }

  /// The Gregorian date of a day since 1970. Years are taken to begin in March, so that the leap day is their last, and
  /// repeat every 400 years of 146,097 days.
  private static func date(ofDay day: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let shifted = day + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    // Months from March on have 30.6 days on average; 153 days are five of them.
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    return (year, month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
  }
}
