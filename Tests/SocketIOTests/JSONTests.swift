import NIOCore
import SocketIO
import Testing

@Suite struct JSONTests {
  static func parse(_ text: String) throws -> SocketValue { try SocketValue(json: ByteBuffer(string: text)) }

  static func write(_ value: SocketValue) -> String {
    var buffer = ByteBuffer()
    value.writeJSON(into: &buffer)
    return String(buffer: buffer)
  }

  @Test(
    arguments: [
      ("null", SocketValue.null), (" true ", true), ("0", 0), ("-1", -1), ("9223372036854775807", .int(.max)),
      ("-9223372036854775808", .int(.min)), ("9223372036854775808", .double(9223372036854775808)), ("1.5", 1.5),
      ("1e3", .double(1000)),
      ("1E-2", 0.01), ("-0", .double(-0.0)), (#""""#, ""), (#""a\"\\\/\b\f\n\r\t""#, "a\"\\/\u{8}\u{c}\n\r\t"),
      (#""\u00e9\ud83d\ude00""#, "é😀"), (#""\ud83d""#, "\u{fffd}"), (#""\ud83dx""#, "\u{fffd}x"),
      (#""\udc00""#, "\u{fffd}"),
      (#""\ud83d\u0041""#, "\u{fffd}A"), ("[]", []), ("[1,[2,{}]]", [1, [2, [:]]]),
      (#"{"a":1,"b":[null]}"#, ["a": 1, "b": [nil]]),
      (#"{"a":1,"a":2}"#, ["a": 2]),
    ] as [(String, SocketValue)])
  func whatJSONAllowsIsRead(text: String, value: SocketValue) throws {
    #expect(try Self.parse(text) == value)
  }

  @Test(arguments: [
    "", " ", "nul", "tru", "01", "-", "+1", ".5", "1.", "1e", "1e+", "0x1", "NaN", "Infinity", "1e999", "\"", "\"\\\"",
    "\"\\x\"", "\"\\u12\"",
    "\"\\u12g4\"", "\"a\u{1}\"", "\"\n\"", "[", "[1", "[1,", "[1,]", "[,1]", "{", "{\"a\"", "{\"a\":", "{\"a\":1",
    "{\"a\":1,}", "{a:1}", "{1:1}", "'a'",
    "1 2", "[] []", "//", "[1]x",
  ])
  func whatJSONForbidsIsRefused(text: String) {
    #expect(throws: JSONError.self) { try Self.parse(text) }
  }

  @Test func bytesThatAreNotUTF8AreRefused() {
    #expect(throws: JSONError.malformed(offset: 0)) { try SocketValue(json: ByteBuffer(bytes: [0x22, 0xff, 0x22])) }
  }

  @Test func depthIsBounded() throws {
    let deep = SocketIOLimits.maxDepth
    _ = try Self.parse(String(repeating: "[", count: deep) + String(repeating: "]", count: deep))
    #expect(throws: JSONError.tooDeep) { try Self.parse(String(repeating: "[", count: 500_000)) }
    #expect(throws: JSONError.tooDeep) { try Self.parse(String(repeating: "{\"a\":", count: 500)) }
  }

  @Test func theNumberOfValuesIsBounded() {
    let text = "[" + String(repeating: "1,", count: SocketIOLimits.maxValues) + "1]"
    #expect(throws: JSONError.tooManyValues) { try Self.parse(text) }
  }

  @Test func aHugeNumberIsReadInLinearTime() {
    #expect(throws: JSONError.self) { try Self.parse(String(repeating: "9", count: 900_000)) }
  }

  @Test(
    arguments: [
      (.double(1.5), "1.5"), (.double(2), "2"), (.double(.nan), "null"), (.double(-.infinity), "null"),
      (.double(1e21), "1e+21"), (.double(-0.0), "-0.0"),
      (.int(.min), "-9223372036854775808"), (.int(.max), "9223372036854775807"), (.int(0), "0"),
      (.string("\u{0}\u{1f}é\"\\/"), #""\u0000\u001fé\"\\/""#),
      (["b": 1, "a": [true, nil]], #"{"b":1,"a":[true,null]}"#), (.binary(ByteBuffer(bytes: [1, 2, 3])), #""AQID""#),
    ] as [(SocketValue, String)])
  func valuesAreWrittenAsJavaScriptReadsThem(value: SocketValue, text: String) {
    #expect(Self.write(value) == text)
  }

  @Test func anObjectKeepsItsOrderWhateverItsSize() {
    var object = SocketObject()
    for number in 0..<200 { object["key\(199 - number)"] = .int(Int64(number)) }
    object["key100"] = "changed"
    object["key199"] = nil
    #expect(object.keys.first == "key198")
    #expect(object["key100"] == "changed")
    #expect(object.keys[98] == "key100")
    #expect(object["key0"] == 199)
    #expect(object.count == 199)
  }

  static func random(_ generator: inout SeededGenerator, depth: Int, binary: Bool) -> SocketValue {
    switch Int.random(in: 0..<(depth > 0 ? 8 : 6), using: &generator) {
    case 0: return .null
    case 1: return .bool(Bool.random(using: &generator))
    case 2: return .int(Int64.random(in: .min ... .max, using: &generator))
    case 3:
      let value = Double(bitPattern: generator.next())
      return value.isFinite && value != value.rounded() ? .double(value) : .double(0.25)
    case 4:
      let count = Int.random(in: 0...12, using: &generator)
      return .string(String(decoding: generator.bytes(count), as: UTF8.self))
    case 5:
      if binary { return .binary(ByteBuffer(bytes: generator.bytes(Int.random(in: 0...9, using: &generator)))) }
      return ""
    case 6:
      return .array(
        (0..<Int.random(in: 0...4, using: &generator)).map { _ in random(&generator, depth: depth - 1, binary: binary) }
      )
    default:
      return .object(
        SocketObject(
          (0..<Int.random(in: 0...15, using: &generator)).map {
            ("k\($0)\u{e9}\"", random(&generator, depth: depth - 1, binary: binary))
          }))
    }
  }

  @Test func whatIsWrittenReadsBackTheSame() throws {
    var generator = SeededGenerator(seed: 11)
    for _ in 0..<2_000 {
      let value = Self.random(&generator, depth: 4, binary: false)
      #expect(try Self.parse(Self.write(value)) == value)
    }
  }

  @Test func mutatedTextsNeverTrap() {
    var generator = SeededGenerator(seed: 12)
    let seed = Array(#"{"a":[1,-2.5e3,"x\u00e9\ud83d\ude00",{"b":null}],"c":true}"#.utf8)
    for _ in 0..<20_000 {
      var bytes = seed
      for _ in 0..<3 {
        bytes[Int.random(in: bytes.indices, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
      }
      _ = try? SocketValue(json: ByteBuffer(bytes: bytes.prefix(Int.random(in: 0...bytes.count, using: &generator))))
    }
  }
}
