/// What a link carries from end to end, where the device doesn't say: behind each chunk goes a mark that comes back as soon
/// as the chunk has arrived.
///
/// It is the device's own measure taken from here: bytes that arrived over the time in which some were on their way. What
/// a proxy or a modem takes into its memory doesn't count, as it does for the kernel. What counts is a chunk that waited
/// behind another: it took from that one's arrival to its own, whatever a round trip takes, and whatever the device had to
/// do. One that found the link idle says something if it took no longer than the fastest, or so much longer that it can be
/// nothing but the link.
///
/// Pure: it is told the time, in monotonic nanoseconds.
public struct EchoMeter: Sendable, Equatable {
  private struct Mark: Equatable {
    let id: UInt64
    let bytes: Int
    let sentAt: Int64
  }

  /// On their way, in their order; at most ``PlaybackLimits/marks``.
  private var marks: [Mark] = []
  private var lastId: UInt64 = 0
  /// Handed over behind the last mark.
  private var unmarkedBytes = 0
  /// The least time that a mark has taken there and back.
  private var shortest = Int64.max
  private var lastEchoAt: Int64?
  /// Of the sample under way.
  private var bytes = 0
  private var busyNanoseconds: Int64 = 0
  private var lastSample: Double?

  public init() {}

  /// A chunk was handed over.
  /// - Returns: the mark to send behind it; nil while too many are on their way.
  public mutating func sent(bytes: Int, now: Int64) -> UInt64? {
    unmarkedBytes += bytes
    guard marks.count < PlaybackLimits.marks else { return nil }
    lastId += 1
    marks.append(Mark(id: lastId, bytes: unmarkedBytes, sentAt: now))
    unmarkedBytes = 0
    return lastId
  }

  /// A mark came back; whatever lies before it has arrived, whether or not its own mark came back (RFC 6455 lets a peer
  /// answer only the latest).
  /// - Returns: what the link carries, bit/s, where enough has come to tell. Of two samples the better: one moment in which
  ///   the device had something else to do is no slow link.
  public mutating func echoed(_ id: UInt64, now: Int64) -> Double? {
    guard let index = marks.firstIndex(where: { $0.id == id }) else { return nil }
    let arrived = marks[...index]
    let sentAt = arrived[0].sentAt
    let arrivedBytes = arrived.reduce(0) { $0 + $1.bytes }
    shortest = min(shortest, max(0, now - marks[index].sentAt))
    let late = now - sentAt - shortest
    marks.removeSubrange(...index)
    guard let last = lastEchoAt.replaced(by: now) else { return nil }
    let hasWaited = sentAt <= last
    guard hasWaited || late <= PlaybackLimits.echoJitter || late >= PlaybackLimits.leastEchoNanoseconds else {
      return nil
    }
    bytes += arrivedBytes
    busyNanoseconds += max(0, hasWaited ? now - last : late)
    guard bytes >= PlaybackLimits.leastEchoBytes || busyNanoseconds >= PlaybackLimits.leastEchoNanoseconds else {
      return nil
    }
    let seconds = max(Double(busyNanoseconds) / 1e9, 1e-6)
    let sample = min(Double(bytes) * 8 / seconds, PlaybackLimits.mostThroughput)
    (bytes, busyNanoseconds) = (0, 0)
    return max(sample, lastSample.replaced(by: sample) ?? 0)
  }
}

extension Optional {
  /// Takes a new value; returns the one before.
  fileprivate mutating func replaced(by value: Wrapped) -> Wrapped? {
    defer { self = value }
    return self
  }
}
