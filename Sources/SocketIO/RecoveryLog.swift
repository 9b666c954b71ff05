import NIOCore

/// What a namespace remembers so that a client that lost its connection for a moment gets what it missed; no I/O and no
/// clock.
///
/// After the official in-memory adapter (socket.io 4.6, "connection state recovery"): every event that asks for no ack
/// and isn't volatile gets an offset, which goes out as its last argument. A client that comes back names its private id
/// and the last offset it saw. Unlike there, it is also recovered if it saw none yet, if it took something else for an
/// offset (``RecoveryTrace``), and if it was sent nothing for longer than packets are kept. Moments are monotonic
/// nanoseconds.
///
/// Where what a client names could mean several places it isn't recovered: it is never given less than it missed.
public struct RecoveryLog<Context: Sendable>: Sendable {
  /// What is known of a socket whose connection was lost.
  public struct Session: Sendable {
    public var socketID: String
    public var privateID: String
    public var rooms: [String]
    public var context: Context
    /// What it had been sent; nil if nobody knows.
    public var trace: RecoveryTrace?

    public init(
      socketID: String, privateID: String, rooms: [String], context: Context,
      trace: RecoveryTrace? = nil
    ) {
      self.socketID = socketID
      self.privateID = privateID
      self.rooms = rooms
      self.context = context
      self.trace = trace
    }
  }

  /// A session that is given back.
  public struct Restored: Sendable {
    public var session: Session
    /// What it missed, in order.
    public var missed: [SocketPacket]
    /// The number of the namespace's next event.
    public var next: UInt64
  }

  private struct Lost {
    var session: Session
    var moment: Int64
    /// The number of the first event that was certainly sent after the loss.
    var next: UInt64
  }

  private struct Entry {
    var number: UInt64
    var packet: SocketPacket
    var scope: BroadcastScope
    var moment: Int64
    var bytes: Int
  }

  private let lifetime: Int64
  private let arrivalTime: Int64
  private let maxBytes: Int
  private let maxSessions: Int
  /// In front of every offset, so that hardly any string of a program is taken for one.
  private let mark: String
  /// In the order of their numbers, which have no holes.
  private var entries: [Entry] = []
  /// Entries in front that are over, and are taken out of the array some at a time.
  private var firstEntry = 0
  private var bytes = 0
  /// The number of the next event.
  public private(set) var nextNumber: UInt64 = 0
  private var sessions: [BytewiseName: Lost] = [:]
  /// When which session was lost, in order; some may have come back, or have been lost again since.
  private var losses = CircularBuffer<(moment: Int64, privateID: BytewiseName)>()

  /// - Parameters:
  ///   - lifetime: nanoseconds for which lost sessions and packets are kept.
  ///   - arrivalTime: nanoseconds after which what was sent has arrived, or the connection has been given up.
  ///   - maxBytes: of packets that are kept; the oldest go first.
  ///   - maxSessions: lost sessions that are kept; what comes beyond is not kept.
  ///   - mark: what offsets begin with.
  public init(lifetime: Int64, arrivalTime: Int64, maxBytes: Int, maxSessions: Int, mark: String = "") {
    self.lifetime = lifetime
    self.arrivalTime = arrivalTime
    self.maxBytes = maxBytes
    self.maxSessions = maxSessions
    self.mark = mark
  }

  /// Bytes of packets, and sessions, that are kept.
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
    packet.data = .array(elements + [.string(mark + String(number, radix: 36))])
    entries.append(Entry(number: number, packet: packet, scope: scope, moment: now, bytes: size))
    nextNumber += 1
    bytes += size
    expire(now: now)
    return (packet, number)
  }

  /// Forgets what is over.
  /// - Returns: what is kept then.
  public mutating func tidied(now: Int64) -> (bytes: Int, packets: Int, sessions: Int) {
    expire(now: now)
    forgetSessions(now: now)
    return kept
  }

  /// Keeps the state of a socket whose connection was lost.
  public mutating func keep(_ session: Session, now: Int64) {
    forgetSessions(now: now)
    let privateID = BytewiseName(session.privateID)
    guard sessions.count < maxSessions else { return }
    sessions[privateID] = Lost(session: session, moment: now, next: nextNumber)
    losses.append((now, privateID))
  }

  /// Forgets the sessions that have been away for too long: each is looked at once.
  private mutating func forgetSessions(now: Int64) {
    while let loss = losses.first, now - loss.moment > lifetime || sessions[loss.privateID]?.moment != loss.moment {
      losses.removeFirst()
      if sessions[loss.privateID]?.moment == loss.moment { sessions[loss.privateID] = nil }
    }
    // Who has come back is taken out when he is half of them: once for each on average.
    if losses.count > 2 * sessions.count + 64 {
      losses.removeAll { sessions[$0.privateID]?.moment != $0.moment }
    }
  }

  /// The session of a client that came back; nil if it isn't known any more, or something of what it missed. A session
  /// can be restored once.
  /// - Parameter offset: what the client takes for the last offset it saw; nil if it saw none.
  public mutating func restore(privateID: String, offset: String?, now: Int64) -> Restored? {
    expire(now: now)
    guard let lost = sessions[BytewiseName(privateID)], now - lost.moment <= lifetime,
      let start = start(of: lost, offset)
    else { return nil }
    sessions[BytewiseName(privateID)] = nil
    var session = lost.session
    var trace = RecoveryTrace(start: start)
    // If it missed nothing it will name the same again.
    if let offset { trace.sentMisleading(.init(offset), now: now) }
    let missed = entries[(firstEntry + Int(max(start, firstNumber) - firstNumber))...].filter {
      $0.scope.includes(session)
    }
    for entry in missed { trace.sent(entry.number, now: now) }
    session.trace = trace
    return Restored(session: session, missed: missed.map(\.packet), next: nextNumber)
  }

  /// The lowest number that is kept; that of the next event if none is.
  private var firstNumber: UInt64 { firstEntry < entries.count ? entries[firstEntry].number : nextNumber }

  /// The number with which a client goes on; nil if that can't be known, or not all is there that it missed.
  private func start(of lost: Lost, _ offset: String?) -> UInt64? {
    let last = offset.flatMap(number)
    guard let trace = lost.session.trace else {
      guard let last, last >= firstNumber else { return nil }
      return last + 1
    }
    var start = trace.start
    if let offset {
      let next = trace.next(after: .init(offset), number: last, arrived: lost.moment - arrivalTime)
      guard let next else { return nil }
      start = next
    }
    // What is gone doesn't matter if nothing of it was for this socket.
    let isWhole =
      start >= firstNumber || firstNumber <= lost.next && trace.sentNothing(in: start..<firstNumber)
    return isWhole ? start : nil
  }

  /// The number that an offset stands for; nil for one that was never given.
  private func number(of offset: String) -> UInt64? {
    guard offset.utf8.starts(with: mark.utf8) else { return nil }
    let digits = String(decoding: offset.utf8.dropFirst(mark.utf8.count), as: UTF8.self)
    guard let number = UInt64(digits, radix: 36), number < nextNumber,
      String(number, radix: 36).isBytewiseEqual(to: digits)
    else { return nil }
    return number
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
    func isIn(_ room: String) -> Bool {
      room.isBytewiseEqual(to: session.socketID) || session.rooms.containsBytewise(room)
    }
    return (rooms.isEmpty || rooms.contains(where: isIn)) && !except.contains(where: isIn)
  }
}
