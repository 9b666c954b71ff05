/// Which of a namespace's numbered events one socket was sent: where it goes on when it comes back.
///
/// The official client takes the last argument of any event for its offset, if it is a string. So after an event that
/// has none (a volatile one, one that asks for an ack) it may name a string that means nothing; the trace knows what had
/// been sent before that.
public struct RecoveryTrace: Sendable, Equatable {
  /// The first number that can have been for the socket.
  let start: UInt64
  private(set) var first: UInt64?
  private(set) var last: UInt64?
  private(set) var behindMisleading: UInt64?

  /// - Parameter start: the number that the namespace's next event has as the socket connects.
  public init(start: UInt64) { self.start = start }

  /// The socket was sent the event of that number.
  public mutating func sent(_ number: UInt64) {
    first = min(first ?? number, number)
    last = max(last ?? number, number)
  }

  /// The socket was sent an event without an offset, whose last argument may be taken for one.
  public mutating func sentMisleading() { behindMisleading = last.map { $0 + 1 } ?? start }

  /// Whether the socket was certainly sent none of those numbers.
  func sentNothing(in numbers: Range<UInt64>) -> Bool {
    guard let first, let last else { return true }
    return last < numbers.lowerBound || first >= numbers.upperBound
  }
}

extension SocketPacket {
  /// Whether a client takes the last argument for an offset.
  public var endsInString: Bool {
    guard kind == .event, case .array(let elements) = data, elements.count > 1, case .string = elements.last else {
      return false
    }
    return true
  }
}
