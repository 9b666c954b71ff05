import Foundation
import NIOCore

/// The server's wall clock, which doesn't jump: Unix time as it was at the start, carried on by the monotonic clock.
///
/// Devices that play together are told moments of this clock, and learn it by `clock_sync`; a step of the machine's own
/// clock would tear them apart.
struct ServerClock: Sendable {
  private let unixNanoseconds: Int64
  private let startNanoseconds: Int64

  init() {
    unixNanoseconds = Int64(Date().timeIntervalSince1970 * 1e9)
    startNanoseconds = Int64(NIODeadline.now().uptimeNanoseconds)
  }

  /// Unix time in milliseconds, with a fraction, at a monotonic time in nanoseconds.
  func unixMilliseconds(at nanoseconds: Int64) -> Double {
    let elapsed = nanoseconds - startNanoseconds
    // Whole milliseconds apart from the fraction: a double of nanoseconds since 1970 has lost its last digits.
    let (milliseconds, rest) = (unixNanoseconds + elapsed).quotientAndRemainder(dividingBy: 1_000_000)
    return Double(milliseconds) + Double(rest) / 1e6
  }

  /// What this clock shows at a monotonic time in nanoseconds.
  func date(at nanoseconds: Int64) -> Date { Date(timeIntervalSince1970: unixMilliseconds(at: nanoseconds) / 1_000) }

  /// The monotonic time at which this clock shows that; nil for what is no time of this age.
  func nanoseconds(at unixMilliseconds: Double) -> Int64? {
    // Up to the year 2096: twice as many nanoseconds fit into 64 bits.
    guard (0...4e12).contains(unixMilliseconds) else { return nil }
    return Int64(unixMilliseconds * 1e6) - unixNanoseconds + startNanoseconds
  }
}
