import HTTPTypes
import NIOCore
import NIOHTTP1

/// The bytes of an answer (RFC 9112 section 2.1).
extension ByteBuffer {
  /// An answer's line and fields. What frames the answer comes from `plan`, whatever the fields say of it.
  /// - Parameter date: where the fields have none.
  mutating func writeResponseHead(
    _ status: Int, _ reason: String, _ fields: some Sequence<(name: String, value: String)>,
    _ plan: HTTPConnectionState.HeadPlan, date: String? = nil
  ) {
    writeString(
      "HTTP/1.1 \(status) \(reason.isEmpty ? HTTPResponseStatus(statusCode: status).reasonPhrase : reason)\r\n")
    for (name, value) in fields where !Self.framesAMessage(name) {
      writeString(name)
      writeStaticString(": ")
      writeString(value)
      writeStaticString("\r\n")
    }
    if let date { writeString("date: \(date)\r\n") }
    switch plan.framing {
    case .length(let length): writeString("content-length: \(length)\r\n")
    case .chunked: writeStaticString("transfer-encoding: chunked\r\n")
    case .untilClose, .silent: break
    }
    if plan.closes { writeStaticString("connection: close\r\n") }
    writeStaticString("\r\n")
  }

  private static func framesAMessage(_ name: String) -> Bool {
    switch name.utf8.count {
    case 10: name.lowercased() == "connection"
    case 14: name.lowercased() == "content-length"
    case 17: name.lowercased() == "transfer-encoding"
    default: false
    }
  }

  /// A chunk's size, in front of it.
  static func chunkHead(_ bytes: Int) -> ByteBuffer { ByteBuffer(string: String(bytes, radix: 16) + "\r\n") }
  static let chunkTail = ByteBuffer(string: "\r\n")
  static let lastChunk = ByteBuffer(string: "0\r\n\r\n")
  static let goOn = ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n")
}

/// A moment as HTTP writes it (RFC 9110 section 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
struct HTTPDate {
  private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  let seconds: Int64
  let text: String

  /// - Parameter seconds: since 1970, not before.
  init(seconds: Int64) {
    self.seconds = seconds
    let (day, rest) = seconds.quotientAndRemainder(dividingBy: 86_400)
    // Years that begin in March put the leap day at their end; 400 of them have always the same length (Hinnant,
    // "chrono-compatible low-level date algorithms").
    let shifted = day + 719_468
    let era = shifted / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let dayOfMonth = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    let month = monthFromMarch < 10 ? monthFromMarch + 2 : monthFromMarch - 10
    let year = yearOfEra + era * 400 + (month < 2 ? 1 : 0)
    func padded(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
    text =
      "\(Self.days[Int(day % 7)]), \(padded(dayOfMonth)) \(Self.months[Int(month)]) \(year) "
      + "\(padded(rest / 3_600)):\(padded(rest / 60 % 60)):\(padded(rest % 60)) GMT"
  }
}
