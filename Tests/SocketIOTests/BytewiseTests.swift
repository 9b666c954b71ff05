import NIOCore
import SocketIO
import Testing

/// Names are equal when their bytes are, as they are to a JavaScript client.
@Suite struct BytewiseTests {
  /// Pairs that Swift calls equal.
  static let lookalikes = [
    ("\u{e9}", "e\u{301}"), ("K", "\u{212a}"), (";", "\u{37e}"), ("\u{1e69}", "s\u{307}\u{323}"),
  ]

  @Test(arguments: lookalikes)
  func whatLooksTheSameIsNotTheSame(one: String, other: String) throws {
    #expect(one == other)
    #expect(!one.isBytewiseEqual(to: other) && one.isBytewiseEqual(to: one))
    #expect(BytewiseName(one) != BytewiseName(other))
    #expect(SocketValue.string(one) != .string(other))
    #expect(Set([BytewiseName(one), BytewiseName(other), BytewiseName(one)]).count == 2)
  }

  /// Small and large objects: with and without their index.
  @Test(arguments: lookalikes, [0, 40])
  func anObjectKeepsBothKeys(keys: (String, String), others: Int) throws {
    var text = "{"
    for number in 0..<others { text += "\"k\(number)\":0," }
    text += "\"\(keys.0)\":1,\"\(keys.1)\":2}"
    let value = try SocketValue(json: ByteBuffer(string: text))
    #expect(value[keys.0] == 1 && value[keys.1] == 2)
    #expect(value.object?.count == others + 2)
    var object = try #require(value.object)
    object[keys.0] = nil
    #expect(object[keys.0] == nil && object[keys.1] == 2)
    let packet = SocketPacket(.event, data: ["x", value])
    #expect(String(buffer: packet.encode().text) == "2[\"x\",\(text)]")
  }

  @Test func aReservedNameIsReservedByItsBytes() throws {
    #expect(throws: SocketPacketError.reservedEvent("disconnect")) { try SocketPacketTests.decode("2[\"disconnect\"]") }
    #expect(try SocketPacketTests.decode("2[\"\u{212a}onnect\"]") != nil)
  }

  /// Dictionary and list agree over random names made of few characters in either form.
  @Test func itAgreesWithAListOfBytes() {
    var generator = SeededGenerator(seed: 4)
    let letters = Self.lookalikes.flatMap { [$0.0, $0.1] } + ["a", "\u{301}"]
    var object = SocketObject()
    var model: [(bytes: [UInt8], value: Int64)] = []
    for number in 0..<4_000 {
      let name = (0..<Int.random(in: 0...3, using: &generator)).map { _ in
        letters.randomElement(using: &generator) ?? ""
      }
      .joined()
      let place = model.firstIndex { $0.bytes == Array(name.utf8) }
      #expect(object[name]?.int == place.map { model[$0].value })
      if number % 5 == 0 {
        object[name] = nil
        if let place { model.remove(at: place) }
      } else {
        object[name] = .int(Int64(number))
        if let place { model[place].value = Int64(number) } else { model.append((Array(name.utf8), Int64(number))) }
      }
    }
    #expect(object.keys.map { Array($0.utf8) } == model.map(\.bytes))
  }
}

@Suite struct SocketArgumentsTests {
  @Test func aPlacePastTheEndHoldsNull() {
    let arguments: SocketArguments = ["a", 1]
    #expect(arguments[0] == "a" && arguments[1] == 1)
    for place in [2, 3, 1_000, Int.max, -1, Int.min] { #expect(arguments[place] == .null) }
    #expect(arguments.count == 2 && Array(arguments) == ["a", 1])
    #expect(SocketArguments([]).first == nil && SocketArguments([])[0].isNull)
    #expect(Array(arguments.dropFirst(5)).isEmpty)
  }
}
