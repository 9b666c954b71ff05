@testable import Playback

/// One command to a queue, as a client would give it.
enum QueueCommand: Sendable {
  case set(tracks: [String], index: Int?, context: PlayQueue.Context?, shuffle: Bool?)
  case add([String], PlayQueue.Place)
  case remove([String])
  case move(String, to: Int)
  case clear(all: Bool)
  case jump(String)
  case jumpToIndex(Int)
  case shuffle(Bool)
  case repeatMode(PlayQueue.RepeatMode)
  case crossfade(Double)
  case next
  case advance
  case previous(position: Double)

  /// Gives it to a queue; returns what came back as a text to compare, errors too.
  func apply(to queue: inout PlayQueue, using random: inout QueueRandom) -> String {
    do {
      switch self {
      case .set(let tracks, let index, let context, let shuffle):
        let item = try queue.set(
          tracks: tracks, index: index, context: context, shuffle: shuffle, using: &random)
        return "set \(item?.id ?? "nothing")"
      case .add(let tracks, let place): return "added \(try queue.add(tracks, at: place))"
      case .remove(let ids): return Self.text(try queue.remove(items: ids))
      case .move(let id, let target):
        try queue.move(item: id, to: target)
        return "done"
      case .clear(let all): return Self.text(queue.clear(all: all))
      case .jump(let id): return "item \(try queue.jump(to: id).id)"
      case .jumpToIndex(let index): return "item \(try queue.jump(toIndex: index).id)"
      case .shuffle(let on):
        queue.setShuffle(on, using: &random)
        return "done"
      case .repeatMode(let mode):
        queue.setRepeat(mode)
        return "done"
      case .crossfade(let seconds):
        try queue.setCrossfade(seconds: seconds)
        return "done"
      case .next: return "item \(try queue.next().id)"
      case .advance: return "item \(queue.advance()?.id ?? "nothing")"
      case .previous(let position):
        return switch try queue.previous(position: position) {
        case .restart(let item): "restart \(item.id)"
        case .item(let item): "item \(item.id)"
        }
      }
    } catch {
      return error.code.name
    }
  }

  private static func text(_ removal: PlayQueue.Removal) -> String {
    switch removal {
    case .undisturbed: "undisturbed"
    case .next(let item): "next \(item.id)"
    case .ended: "ended"
    }
  }
}

/// What a queue should do, written as simply as it can be said: lists of items, the current one by its id, and no care
/// for speed. It has no randomness; where the queue permutes, the model takes the order that it sees and says what is
/// wrong with it.
struct QueueModel: Equatable {
  struct Entry: Hashable {
    var id: String
    var track: String
  }

  var play: [Entry] = []
  var original: [Entry]?
  var current: Entry?
  var context: PlayQueue.Context?
  var repeatMode = PlayQueue.RepeatMode.off
  var crossfade = 0.0
  var given: UInt64 = 0

  var place: Int? { play.firstIndex { $0 == current } }

