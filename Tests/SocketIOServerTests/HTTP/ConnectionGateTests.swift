import NIOCore
import Synchronization
import Testing

@testable import SocketIOServer

struct ConnectionGateTests {
  /// Connections that go when they are told to, as long as they are idle.
  final class Connections: Sendable {
    let gate: ConnectionGate
    private let told = Mutex<[Int]>([])
    private let tickets = Mutex<[Int: ConnectionGate.Ticket]>([:])
    private let addresses = Mutex<[Int: String]>([:])

    init(total: Int, perAddress: Int) { gate = ConnectionGate(total: total, perAddress: perAddress) }

    /// The number of each that was told to go since this was asked last, in order.
    func takeTold() -> [Int] {
      told.withLock { told in
        defer { told = [] }
        return told
      }
    }

    var open: Int { tickets.withLock(\.count) }

    func open(from address: String) -> Int { addresses.withLock { $0.values.count { $0 == address } } }

    /// Nil for one that was refused: it has ended then.
    @discardableResult func open(
      _ number: Int, from address: String, at second: UInt64
    ) throws -> ConnectionGate.Ticket? {
      guard case .place(let ticket) = try admit(number, from: address, at: second) else { return nil }
      return ticket
    }

    func admit(_ number: Int, from address: String, at second: UInt64) throws -> ConnectionGate.Admission {
      gate.connectionOpened()
      let admission = gate.admit(
        try SocketAddress(ipAddress: address, port: 1), now: .uptimeNanoseconds(second * 1_000_000_000)
      ) { _ in self.told.withLock { $0.append(number) } }
      switch admission {
      case .place(let ticket):
        tickets.withLock { $0[number] = ticket }
        addresses.withLock { $0[number] = address }
      case .refused: gate.connectionClosed()
      }
      return admission
    }

    func close(_ number: Int) {
      guard let ticket = tickets.withLock({ $0.removeValue(forKey: number) }) else { return }
      addresses.withLock { $0[number] = nil }
      gate.left(ticket)
      gate.connectionClosed()
    }

    func ticket(_ number: Int) -> ConnectionGate.Ticket? { tickets.withLock { $0[number] } }
  }

  @Test func theLongestIdleMakesRoomAndWhoIsAnsweredStays() throws {
    let connections = Connections(total: 4, perAddress: 0)
    for number in 1...4 { try connections.open(number, from: "10.0.0.\(number)", at: UInt64(number)) }
    connections.ticket(1)?.noteBusy()
    #expect(!connections.takeTold().contains(1))
    try connections.open(5, from: "10.0.0.5", at: 5)
    #expect(connections.takeTold() == [2])
    // It hasn't gone yet: nobody else has to for the same place.
    #expect(connections.gate.isFull)
    connections.close(2)
    try connections.open(6, from: "10.0.0.6", at: 6)
    #expect(connections.takeTold() == [3])
  }

  @Test func nothingIsAcceptedWhileNobodyCanGo() throws {
    let connections = Connections(total: 4, perAddress: 0)
    for number in 1...64 where connections.gate.isAcceptingNewConnections() {
      try connections.open(number, from: "10.0.0.1", at: UInt64(number))?.noteBusy()
    }
    #expect(connections.open == 4 + HTTPLimits.acceptedAtOnce)
    for number in 1...connections.open { connections.close(number) }
    #expect(connections.gate.isAcceptingNewConnections() && !connections.gate.isFull)
  }

  @Test func anAddressMakesRoomForItself() throws {
    let connections = Connections(total: 100, perAddress: 3)
    for number in 1...3 { try connections.open(number, from: "2001:db8::\(number)", at: UInt64(number)) }
    try connections.open(4, from: "2001:db8:0:1::1", at: 4)
    #expect(connections.takeTold().isEmpty, "another network of 64 bits")
    #expect(try connections.open(5, from: "2001:db8::ffff", at: 5) != nil)
    #expect(connections.takeTold() == [1])
    for number in [2, 3, 5] { connections.ticket(number)?.noteBusy() }
    connections.close(1)
    #expect(try connections.open(6, from: "2001:db8::6", at: 6) == nil)
    #expect(try connections.open(7, from: "10.0.0.1", at: 7) != nil)
  }

  /// One address comes thousands of times to a server that is full: it holds what is its own, and nobody else goes.
  @Test func whoIsRefusedHoldsNothingHoweverOftenHeComes() throws {
    let connections = Connections(total: 40, perAddress: 8)
    for number in 1...32 { try connections.open(number, from: "10.0.1.\(number)", at: UInt64(number)) }
    for number in 33...40 { try connections.open(number, from: "10.0.0.1", at: 40)?.noteBusy() }
    var told = 0
    for number in 41...5_000 {
      #expect(connections.gate.isAcceptingNewConnections())
      switch try connections.admit(number, from: "10.0.0.1", at: 41) {
      case .place: Issue.record("there is no place")
      case .refused(let isTold): told += isTold ? 1 : 0
      }
    }
    #expect(connections.open == 40 && connections.takeTold().isEmpty && told == HTTPLimits.toldRefusals)
    connections.close(40)
    #expect(try connections.open(40, from: "10.0.0.1", at: 42) != nil)
    connections.ticket(40)?.noteBusy()
    guard case .refused(isTold: true) = try connections.admit(5_001, from: "10.0.0.1", at: 43) else {
      Issue.record("whoever had a place again is told again")
      return
    }
  }

