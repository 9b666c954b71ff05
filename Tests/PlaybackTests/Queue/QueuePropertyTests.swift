import Foundation
import Testing

@testable import Playback

/// Random commands, compared with a simple model. A failure names its seed: `QueueExercise(seed:)` repeats it.
@Suite struct QueuePropertyTests {
  @Test(arguments: 0..<8) func theQueueDoesWhatItsModelDoes(part: UInt64) {
    for seed in part * 1_000..<part * 1_000 + 100 {
      var exercise = QueueExercise(seed: seed)
      do {
        try exercise.run(commands: 50)
      } catch {
        Issue.record("seed \(seed): \(error)")
        return
      }
    }
  }

  @Test func aStoredQueueThatWasTamperedWithIsRefusedOrSound() {
    var accepted = 0
    for seed in UInt64(0)..<500 {
      var random = QueueRandom(seed: seed)
      do {
        var exercise = QueueExercise(seed: seed)
        try exercise.run(commands: 12)
        let data = try JSONEncoder().encode(exercise.queue)
        guard var object = try JSONSerialization.jsonObject(with: data) as? [String: Any] else {
          throw Wrong("no object")
        }
        let keys = object.keys.sorted()
        let key = keys[random.index(below: keys.count)]
        object[key] = Self.tampered(object[key], using: &random)
        let tampered = try JSONSerialization.data(withJSONObject: object)
        guard let queue = try Self.decode(tampered) else { continue }
        accepted += 1
        try QueueExercise.checkInvariants(queue)
        var onward = QueueExercise(seed: seed, queue: queue)
        try onward.runUnmodelled(commands: 8)
      } catch {
        Issue.record("seed \(seed): \(error)")
        return
      }
    }
    #expect((1..<500).contains(accepted))
  }

  @Test func damagedBytesNeverTrap() {
    for seed in UInt64(0)..<500 {
      var random = QueueRandom(seed: seed)
      do {
        var exercise = QueueExercise(seed: seed)
        try exercise.run(commands: 12)
        var data = [UInt8](try JSONEncoder().encode(exercise.queue))
        for _ in 0...random.index(below: 3) where !data.isEmpty {
          let place = random.index(below: data.count)
          switch random.index(below: 4) {
          case 0: data[place] = UInt8(random.index(below: 256))
          case 1: data[place] = UInt8(ascii: "0") + UInt8(random.index(below: 10))
          case 2: data.remove(at: place)
          default: data.removeLast(min(data.count, random.index(below: 20)))
          }
        }
        do {
          let queue = try JSONDecoder().decode(PlayQueue.self, from: Data(data))
          try QueueExercise.checkInvariants(queue)
        } catch is DecodingError {
          // Bytes that are no JSON.
        } catch let error as SessionError {
          guard error.code == .badData else { throw error }
        }
      } catch {
        Issue.record("seed \(seed): \(error)")
        return
      }
    }
  }

  /// nil for a queue that was refused as it should be; throws every other error.
  private static func decode(_ data: Data) throws -> PlayQueue? {
    do {
      return try JSONDecoder().decode(PlayQueue.self, from: data)
    } catch let error as SessionError {
      guard error.code == .badData else { throw error }
      return nil
    }
  }

  private static func tampered(_ value: Any?, using random: inout QueueRandom) -> Any? {
    if var array = value as? [Any], random.index(below: 3) > 0 {
      let other = [1, -1, 0, UInt64.max, 3, 1e300, "", [Int]()] as [Any]
      let replacement = other[random.index(below: other.count)]
      if array.isEmpty || random.index(below: 4) == 0 { return array + [replacement] }
      let place = random.index(below: array.count)
      switch random.index(below: 4) {
      case 0: array.remove(at: place)
      case 1: array[place] = array[random.index(below: array.count)]
      case 2: array.swapAt(place, random.index(below: array.count))
      default: array[place] = replacement
      }
      return array
    }
    let others =
      [
        nil, NSNull(), -1, 0, 1, 2, 5, 12.5, 1e300, UInt64.max, UInt64(1) << 53, (UInt64(1) << 53) + 1, "", "off",
        "all",
        "x", true, [Int](), [1, 1], [0, 1, 2], [String: Int](), String(repeating: "y", count: 300),
        ["kind": "k", "id": "i", "name": String(repeating: "n", count: 300)],
      ] as [Any?]
    return others[random.index(below: others.count)]
  }
}
