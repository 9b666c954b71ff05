import Foundation
import Testing

@testable import Playback

@Suite struct QueueCodingTests {
  /// A stored queue of three shuffled items; every other one here differs from it in one thing.
  private static let good =
    #"{"format":1,"version":9,"tracks":["a","b","c"],"runs":[7,2,3,1],"order":[2,0,1],"index":1,"next":9,"#
    + #""seed":18446744073709551615,"context":{"kind":"album","id":"x","name":"X"},"repeat":"all","crossfade":2.5}"#

  private func decode(_ text: String) throws -> PlayQueue {
    try JSONDecoder().decode(PlayQueue.self, from: Data(text.utf8))
  }

  @Test func aStoredQueueOfFormat1IsRead() throws {
    var random = QueueRandom(seed: 1)
    var queue = try decode(Self.good)
    #expect(queue.items.map(\.trackId) == ["c", "a", "b"] && queue.items.map(\.id) == ["3", "7", "8"])
    #expect(queue.current?.trackId == "a" && queue.version == 9 && queue.repeatMode == .all && queue.isShuffled)
    #expect(queue.crossfadeSeconds == 2.5 && queue.context?.name == "X")
    queue.setShuffle(false, using: &random)
    #expect(queue.items.map(\.trackId) == ["a", "b", "c"])
    let added = try queue.add(["d"])
    #expect(added == ["9"])
  }

  @Test(arguments: [
    (#""format":1"#, #""format":2"#),
    (#""version":9"#, #""version":9007199254740993"#),
    (#""version":9"#, #""version":-1"#),
    (#""next":9"#, #""next":8"#),
    (#""next":9"#, #""next":0"#),
    ("[7,2,3,1]", "[7,2,8,1]"),
    ("[7,2,3,1]", "[7,2,3,2]"),
    ("[7,2,3,1]", "[7,2]"),
    ("[7,2,3,1]", "[7,3,3]"),
    ("[7,2,3,1]", "[7,18446744073709551615]"),
    ("[7,2,3,1]", "[0,2,3,1]"),
    ("[7,2,3,1]", "[7,1,7,1,3,1]"),
    ("[2,0,1]", "[2,0]"),
    ("[2,0,1]", "[2,0,0]"),
    ("[2,0,1]", "[3,0,1]"),
    ("[2,0,1]", "null"),
    (#""index":1"#, #""index":3"#),
    (#""index":1"#, #""index":-1"#),
    (#""index":1"#, #""index":null"#),
    (#""seed":18446744073709551615"#, #""seed":12.5"#),
    (#""crossfade":2.5"#, #""crossfade":12.5"#),
    (#""repeat":"all""#, #""repeat":"some""#),
    (#"["a","b","c"]"#, #"["a","","c"]"#),
    (#"["a","b","c"]"#, #"["a","b"]"#),
  ]) func whatNoQueueWritesIsRefused(part: String, tampered: String) throws {
    #expect(Self.good.contains(part))
    let text = Self.good.replacing(part, with: tampered)
    #expect(throws: SessionError.badData("")) { try decode(text) }
  }

  @Test func moreItemsThanAQueueHoldsAreRefused() {
    let tracks = [String](repeating: #""a""#, count: PlaybackLimits.queueItems + 1).joined(separator: ",")
    let text = Self.good.replacing(#"["a","b","c"]"#, with: "[\(tracks)]")
    #expect(throws: SessionError.badData("")) { try decode(text) }
  }
}
