import Foundation
import NIOCore
import SocketIO
import Testing

@Suite struct CodableTests {
  struct Track: Codable, Equatable {
    var id: String
    var position: Double?
    var bytes: ByteBuffer
    var data: Data
    var raw: [UInt8]
  }

  struct Queue: Codable, Equatable {
    enum Kind: String, Codable { case album, radio }
    var kind: Kind
    var tracks: [Track]
    var names: [String: Int]
    var anything: SocketValue
  }

  static let queue = Queue(
    kind: .radio,
    tracks: [Track(id: "a", position: nil, bytes: ByteBuffer(bytes: [1]), data: Data([2, 3]), raw: [4])],
    names: ["x": 1],
    anything: ["deep": [.binary(ByteBuffer(bytes: [9]))]])

  @Test func binaryOfEveryTypeBecomesBinary() throws {
    let value = try SocketValue(encoding: Self.queue)
    let track = value["tracks"]?[0]
    #expect(track?["bytes"] == .binary(ByteBuffer(bytes: [1])))
    #expect(track?["data"] == .binary(ByteBuffer(bytes: [2, 3])))
    #expect(track?["raw"] == .binary(ByteBuffer(bytes: [4])))
    #expect(track?.object?.keys == ["id", "bytes", "data", "raw"])
    #expect(value["kind"] == "radio")
  }

  @Test func whatIsEncodedDecodesToTheSame() throws {
    #expect(try SocketValue(encoding: Self.queue).decode(Queue.self) == Self.queue)
    #expect(try SocketValue(encoding: [1, 2, 3]).decode([Int].self) == [1, 2, 3])
    #expect(try SocketValue(encoding: "x").decode(String.self) == "x")
    #expect(try SocketValue(encoding: Optional<Int>.none).decode(Int?.self) == nil)
  }

  @Test func bytesAreAlsoReadFromAnArrayOfNumbers() throws {
    let value: SocketValue = [1, 2, 255]
    #expect(try value.decode([UInt8].self) == [1, 2, 255])
  }

  struct Play: Decodable, Equatable {
    struct Item: Decodable, Equatable { var volume: Int }
    var trackId: String
    var items: [Item]?
  }

  @Test(
    arguments: [
      ([:], "trackId", "is missing"), (["trackId": 5], "trackId", "should be a string, is a number"),
      ("x", "", "should be an object, is a string"),
      (["trackId": nil], "trackId", "should be a string, is null"),
      (
        ["trackId": "a", "items": [["volume": 1], ["volume": 1.5]]], "items[1].volume",
        "should be a whole number, is a number"
      ),
      (["trackId": "a", "items": [["volume": "1"]]], "items[0].volume", "should be a number, is a string"),
      (["trackId": "a", "items": 7], "items", "should be an array, is a number"),
    ] as [(SocketValue, String, String)])
  func errorsNameThePathAndWhatIsWrong(value: SocketValue, path: String, message: String) {
    #expect(throws: SocketDecodingError(path: path, message: message)) { try value.decode(Play.self) }
  }

  @Test func numbersOutOfRangeAreRefused() {
    #expect(throws: SocketDecodingError(path: "", message: "is out of range")) {
      try SocketValue.int(300).decode(UInt8.self)
    }
    #expect(throws: SocketDecodingError.self) { try SocketValue.double(1e300).decode(Int.self) }
  }
}
