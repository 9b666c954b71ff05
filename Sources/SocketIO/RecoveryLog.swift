import NIOCore

/// What a namespace remembers so that a client that lost its connection for a moment gets what it missed; no I/O and no
/// clock.
///
/// After the official in-memory adapter (socket.io 4.6, "connection state recovery"): every event that asks for no ack
/// and isn't volatile gets an offset, which goes out as its last argument. A client that comes back names its private id
/// and the last offset it saw; it is recovered if both are still known. Moments are monotonic nanoseconds.
public struct RecoveryLog<Context: Sendable>: Sendable {
  /// What is known of a socket whose connection was lost.
  public struct Session: Sendable {
    public var socketID: String
    public var privateID: String
    public var rooms: [String]
    public var context: Context

    public init(socketID: String, privateID: String, rooms: [String], context: Context) {
      self.socketID = socketID
      self.privateID = privateID
      self.rooms = rooms
      self.context = context
    }
  }

  private struct Entry {
    var number: UInt64
    var packet: SocketPacket
    var scope: BroadcastScope
    var moment: Int64
    var bytes: Int
  }

  private let lifetime: Int64
  private let maxBytes: Int
  private let maxSessions: Int
  /// In the order of their numbers, which have no holes.
  private var entries: [Entry] = []
  /// Entries in front that are over, and are taken out of the array some at a time.
  private var firstEntry = 0
  private var bytes = 0
  private var nextNumber: UInt64 = 0
  private var sessions: [String: (session: Session, lostAt: Int64)] = [:]

  /// - Parameters:
  ///   - lifetime: nanoseconds for which lost sessions and packets are kept.
  ///   - maxBytes: of packets that are kept; the oldest go first.
  ///   - maxSessions: lost sessions that are kept; what comes beyond is not kept.
  public init(lifetime: Int64, maxBytes: Int, maxSessions: Int) {
    self.lifetime = lifetime
    self.maxBytes = maxBytes
    self.maxSessions = maxSessions
  }

  /// Bytes of packets, and sessions, that are kept now.
  public var kept: (bytes: Int, packets: Int, sessions: Int) { (bytes, entries.count - firstEntry, sessions.count) }

  /// Remembers an event for `scope`.
  /// - Returns: the packet as it is to be sent, with its offset behind the arguments, and its number; nil if it is none
  ///   that is remembered.
  public mutating func note(
    _ packet: SocketPacket, scope: BroadcastScope, now: Int64
  ) -> (packet: SocketPacket, number: UInt64)? {
    guard packet.kind == .event, packet.id == nil, !scope.isVolatile, case .array(let elements) = packet.data else {
      return nil
    }
    let number = nextNumber
    var packet = packet
    let size = packet.data?.approximateBytes ?? 0
    packet.data = .array(elements + [.string(String(number, radix: 36))])
    entries.append(Entry(number: number, packet: packet, scope: scope, moment: now, bytes: size))
    nextNumber += 1
    bytes += size
    expire(now: now)
    return (packet, number)
  }

  /// Keeps the state of a socket whose connection was lost.
  public mutating func keep(_ session: Session, now: Int64) {
    sessions = sessions.filter { now - $0.value.lostAt <= lifetime }
    guard sessions.count < maxSessions else { return }
    sessions[session.privateID] = (session, now)
  }

  /// The session of a client that came back, the packets that it missed in their order, and the number of the next
  /// packet; nil if the session or the offset is not known any more. A session can be restored once.
  public mutating func restore(
    privateID: String, offset: String, now: Int64
  ) -> (session: Session, missed: [SocketPacket], next: UInt64)? {
    expire(now: now)
    guard let start = place(behind: offset), let (session, lostAt) = sessions.removeValue(forKey: privateID),
      now - lostAt <= lifetime
    else { return nil }
    return (session, entries[start...].filter { $0.scope.includes(session) }.map(\.packet), nextNumber)
  }

  /// Where the packets behind an offset begin in `entries`; nil for an offset that is not kept.
  private func place(behind offset: String) -> Int? {
    guard let last = UInt64(offset, radix: 36), firstEntry < entries.count else { return nil }
    let first = entries[firstEntry].number
    guard last >= first, last < nextNumber else { return nil }
    return firstEntry + Int(last - first) + 1
  }

  private mutating func expire(now: Int64) {
    while firstEntry < entries.count, bytes > maxBytes || now - entries[firstEntry].moment > lifetime {
      bytes -= entries[firstEntry].bytes
      firstEntry += 1
    }
    // Now and then, so that each packet is moved once on average.
    if firstEntry > 64, firstEntry * 2 > entries.count {
      entries.removeFirst(firstEntry)
      firstEntry = 0
    }
  }
}

extension BroadcastScope {
  /// Whether a socket that is away would have got the packet.
  fileprivate func includes<Context>(_ session: RecoveryLog<Context>.Session) -> Bool {
    func isIn(_ room: String) -> Bool { room == session.socketID || session.rooms.contains(room) }
    return (rooms.isEmpty || rooms.contains(where: isIn)) && !except.contains(where: isIn)
  }
}

extension SocketValue {
  /// About what it takes, without encoding it.
  fileprivate var approximateBytes: Int {
    switch self {
    case .null, .bool, .int, .double: 16
    case .string(let text): 16 + text.utf8.count
    case .binary(let bytes): 16 + bytes.readableBytes
    case .array(let elements): elements.reduce(16) { $0 + $1.approximateBytes }
    case .object(let object):
      object.values.reduce(object.keys.reduce(16) { $0 + 16 + $1.utf8.count }) { $0 + $1.approximateBytes }
    }
  }
}
