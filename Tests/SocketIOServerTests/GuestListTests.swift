import EngineIO
import TestSupport
import Testing

@testable import SocketIOServer

@Suite struct GuestListTests {
  private func guest(_ sid: Int, _ address: String? = nil, bytes: Int = 100) -> GuestList.Guest {
    .init(sid: "\(sid)", address: address.flatMap { AddressBlock($0) }, bytes: bytes)
  }

  @Test func theOldestOfAnAddressGoesFirstAndNobodyElses() {
    var list = GuestList(maxCount: 100, maxPerAddress: 3, maxBytes: 1 << 20)
    _ = list.add(guest(0, "10.0.0.9"))
    for number in 1...3 { #expect(list.add(guest(number, "10.0.0.1")).displaced.isEmpty) }
    #expect(list.add(guest(4, "10.0.0.1")).displaced == ["1"])
    #expect(list.add(guest(5, "10.0.0.2")).displaced.isEmpty)
    #expect(list.add(guest(6, "10.0.0.1")).displaced == ["2"])
  }

  @Test func anAddressOfIPv6IsItsNetwork() {
    #expect(AddressBlock("2001:db8:1:2::1") == AddressBlock("2001:db8:1:2:ffff::9"))
    #expect(AddressBlock("2001:db8:1:2::1") != AddressBlock("2001:db8:1:3::1"))
    #expect(AddressBlock("::ffff:10.1.2.3") == AddressBlock("10.1.2.3"))
    #expect(AddressBlock("10.1.2.3") != AddressBlock("10.1.2.4"))
    for text in ["", "x", "10.1.2", "10.1.2.3:80", "1.2.3.4.5", "unknown"] { #expect(AddressBlock(text) == nil) }
  }

  @Test func rangesAreReadAndHeld() throws {
    let ten = try #require(AddressRange("10.0.0.0/8"))
    #expect(ten.contains("10.255.0.1") && !ten.contains("11.0.0.1") && !ten.contains("::1"))
    #expect(try #require(AddressRange("fd00::/8")).contains("fdff::1"))
    #expect(try #require(AddressRange("192.168.1.7")).contains("192.168.1.7"))
    #expect(try #require(AddressRange("0.0.0.0/0")).contains("8.8.8.8"))
    for text in ["", "/8", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "::1/129", "ten"] {
      #expect(AddressRange(text) == nil, "\(text)")
    }
    #expect(AddressRange.loopback.contains { $0.contains("127.9.9.9") })
  }

  @Test(arguments: [
    ("203.0.113.9", "", "203.0.113.9"), ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
    ("127.0.0.1", "", nil), ("127.0.0.1", "198.51.100.1", "198.51.100.1"), ("", "198.51.100.1", "198.51.100.1"),
    ("127.0.0.1", "198.51.100.1, 203.0.113.9", "203.0.113.9"),
    ("127.0.0.1", "198.51.100.1,  10.1.1.1 ,127.0.0.1", "198.51.100.1"), ("127.0.0.1", "nonsense", "?"),
    ("127.0.0.1", "198.51.100.1,,\t,", "198.51.100.1"), ("127.0.0.1", " , ", "?"), ("127.0.0.1", "127.0.0.1", nil),
    // With a port, as some proxies write it.
    ("127.0.0.1", "198.51.100.1:5678", "198.51.100.1"), ("127.0.0.1", "[2001:db8::1]:5678", "2001:db8::1"),
    ("127.0.0.1", "[2001:db8::1]", "2001:db8::1"), ("127.0.0.1", "2001:db8::1", "2001:db8::1"),
    ("127.0.0.1", "[::ffff:198.51.100.1]:80", "198.51.100.1"), ("127.0.0.1", "127.0.0.1:80", nil),
    ("127.0.0.1", "198.51.100.1:1, 10.1.1.1:2", "198.51.100.1"),
    ("127.0.0.1", "198.51.100.1, 203.0.113.9:7", "203.0.113.9"),
    ("127.0.0.1", "198.51.100.1:", "?"), ("127.0.0.1", "198.51.100.1:x", "?"), ("127.0.0.1", "198.51.100.1:1:2", "?"),
    ("127.0.0.1", "198.51.100.1:123456", "?"), ("127.0.0.1", "[2001:db8::1]5678", "?"),
    ("127.0.0.1", "[2001:db8::1", "?"),
    ("127.0.0.1", "198.51.100.1, :80", "?"), ("127.0.0.1", "198.51.100.1, []:80", "?"), ("127.0.0.1", "unknown", "?"),
    ("127.0.0.1", "[\u{301}198.51.100.1]", "?"),
    // A combining mark is no part of the delimiter in front of it.
    ("127.0.0.1", "\u{301}", "?"), ("127.0.0.1", "\u{301}, 198.51.100.1", "198.51.100.1"),
    ("127.0.0.1", "x,\u{301}, 198.51.100.1", "198.51.100.1"), ("127.0.0.1", "198.51.100.1,\u{301}", "?"),
  ])
  func onlyATrustedProxyIsBelieved(peer: String, forwarded: String, expected: String?) {
    var configuration = EngineServer.Configuration()
    configuration.trustedProxies = AddressRange.loopback + [AddressRange("10.0.0.0/8")].compactMap { $0 }
    let headers = forwarded.isEmpty ? [] : [(name: "X-Forwarded-For", value: forwarded)]
    let handshake = Handshake(
      headers: headers, target: RequestTarget(uri: "/"), remoteAddress: peer, transport: .polling)
    let block = expected == "?" ? AddressBlock.unreadable : expected.flatMap { AddressBlock($0) }
    #expect(configuration.address(of: handshake) == block)
    #expect(configuration.isForwarded(handshake) == (!forwarded.isEmpty && peer != "203.0.113.9"))
  }

  /// Whatever a client puts into a field, it hides none and makes none; and the address that its proxy adds is found.
  @Test func fieldsAreTakenApartByBytes() throws {
    var generator = SeededGenerator(seed: 6)
    let bits = [
      "\u{301}", ":", ",", ";", "\u{37e}", "=", " ", "\t", "a", "\"", "\u{20dd}", "é", "\u{200d}", "127.0.0.1",
    ]
    let configuration = EngineServer.Configuration()
    for _ in 0..<3_000 {
      func junk() -> String {
        (0..<Int.random(in: 0...5, using: &generator)).map { _ in bits.randomElement(using: &generator) ?? "" }.joined()
      }
      let own = junk()
      let fields = [("x-forwarded-for", "\(own), 198.51.100.7"), ("x", junk()), ("cookie", "\(junk()); token=good")]
      let handshake = Handshake(
        headers: fields.map { (name: $0.0, value: $0.1) }, target: RequestTarget(uri: "/"), remoteAddress: "127.0.0.1",
        transport: .polling
      ).keeping(["x-forwarded-for", "x", "cookie"], upTo: 1_000)
      try #require(handshake.headers.map(\.name) == fields.map(\.0), "\(fields)")
      try #require(zip(handshake.headers, fields).allSatisfy { $0.value.utf8.elementsEqual($1.1.utf8) }, "\(fields)")
      try #require(configuration.address(of: handshake) == AddressBlock("198.51.100.7"), "\(own)")
      try #require(handshake.cookies["token"] == "good", "\(fields)")
    }
  }

  @Test func whatHandshakesTakeIsBounded() {
    var list = GuestList(maxCount: 1_000, maxPerAddress: 1_000, maxBytes: 1_000)
    for number in 0..<200 {
      _ = list.add(guest(number, bytes: 90))
      #expect(list.bytes <= 1_000)
    }
    // The whole of the bound for one: it has its place, and nobody else.
    #expect(list.add(guest(200, bytes: 1_000)).displaced.count == 11 && list.count == 1)
  }

  /// Against a plain list, with the same rules in the plainest form.
  @Test func itAgreesWithAList() throws {
    struct Model {
      var guests: [(number: UInt64, sid: String, address: Int, bytes: Int)] = []
      mutating func remove(where condition: (Int) -> Bool) -> [String] {
        guard let place = guests.indices.first(where: condition) else { return [] }
        return [guests.remove(at: place).sid]
      }
    }
    var generator = SeededGenerator(seed: 14)
    var list = GuestList(maxCount: 20, maxPerAddress: 6, maxBytes: 3_000)
    var model = Model()
    for step in 0..<5_000 {
      if Int.random(in: 0..<3, using: &generator) == 0, let gone = model.guests.randomElement(using: &generator) {
        list.remove(gone.number)
        model.guests.removeAll { $0.number == gone.number }
      } else {
        let address = Int.random(in: 0..<6, using: &generator)
        let bytes = Int.random(in: 1...600, using: &generator)
        var expected: [String] = []
        if model.guests.count(where: { $0.address == address }) >= 6 {
          expected += model.remove { [guests = model.guests] in guests[$0].address == address }
        }
        while model.guests.count >= 20 || model.guests.reduce(0, { $0 + $1.bytes }) + bytes > 3_000 {
          expected += model.remove { _ in true }
        }
        let (number, displaced) = list.add(guest(step, "10.0.0.\(address)", bytes: bytes))
        try #require(displaced == expected)
        model.guests.append((number, "\(step)", address, bytes))
      }
      try #require(list.count == model.guests.count && list.bytes == model.guests.reduce(0) { $0 + $1.bytes })
    }
  }
}
