import Foundation

@testable import Playback

/// A queue and its model, given the same random commands. All comes from one seed, so that a failure can be repeated.
struct QueueExercise {
  var queue = PlayQueue()
  private var model = QueueModel()
  private var random: QueueRandom
  private var log: [QueueCommand] = []

  init(seed: UInt64) {
    random = QueueRandom(seed: seed)
  }

  /// Goes on with a queue that came from somewhere; what the model can't know of it isn't compared.
  init(seed: UInt64, queue: PlayQueue) {
    self.init(seed: seed)
    self.queue = queue
  }

  /// Gives `count` commands to both; throws where they part, or where an invariant breaks, with the commands so far.
  mutating func run(commands count: Int) throws {
    do {
      for _ in 0..<count { try step() }
    } catch let wrong as Wrong {
      throw Wrong("\(wrong) after:\n\(log.map { "\($0)" }.joined(separator: "\n"))")
    }
  }

  /// Gives commands to the queue alone; throws where an invariant breaks.
  mutating func runUnmodelled(commands count: Int) throws {
    for _ in 0..<count {
      let command = command()
      _ = command.apply(to: &queue, using: &random)
      try Self.checkInvariants(queue)
    }
  }

  private mutating func step() throws {
    let command = command()
    log.append(command)
    let (before, modelBefore) = (queue, model)
    let outcome = command.apply(to: &queue, using: &random)
    let expected = try model.apply(command, seen: entries(queue.items))
    guard outcome == expected else { throw Wrong("\(outcome) instead of \(expected)") }
    try compare()
    try Self.checkInvariants(queue)

    let hasChanged = !model.isSame(as: modelBefore)
    guard queue.version == before.version + (hasChanged ? 1 : 0) else {
      throw Wrong("version \(before.version) became \(queue.version), changed: \(hasChanged)")
    }
    // Also what can't be seen, such as the next permutation, stays when nothing has changed.
    guard hasChanged || queue == before else { throw Wrong("the version stands, but the queue has changed") }
    if random.index(below: 6) == 0 {
      let data = try JSONEncoder().encode(queue)
      guard try JSONDecoder().decode(PlayQueue.self, from: data) == queue else { throw Wrong("coding changes it") }
    }
  }

  private func entries(_ items: [PlayQueue.Item]) -> [QueueModel.Entry] {
    items.map { QueueModel.Entry(id: $0.id, track: $0.trackId) }
  }

  private func compare() throws {
    guard entries(queue.items) == model.play else { throw Wrong("the play order differs") }
    guard queue.isShuffled == (model.original != nil), entries(queue.unshuffled) == model.original ?? [] else {
      throw Wrong("the order to restore differs")
    }
    guard queue.index == model.place else { throw Wrong("the current item differs") }
    guard queue.context == model.context, queue.repeatMode == model.repeatMode,
      queue.crossfadeSeconds == model.crossfade
    else { throw Wrong("a setting differs") }
  }

  /// What holds for every queue at every time.
  static func checkInvariants(_ queue: PlayQueue) throws {
    guard Set(queue.items.map(\.id)).count == queue.count else { throw Wrong("an id stands twice") }
    guard queue.items.allSatisfy({ $0.serial < queue.nextSerial }) else { throw Wrong("an id will come again") }
    guard queue.index.map(queue.items.indices.contains) ?? queue.items.isEmpty else { throw Wrong("no current item") }
    guard queue.count <= PlaybackLimits.queueItems else { throw Wrong("too many items") }
    let restored = Set(queue.unshuffled.map(\.serial))
    guard queue.isShuffled ? restored == Set(queue.items.map(\.serial)) : restored.isEmpty,
      queue.isShuffled ? queue.unshuffled.count == queue.count : true
    else { throw Wrong("the shuffled order is not a permutation") }
    var later = queue
    guard queue.peekAfterCurrent() == later.advance() else { throw Wrong("advance gives another item than peek") }
  }

  private mutating func command() -> QueueCommand {
    switch random.index(below: 28) {
    case 0:
      let tracks = tracks(upTo: 9)
      let context = PlayQueue.Context(kind: "album", id: tracks.first ?? "", name: "Side A")
      return .set(
        tracks: tracks, index: flip() ? nil : random.index(below: tracks.count + 2) - 1,
        context: flip() ? context : nil,
        shuffle: [nil, true, false][random.index(below: 3)])
    case 1...3: return .add(tracks(upTo: 3), .next)
    case 4, 5: return .add(tracks(upTo: 3), .end)
    case 6: return .add(tracks(upTo: 3), .index(anyIndex()))
    case 7, 8: return .remove((0..<random.index(below: 4)).map { _ in anyId() })
    case 9, 10: return .remove([queue.current?.id ?? "0"])
    case 11, 12: return .move(anyId(), to: anyIndex())
    case 13: return random.index(below: 4) == 0 ? .clear(all: flip()) : .advance
    case 14: return .jump(anyId())
    case 15: return .jumpToIndex(flip() ? queue.count - 1 : anyIndex())
    case 16...18: return .shuffle(flip())
    case 19, 20: return .repeatMode([.off, .one, .all, .all][random.index(below: 4)])
    case 21: return .crossfade([0, 3.5, 12, 12.5, -1, .nan, .infinity][random.index(below: 7)])
    case 22, 23: return .next
    case 24, 25: return .advance
    default: return .previous(position: [0, 3, 3.01, 100][random.index(below: 4)])
    }
  }

  private mutating func flip() -> Bool { random.index(below: 2) == 0 }

  /// Few tracks, so that some stand in the queue more than once.
  private mutating func anyTrack() -> String { "track\(random.index(below: 7))" }

  private mutating func tracks(upTo count: Int) -> [String] {
    (0..<random.index(below: count + 1)).map { _ in anyTrack() }
  }

  /// Mostly one that is there, sometimes one before or behind them all.
  private mutating func anyIndex() -> Int { random.index(below: queue.count + 3) - 1 }

  /// Mostly one that is there, sometimes one that was, will be, or can't be.
  private mutating func anyId() -> String {
    switch random.index(below: 12) {
    case 0: String(random.index(below: Int(clamping: queue.nextSerial) + 5), radix: 36)
    case 1: ["", "0", "-1", "+1", "01", "Z", "zzzzzzzzzzzzzz", "é"][random.index(below: 8)]
    default: queue.items.isEmpty ? "1" : queue.items[random.index(below: queue.count)].id
    }
  }
}

extension QueueModel {
  /// Whether a listener sees no difference; numbers that were given away don't show.
  func isSame(as other: Self) -> Bool {
    var other = other
    other.given = given
    return self == other
  }
}