  /// Does a command; `seen` is the queue's play order afterwards. Returns what should come back; throws what is wrong
  /// with a permutation.
  mutating func apply(_ command: QueueCommand, seen: [Entry]) throws -> String {
    switch command {
    case .set(let tracks, let index, let context, let shuffle):
      if let index, !(tracks.isEmpty && index == 0), index < 0 || index >= tracks.count { return "bad_request" }
      let entries = make(tracks)
      let isShuffled = shuffle ?? (original != nil)
      play = entries
      original = nil
      current = entries.isEmpty ? nil : entries[index ?? 0]
      self.context = entries.isEmpty ? nil : context
      if isShuffled {
        // Without an index it may begin with any.
        if index == nil { current = seen.first }
        try permute(seen)
      }
      return "set \(current?.id ?? "nothing")"
    case .add(let tracks, let wanted): return add(tracks, wanted)
    case .remove(let ids):
      guard ids.allSatisfy({ id in play.contains { $0.id == id } }) else { return "unknown_item" }
      return try remove({ ids.contains($0.id) }, seen: seen)
    case .move(let id, let target):
      guard let from = play.firstIndex(where: { $0.id == id }) else { return "unknown_item" }
      guard target >= 0, target < play.count else { return "bad_request" }
      play.insert(play.remove(at: from), at: target)
      return "done"
    case .clear(let all):
      let had = current != nil
      if all { (current, context) = (nil, nil) }
      play = current.map { [$0] } ?? []
      if original != nil { original = play }
      return all && had ? "ended" : "undisturbed"
    case .jump(let id):
      guard let entry = play.first(where: { $0.id == id }) else { return "unknown_item" }
      current = entry
      return "item \(id)"
    case .jumpToIndex(let index):
      guard index >= 0, index < play.count else { return "bad_request" }
      current = play[index]
      return "item \(play[index].id)"
    case .shuffle(let on):
      if on, original == nil {
        try permute(seen)
      } else if !on, let restored = original {
        play = restored
        original = nil
      }
      return "done"
    case .repeatMode(let mode):
      repeatMode = mode
      return "done"
    case .crossfade(let seconds):
      guard seconds >= 0, seconds <= 12 else { return "bad_request" }
      crossfade = seconds
      return "done"
    case .next:
      guard let place, place + 1 < play.count || repeatMode != .off else { return "queue_ended" }
      return try goOn(from: place, seen: seen)
    case .advance:
      guard let place, let now = current else { return "item nothing" }
      if repeatMode == .one { return "item \(now.id)" }
      if repeatMode == .off, place + 1 == play.count {
        current = play.first
        return "item nothing"
      }
      return try goOn(from: place, seen: seen)
    case .previous(let position):
      guard let place, let now = current else { return "queue_ended" }
      if position > 3 { return "restart \(now.id)" }
      current = place > 0 ? play[place - 1] : repeatMode == .all ? play.last : now
      return "\(current == now ? "restart" : "item") \(current?.id ?? "")"
    }
  }

  private mutating func make(_ tracks: [String]) -> [Entry] {
    tracks.map {
      given += 1
      return Entry(id: String(given, radix: 36), track: $0)
    }
  }

  private mutating func add(_ tracks: [String], _ wanted: PlayQueue.Place) -> String {
    let behindCurrent = (place ?? -1) + 1
    let target =
      switch wanted {
      case .next: behindCurrent
      case .end: play.count
      case .index(let index): index
      }
    guard target >= 0, target <= play.count else { return "bad_request" }
    let added = make(tracks)
    if let list = original {
      // Behind the same neighbour, but what goes to the end goes to the end.
      let neighbour = target > 0 && (wanted == .next || target < play.count) ? play[target - 1] : nil
      let after = neighbour.flatMap { list.firstIndex(of: $0) }.map { $0 + 1 }
      original?.insert(contentsOf: added, at: after ?? (target == 0 ? 0 : list.count))
    }
    play.insert(contentsOf: added, at: target)
    current = current ?? added.first
    return "added \(added.map(\.id))"
  }

  private mutating func remove(_ isDoomed: (Entry) -> Bool, seen: [Entry]) throws -> String {
    guard let now = current, let place else { return "undisturbed" }
    let behind = play[(place + 1)...].first { !isDoomed($0) }
    play.removeAll(where: isDoomed)
    original?.removeAll(where: isDoomed)
    guard isDoomed(now) else { return "undisturbed" }
    current = behind
    if let behind { return "next \(behind.id)" }
    current = play.first
    if play.isEmpty { context = nil }
    guard repeatMode != .off, !play.isEmpty else { return "ended" }
    try beginRound(after: now, seen: seen)
    return "next \(current?.id ?? "")"
  }

  private mutating func goOn(from place: Int, seen: [Entry]) throws -> String {
    if place + 1 < play.count {
      current = play[place + 1]
    } else {
      try beginRound(after: play[place], seen: seen)
    }
    return "item \(current?.id ?? "")"
  }

  private mutating func permute(_ seen: [Entry]) throws {
    guard Set(seen) == Set(play), seen.count == play.count else { throw Wrong("shuffle lost or doubled items") }
    guard seen.first == current else { throw Wrong("shuffle doesn't begin with the playing item") }
    original = play
    play = seen
  }

  private mutating func beginRound(after ended: Entry, seen: [Entry]) throws {
    if original != nil, play.count > 1 {
      guard Set(seen) == Set(play), seen.count == play.count else { throw Wrong("a round lost or doubled items") }
      guard seen[0] != ended else { throw Wrong("a round begins with the item that ended") }
      guard seen[0].track != ended.track || play.allSatisfy({ $0.track == ended.track }) else {
        throw Wrong("a round begins with the track that ended")
      }
      play = seen
    }
    current = play.first
  }
}

/// What a property test found.
struct Wrong: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) {
    self.description = description
  }
}
