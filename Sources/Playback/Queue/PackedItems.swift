/// Items of a queue in a row: their numbers, and the UTF-8 of their tracks' ids back to back.
///
/// An array of items would hold an object for each id: four times the memory, and a reference to count for each item
/// that is moved. What is here is three allocations, however long the queue. Equal when the items are.
struct PackedItems: Sendable, Equatable {
  private(set) var serials: [UInt64] = []
  private var text: [UInt8] = []
  /// Where each item's id ends in `text`: 10,000 ids of 64 bytes are 640 kB.
  private var ends: [UInt32] = []

  init() {}

  /// Items with consecutive numbers.
  init(tracks: [String], firstSerial: UInt64) {
    self.init(tracks: tracks, serials: (0..<UInt64(tracks.count)).map { firstSerial + $0 })
  }

  /// - Parameters:
  ///   - tracks: of at most ``PlaybackLimits/idBytes`` each.
  ///   - serials: as many.
  init(tracks: [String], serials: [UInt64]) {
    self.serials = serials
    ends.reserveCapacity(tracks.count)
    text.reserveCapacity(tracks.reduce(0) { $0 + $1.utf8.count })
    for track in tracks {
      text.append(contentsOf: track.utf8)
      ends.append(UInt32(text.count))
    }
  }

  var count: Int { serials.count }

  subscript(place: Int) -> PlayQueue.Item {
    PlayQueue.Item(serial: serials[place], trackId: String(decoding: text[bytes(of: place)], as: UTF8.self))
  }

  /// Whether an item plays a track.
  func plays(_ trackId: String, at place: Int) -> Bool { text[bytes(of: place)].elementsEqual(trackId.utf8) }

  func place(ofSerial serial: UInt64) -> Int? { serials.firstIndex(of: serial) }

  private func start(of place: Int) -> Int { place > 0 ? Int(ends[place - 1]) : 0 }
  private func bytes(of place: Int) -> Range<Int> { start(of: place)..<Int(ends[place]) }

  mutating func insert(_ added: PackedItems, at place: Int) {
    let start = start(of: place)
    serials.insert(contentsOf: added.serials, at: place)
    text.insert(contentsOf: added.text, at: start)
    for later in place..<ends.count { ends[later] += UInt32(added.text.count) }
    ends.insert(contentsOf: added.ends.map { $0 + UInt32(start) }, at: place)
  }

  /// Moves an item to a place, counted after the move.
  mutating func move(from source: Int, to target: Int) {
    var moved = PackedItems()
    moved.append(from: self, at: source)
    var others = PackedItems()
    others.reserve(as: self)
    for place in 0..<count where place != source { others.append(from: self, at: place) }
    others.insert(moved, at: target)
    self = others
  }

  /// Only those at these places, in this order.
  func keeping(_ places: some Sequence<Int>) -> PackedItems {
    var kept = PackedItems()
    kept.reserve(as: self)
    for place in places { kept.append(from: self, at: place) }
    return kept
  }

  private mutating func reserve(as other: PackedItems) {
    serials.reserveCapacity(other.count)
    ends.reserveCapacity(other.count)
    text.reserveCapacity(other.text.count)
  }

  private mutating func append(from other: PackedItems, at place: Int) {
    serials.append(other.serials[place])
    text.append(contentsOf: other.text[other.bytes(of: place)])
    ends.append(UInt32(text.count))
  }
}