  /// Connections that owe nothing and whose peers take nothing of their last answer stay for a while when they are told to
  /// go: whoever comes for their places has none of them meanwhile.
  @Test(arguments: [1, 4, 64]) func anAddressHasNoMoreByNotReading(perAddress: Int) throws {
    let connections = Connections(total: 10_000, perAddress: perAddress)
    let bound = perAddress + max(1, perAddress / 16)
    for number in 1...1_000 {
      try connections.open(number, from: "10.0.0.1", at: UInt64(number))
      for told in connections.takeTold() {
        guard let ticket = connections.ticket(told) else { continue }
        connections.gate.stays(ticket)
        ticket.noteIdle(now: .uptimeNanoseconds(UInt64(number) * 1_000_000_000))
      }
      #expect(connections.open <= bound)
    }
    #expect(connections.open == bound)
    for number in 1...bound { connections.close(number) }
    #expect(try connections.open(2_000, from: "10.0.0.1", at: 2_000) != nil)
  }

  @Test func thoseOfAProxyAreBoundedByNobody() throws {
    let gate = ConnectionGate(
      total: 100, perAddress: 1, unbounded: try ["10.0.0.0/8", "fd00::1"].map { try #require(AddressRange($0)) })
    for (address, places) in [("10.1.2.3", 5), ("fd00::1", 5), ("::ffff:10.9.9.9", 5), ("127.0.0.1", 1)] {
      let admitted = try (0..<5).count { _ in
        let admission = gate.admit(try SocketAddress(ipAddress: address, port: 1)) { _ in }
        guard case .place(let ticket) = admission else { return false }
        ticket.noteBusy()
        return true
      }
      #expect(admitted == places, "\(address)")
    }
  }

  @Test func whoCannotGoIsAskedOnceUntilItIsIdleAnew() throws {
    let connections = Connections(total: 4, perAddress: 0)
    for number in 1...4 { try connections.open(number, from: "10.0.0.\(number)", at: UInt64(number)) }
    let stubborn = try #require(connections.ticket(1))
    for number in 5...7 {
      try connections.open(number, from: "10.0.0.9", at: UInt64(number))
      for told in connections.takeTold() {
        #expect((told == 1) == (number == 5))
        if told == 1 { connections.gate.stays(stubborn) } else { connections.close(told) }
      }
    }
    stubborn.noteIdle(now: .uptimeNanoseconds(1))
    try connections.open(8, from: "10.0.0.9", at: 8)
    #expect(connections.takeTold() == [1])
  }

  @Test func thisMachinesConnectionsAreABoundOfNoAddress() throws {
    let connections = Connections(total: 100, perAddress: 2)
    for (number, address) in ["127.0.0.1", "127.0.0.1", "127.8.0.1", "::1", "::1", "::ffff:127.0.0.1"].enumerated() {
      #expect(try connections.open(number, from: address, at: 1) != nil)
    }
    #expect(connections.takeTold().isEmpty)
  }

  @Test func anIPv4AddressInIPv6IsTheSame() throws {
    let plain = try #require(AddressBlock(try SocketAddress(ipAddress: "192.0.2.7", port: 1)))
    #expect(plain == AddressBlock(try SocketAddress(ipAddress: "::ffff:192.0.2.7", port: 2)))
    #expect(plain != AddressBlock(try SocketAddress(ipAddress: "192.0.2.8", port: 1)))
    #expect(AddressBlock(nil) == nil)
  }

  /// Whoever comes and goes in whatever order, and some who are told to go take their time: never more than the bound for
  /// long, and room for who comes as long as somebody is idle.
  @Test(arguments: UInt64(0)..<100)
  func thereIsAlwaysRoomWhileSomebodyIsIdle(seed: UInt64) throws {
    var random = SplitMix(seed: seed)
    let connections = Connections(total: 20, perAddress: 8)
    for second in UInt64(1)..<400 {
      let number = Int(second)
      switch Int.random(in: 0..<6, using: &random) {
      case 0...2:
        guard connections.gate.isAcceptingNewConnections() else { break }
        let address = "10.0.0.\(Int.random(in: 1...5, using: &random))"
        let ticket = try connections.open(number, from: address, at: second)
        if Bool.random(using: &random) { ticket?.noteBusy() }
      case 3: connections.close(Int.random(in: 1...number, using: &random))
      case 4: connections.ticket(Int.random(in: 1...number, using: &random))?.noteBusy()
      default:
        connections.ticket(Int.random(in: 1...number, using: &random))?
          .noteIdle(now: .uptimeNanoseconds(second * 1_000_000_000))
      }
      for told in connections.takeTold() {
        guard let ticket = connections.ticket(told) else { continue }
        if ticket.isIdle, told % 3 > 0 { connections.close(told) } else { connections.gate.stays(ticket) }
      }
      #expect(connections.open <= 20 + HTTPLimits.acceptedAtOnce)
      for number in 1...5 { #expect(connections.open(from: "10.0.0.\(number)") <= 9) }
    }
  }
}

struct HTTPDateTests {
  @Test(arguments: [
    (Int64(784_111_777), "Sun, 06 Nov 1994 08:49:37 GMT"), (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
    (951_782_399, "Mon, 28 Feb 2000 23:59:59 GMT"), (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
    (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"), (1_798_761_599, "Thu, 31 Dec 2026 23:59:59 GMT"),
  ])
  func datesAreWrittenAsHTTPWritesThem(seconds: Int64, text: String) {
    #expect(HTTPDate(seconds: seconds).text == text)
  }
}
