import NIOCore
import SocketIO
import SocketIOServer

/// The payloads of the client's events, as section 1.2 of `Docs/protocol.md` gives them.
enum Command {
  struct Play: Decodable {
    var trackId: String?
    var streamId: String?
    var quality: String?
    var codec: String?
    var position: Double?
  }
  struct Pause: Decodable {
    var position: Double?
    var streamId: String?
  }
  struct Seek: Decodable {
    var position: Double
    /// The stream of which the device holds the sound there, to which it jumps by itself.
    var held: String?
    /// The stream's epoch as the device knows it, when it jumped.
    var epoch: Int?
  }
  struct Volume: Decodable {
    var volume: Double
    var deviceId: String?
  }
  struct Quality: Decodable {
    var quality: String
    var codec: String?
  }
  struct Control: Decodable {
    var action: String
  }
  struct ClockSync: Decodable {
    var t0: Double
  }

  /// A command that moves the sound.
  enum Transport {
    case pause(Pause), resume, stop
    case seek(Seek)
    case quality(Quality)
  }

  static func transport(_ name: String, from payload: SocketValue?) throws(DubplateError) -> Transport {
    switch name {
    case "pause_track": .pause(try decode(Pause.self, from: payload))
    case "seek_position": .seek(try decode(Seek.self, from: payload))
    case "quality_change": .quality(try decode(Quality.self, from: payload))
    case "stop_track": .stop
    default: .resume
    }
  }

  /// Reads a payload; nothing at all counts as `{}`.
  /// - Throws: `bad_request`, which names the field.
  static func decode<T: Decodable>(_ type: T.Type, from payload: SocketValue?) throws(DubplateError) -> T {
    do {
      return try (payload ?? .object([:])).decode(type)
    } catch {
      throw DubplateError(.badRequest, "\(error.path.isEmpty ? "payload" : error.path): \(error.message)")
    }
  }

  /// A number that a client gave, which must be one.
  /// - Throws: `bad_request`, which names the field.
  static func finite(_ number: Double, _ field: String) throws(DubplateError) -> Double {
    guard number.isFinite else { throw DubplateError(.badRequest, "\(field): must be a finite number") }
    return number
  }

  /// What a command costs of its user's budget: one, and more for a long name or a large payload.
  static func cost(of name: String, _ arguments: SocketArguments) -> Double {
    var values = name.utf8.count / GatewayLimits.bytesPerValue
    for argument in arguments { count(argument, into: &values) }
    return 1 + Double(values / GatewayLimits.valuesPerCommand)
  }

  private static func count(_ value: SocketValue, into values: inout Int) {
    values += 1
    switch value {
    case .array(let elements): for element in elements { count(element, into: &values) }
    case .object(let object):
      for (key, element) in object {
        values += key.utf8.count / GatewayLimits.bytesPerValue
        count(element, into: &values)
      }
    case .string(let text): values += text.utf8.count / GatewayLimits.bytesPerValue
    case .binary(let bytes): values += bytes.readableBytes / GatewayLimits.bytesPerValue
    case .null, .bool, .int, .double: break
    }
  }
}
