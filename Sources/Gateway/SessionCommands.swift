import Playback

/// The payloads of the session's events, as section 1.2 of `Docs/protocol.md` gives them.
extension Command {
  struct Versioned: Decodable {
    var version: UInt64?
  }
  struct QueueGet: Decodable {
    var offset: Int?
    var limit: Int?
  }
  struct QueueSet: Decodable {
    struct Context: Decodable {
      var kind: String
      var id: String
      var name: String

      var queueContext: PlayQueue.Context { PlayQueue.Context(kind: kind, id: id, name: name) }
    }

    var tracks: [String]
    var index: Int?
    var position: Double?
    var play: Bool?
    var quality: String?
    var codec: String?
    var context: Context?
    var shuffle: Bool?
    var deviceId: String?
    var version: UInt64?
  }
  struct QueueAdd: Decodable {
    /// `next`, `end` or an index.
    enum At: Decodable {
      case name(String)
      case index(Int)

      init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let name = try? container.decode(String.self) {
          self = .name(name)
        } else {
          self = .index(try container.decode(Int.self))
        }
      }
    }

    var tracks: [String]
    var at: At?
    var version: UInt64?

    func place() throws(DubplateError) -> PlayQueue.Place {
      switch at {
      case nil, .name("end"): .end
      case .name("next"): .next
      case .index(let index): .index(index)
      case .name: throw DubplateError(.badRequest, "at: must be next, end or an index")
      }
    }
  }
  struct QueueRemove: Decodable {
    var items: [String]
    var version: UInt64?
  }
  struct QueueMove: Decodable {
    var item: String
    var to: Int
    var version: UInt64?
  }
  struct QueueClear: Decodable {
    var all: Bool?
    var version: UInt64?
  }
  struct QueueJump: Decodable {
    var item: String?
    var index: Int?
    var position: Double?
    var version: UInt64?

    func goal() throws(DubplateError) -> ListeningSession.Goal {
      switch (item, index) {
      case (let item?, nil): .item(item)
      case (nil, let index?): .index(index)
      default: throw DubplateError(.badRequest, "item: it takes either item or index")
      }
    }
  }
  struct Shuffle: Decodable {
    var shuffle: Bool
    var version: UInt64?
  }
  struct Repeat: Decodable {
    var `repeat`: String
    var version: UInt64?
  }
  struct Crossfade: Decodable {
    var seconds: Double
  }
  struct Transfer: Decodable {
    var deviceId: String
    var play: Bool?
  }
  struct Forget: Decodable {
    var deviceId: String
  }
  struct Group: Decodable {
    var deviceId: String?
  }
  struct NetworkStats: Decodable {
    /// Bit/s.
    var bandwidth: Double?
    var bufferMs: Double?
    var rttMs: Double?
    /// What is heard: `position` of the stream at the server's Unix ms `at`.
    var streamId: String?
    var position: Double?
    var at: Double?
  }
  struct Settings: Decodable {
    var deviceId: String?
    var name: String?
    var volume: Double?
    var outputDelayMs: Double?
    var dataSaver: Bool?

    var settings: PlaybackDevice.Settings {
      PlaybackDevice.Settings(
        name: name.map { String($0.prefix(GatewayLimits.nameLength)) }, volume: volume, outputDelayMs: outputDelayMs,
        dataSaver: dataSaver)
    }
  }
}
