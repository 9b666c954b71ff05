/// Which of a namespace's numbered events one socket was sent: where it goes on when it comes back.
///
/// The official client takes the last element of any event that asks for no ack for its offset, if it is a string. So
/// after an event without an offset (a volatile one) it may name a string that means nothing. The trace knows what had
/// been sent before each such string. The same one may have been sent at several places, and nobody knows which of them
/// has arrived: then the client can't go on. Moments are monotonic nanoseconds.
public struct RecoveryTrace: Sendable, Equatable {
  /// A string that a client may take for an offset, by its bytes: as long as it may be, little is kept of it.
  public struct Text: Sendable, Equatable {
    private let hash: Int

    public init(_ text: String) {
      var (text, hasher) = (text, Hasher())
      text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
      hash = hasher.finalize()
    }
  }

  private struct Misleading: Equatable {
    let text: Text
    /// The number with which a client goes on that has seen it last.
    let next: UInt64
    /// When something else was sent that a client takes for an offset.
    var until: Int64?
  }

  /// The first number that can have been for the socket.
  let start: UInt64
  private(set) var first: UInt64?
  private(set) var last: UInt64?
  /// The latest, in order.
  private var misleading: [Misleading] = []
  /// Until when any string counted that is no longer known.
  private var forgottenUntil = Int64.min

  /// - Parameter start: the number that the namespace's next event has as the socket connects.
  public init(start: UInt64) { self.start = start }

  /// The socket was sent the event of that number.
  public mutating func sent(_ number: UInt64, now: Int64) {
    first = min(first ?? number, number)
    last = max(last ?? number, number)
    endLatest(now: now)
  }

  /// The socket was sent an event without an offset, whose last element may be taken for one.
  public mutating func sentMisleading(_ text: Text, now: Int64) {
    let next = last.map { $0 + 1 } ?? start
    if let latest = misleading.last, latest.text == text, latest.next == next, latest.until == nil { return }
    endLatest(now: now)
    misleading.removeAll { $0.text == text && $0.next == next }
    if misleading.count == SocketIOLimits.misleadingTexts {
      forgottenUntil = max(forgottenUntil, misleading.removeFirst().until ?? now)
    }
    misleading.append(Misleading(text: text, next: next))
  }

  private mutating func endLatest(now: Int64) {
    guard let place = misleading.indices.last, misleading[place].until == nil else { return }
    misleading[place].until = now
  }

  /// The number with which a client goes on; nil if that can't be known.
  /// - Parameters:
  ///   - taken: what the client takes for the last offset it saw.
  ///   - number: the number that it stands for, if it stands for one.
  ///   - arrived: what was sent before has certainly arrived.
  func next(after taken: Text, number: UInt64?, arrived: Int64) -> UInt64? {
    guard number != nil || forgottenUntil < arrived else { return nil }
    var places = Set<UInt64>()
    for place in misleading where place.text == taken && place.until ?? arrived >= arrived { places.insert(place.next) }
    if let number { places.insert(max(number + 1, start)) }
    return places.count == 1 ? places.first : nil
  }

  /// Whether the socket was certainly sent none of those numbers.
  func sentNothing(in numbers: Range<UInt64>) -> Bool {
    guard let first, let last else { return true }
    return last < numbers.lowerBound || first >= numbers.upperBound
  }
}

extension SocketPacket {
  /// What a client takes for an offset that gets this as it is: the last element of an event that asks for no ack, be it
  /// its name, if it is a string.
  public var takenForOffset: String? {
    guard kind == .event, id == nil, case .array(let elements) = data else { return nil }
    return elements.last?.string
  }
}
