import Testing

@testable import WebAPI

/// `Range` against the grammar of RFC 9110, section 14.
@Suite struct ByteRangeTests {
  /// Numbers around a file's ends and around what a number can be.
  private static let numbers = [
    "0", "1", "41", "42", "43", "00", "007", "9223372036854775806", "9223372036854775807", "9223372036854775808",
    "18446744073709551616", "99999999999999999999999999",
  ]
  private static let lengths = [0, 1, 42, Int.max]

  /// What the grammar says, by numbers that can't overflow.
  private static func expected(_ first: String?, _ last: String?, _ length: Int) -> ByteRange {
    let beyond = Double(Int.max)
    let start = first.flatMap(Double.init), end = last.flatMap(Double.init)
    func whole(_ number: Double) -> Int { number >= beyond ? .max : Int(number) }
    switch (start, end) {
    case (let start?, let end?):
      // As text, since a Double doesn't tell the largest numbers apart.
      guard Self.isOrdered(first ?? "", last ?? "") else { return .whole }
      guard start < Double(length), whole(start) < length else { return .unsatisfiable }
      return .part(whole(start)..<(end >= Double(length) ? length : min(whole(end), length - 1) + 1))
    case (let start?, nil):
      guard start < Double(length), whole(start) < length else { return .unsatisfiable }
      return .part(whole(start)..<length)
    case (nil, let count?):
      guard count > 0, length > 0 else { return .unsatisfiable }
      return .part((count >= Double(length) ? 0 : length - whole(count))..<length)
    case (nil, nil): return .whole
    }
  }

  private static func isOrdered(_ first: String, _ last: String) -> Bool {
    let strip = { (text: String) in String(text.drop { $0 == "0" }) }
    let (first, last) = (strip(first), strip(last))
    return first.count != last.count ? first.count < last.count : first <= last
  }

  @Test func everyRangeOfTwoNumbersIsReadAsTheGrammarSays() {
    for length in Self.lengths {
      for first in [nil] + Self.numbers {
        for last in [nil] + Self.numbers where first != nil || last != nil {
          // Where a Double is too coarse to say what is right, the next test does.
          guard length != .max || (first ?? "").count < 10 && (last ?? "").count < 10 else { continue }
          let header = "bytes=\(first ?? "")-\(last ?? "")"
          let expected = Self.expected(first, last, length)
          #expect(ByteRange(header, length: length) == expected, "\(header) of \(length)")
          for spelling in [
            "Bytes=\(first ?? "")-\(last ?? "")", "bytes= \(first ?? "")-\(last ?? "")\t", "\(header),,",
          ] {
            #expect(ByteRange(spelling, length: length) == expected, "\(spelling) of \(length)")
          }
        }
      }
    }
  }

  @Test func aPartLiesWithinTheFileWhateverIsAskedFor() {
    var random = SystemRandomNumberGenerator()
    let bits = [
      "bytes=", "=", "-", "-", ",", " ", "0", "1", "41", "9223372036854775807", "99999999999999999999", "x", "\u{0}",
    ]
    for _ in 0..<20_000 {
      let header =
        "bytes=" + (0..<Int.random(in: 0...6, using: &random)).map { _ in bits.randomElement(using: &random)! }.joined()
      for length in Self.lengths {
        guard case .part(let range) = ByteRange(header, length: length) else { continue }
        #expect(!range.isEmpty && range.lowerBound >= 0 && range.upperBound <= length, "\(header) of \(length)")
      }
    }
  }

  @Test(arguments: [
    "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=1-0", "bytes=0-1,5-6", "bytes=0-1-2", "bytes=--1", "bytes=+1-2",
    "bytes=0x1-2", "bytes = 0-1", "items=0-1", "0-1", "bytes=0 -1", "bytes=0-1;", "bytes:0-1", "bytes=１-２", "",
  ])
  func whatIsNoSingleRangeOfBytesIsPassedOver(header: String) {
    #expect(ByteRange(header, length: 42) == .whole)
  }

  @Test func withoutAHeaderItIsTheWhole() {
    #expect(ByteRange(nil, length: 42) == .whole)
    #expect(ByteRange("bytes=0-" + String(repeating: " ", count: 200), length: 42) == .whole)
  }
}
