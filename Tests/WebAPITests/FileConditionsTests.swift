import HTTPTypes
import Testing

@testable import WebAPI

/// Dates as clients send them, and what they and tags decide (RFC 9110, sections 5.6.7 and 13).
@Suite struct FileConditionsTests {
  /// Sun, 06 Nov 1994 08:49:37 GMT.
  private static let then: Int64 = 784_111_777
  /// Fri, 27 Nov 2026 06:40:00 GMT.
  private static let now: Int64 = 1_795_761_600

  private static func moment(_ text: String) -> Int64? { HTTPMoment(text, now: now)?.seconds }

  @Test(arguments: [
    "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
    "Sun Nov 06 08:49:37 1994",
  ])
  func aDateHasThreeForms(text: String) { #expect(Self.moment(text) == Self.then) }

  @Test(arguments: [
    ("Thu, 01 Jan 1970 00:00:00 GMT", 0), ("Thu, 29 Feb 2024 23:59:59 GMT", 1_709_251_199),
    ("Fri, 01 Mar 2024 00:00:00 GMT", 1_709_251_200), ("Tue, 29 Feb 2000 12:00:00 GMT", 951_825_600),
    ("Mon, 01 Mar 2100 00:00:00 GMT", 4_107_542_400), ("Sat, 31 Dec 2016 23:59:60 GMT", 1_483_228_800),
    ("Wed, 31 Dec 1969 23:59:59 GMT", -1), ("Friday, 01-Jan-76 00:00:00 GMT", 3_345_062_400),
    ("Saturday, 01-Jan-77 00:00:00 GMT", 220_924_800), ("Tue, 31 Dec 2024 23:59:59 GMT", 1_735_689_599),
  ])
  func aDateIsAMoment(text: String, seconds: Int64) { #expect(Self.moment(text) == seconds) }

  @Test(arguments: [
    "", "yesterday", "784111777", "1994-11-06T08:49:37Z", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 UTC",
    "Sun, 06 Nov 1994 08:49:37 +0000", "Sun, 31 Jun 1994 08:49:37 GMT", "Wed, 29 Feb 2023 00:00:00 GMT",
    "Mon, 29 Feb 2100 00:00:00 GMT", "Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT",
    "Sun, 06 Nov 1994 08:60:00 GMT", "Sun, 06 Nov 1994 08:49:61 GMT", "Sun, 06 Nov 1994 08:49 GMT",
    "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06 nov 1994 08:49:37 GMT", "Son, 06 Nov 1994 08:49:37 GMT",
    "Sun, 06 Nov 94 08:49:37 GMT", "Sunday, 06-Nov-1994 08:49:37 GMT", "Sunday, 06-Nov 08:49:37 GMT",
    "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 99999999999999999999 08:49:37 GMT",
    "Sun, 06 Nov 0000 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:\u{0663}7 GMT", "Sun, 06 Nov 1994 -8:49:37 GMT",
  ])
  func whatIsNoDateIsNone(text: String) { #expect(Self.moment(text) == nil) }

  private static let earlier = "Sun, 06 Nov 1994 08:49:36 GMT"
  private static let same = "Sun, 06 Nov 1994 08:49:37 GMT"
  private static let later = "Sunday, 06-Nov-94 08:49:38 GMT"
  private static let sent: Int? = nil
  private static let known: Int? = 304
  private static let failed: Int? = 412

  private static let tagged: [(HTTPFields, Int?)] = [
    ([:], sent),
    ([.ifModifiedSince: earlier], sent), ([.ifModifiedSince: same], known), ([.ifModifiedSince: later], known),
    ([.ifModifiedSince: "nonsense"], sent), ([.ifModifiedSince: same + ", " + same], sent),
    ([.ifUnmodifiedSince: earlier], failed), ([.ifUnmodifiedSince: same], sent), ([.ifUnmodifiedSince: later], sent),
    ([.ifUnmodifiedSince: "nonsense"], sent),
    // A tag counts before a date.
    ([.ifNoneMatch: "\"other\"", .ifModifiedSince: later], sent),
    ([.ifNoneMatch: "\"tag\"", .ifModifiedSince: earlier], known),
    ([.ifMatch: "\"tag\"", .ifUnmodifiedSince: earlier], sent), ([.ifMatch: "\"other\""], failed),
    ([.ifMatch: "W/\"tag\"", .ifNoneMatch: "W/\"tag\""], known), ([.ifMatch: "*"], sent), ([.ifNoneMatch: "*"], known),
    ([.ifUnmodifiedSince: later, .ifModifiedSince: later], known),
  ]

  @Test(arguments: tagged) func conditionsHaveAnOrder(fields: HTTPFields, status: Int?) {
    let conditions = FileConditions(fields, now: Self.now)
    #expect(conditions.refusal(tag: EntityTag("tag", isStrong: true), modified: Self.then)?.code == status)
  }

  private static let tagless: [(HTTPFields, Int?)] = [
    ([.ifModifiedSince: later], known), ([.ifNoneMatch: "\"tag\"", .ifModifiedSince: later], sent),
    ([.ifNoneMatch: "*"], known), ([.ifMatch: "\"tag\""], failed), ([.ifMatch: "*"], sent),
  ]

  @Test(arguments: tagless) func aFileWithoutATagHasItsDate(fields: HTTPFields, status: Int?) {
    #expect(FileConditions(fields, now: Self.now).refusal(tag: nil, modified: Self.then)?.code == status)
  }
}
