/// What a listener plays: items in play order, the one that is current, and the rules of going on.
///
/// A value without clock, I/O or randomness of its own. Every command is atomic: it does all it says, or throws a
/// ``SessionError`` and nothing has changed. ``version`` grows by one with every command that changed something; a
/// command that left all as it was (the repeat mode that was set already, a jump to the current item, a lone item that
/// repeats) doesn't move it, so whoever compares versions knows whether there is something to tell.
///
/// The queue knows nothing of sound: whether the current item plays, pauses or waits is its owner's matter. Commands
/// that move on return the item that is to be started.
///
/// **Shuffle.** Turning it on keeps the current item, puts it first and permutes all others behind it; turning it off
/// restores the order in which they were set. What is added meanwhile stands in the restored order where it was asked
/// for: behind the item that it was put behind, or at the end. Moving an item while shuffled changes only the shuffled
/// order. With repeat, a round in which every item came once is followed by a fresh permutation that doesn't begin with
/// the track that has just ended.
///
/// A shuffled queue is the items in the order to restore, and the play order as a permutation of their places: to
/// shuffle 10,000 items moves 20 kB of numbers and touches no text.
///
/// Commands are O(items) at most, without hashing texts; going on and looking ahead are O(1), but for a new round.
public struct PlayQueue: Sendable, Equatable {
  /// One place in the queue. A track may stand in several.
  public struct Item: Sendable, Equatable {
    let serial: UInt64
    /// The track that it plays.
    public let trackId: String

    /// Unique in this queue for as long as it lives, also over `set`: a number in base 36.
    public var id: String { Self.id(ofSerial: serial) }

    static func id(ofSerial serial: UInt64) -> String { String(serial, radix: 36) }

    /// The number that ``id`` writes; nil if no item can have that id.
    static func serial(ofId id: String) -> UInt64? {
      // 13 digits hold every UInt64. The round trip refuses other spellings of a number.
      guard id.utf8.count <= 13, let serial = UInt64(id, radix: 36), String(serial, radix: 36) == id else { return nil }
      return serial
    }
  }

  /// What the queue was made from, for the player to show: an album, a playlist, a search. Only passed on.
  public struct Context: Sendable, Equatable, Codable {
    /// UTF-8 bytes: at most ``PlaybackLimits/idBytes`` of kind and id, ``PlaybackLimits/nameBytes`` of the name.
    public let kind: String
    public let id: String
    public let name: String

    public init(kind: String, id: String, name: String) {
      self.kind = kind
      self.id = id
      self.name = name
    }

    var isBounded: Bool {
      kind.utf8.count <= PlaybackLimits.idBytes && id.utf8.count <= PlaybackLimits.idBytes
        && name.utf8.count <= PlaybackLimits.nameBytes
    }
  }

  /// What comes after an item that ends by itself: the next (off, all) or itself (one); and after the last one:
  /// nothing (off) or the first.
  public enum RepeatMode: String, Sendable, CaseIterable, Codable {
    case off, one, all
  }

  /// Grows by one with every change.
  public internal(set) var version: UInt64 = 0
  /// The items in the order that turning shuffle off restores.
  var list = PackedItems()
  /// Shuffled, the places of the items in ``list`` in play order: ``PlaybackLimits/queueItems`` fit into 16 bits.
  var order: [UInt16]?
  /// The current item's place in play order; nil if and only if the queue is empty.
  public internal(set) var index: Int?
  /// What the queue was made from; nil for an empty one.
  public internal(set) var context: Context?
  public internal(set) var repeatMode = RepeatMode.off
  /// How long an item is mixed with the one before, in seconds, 0 to ``PlaybackLimits/crossfadeSeconds``.
  public internal(set) var crossfadeSeconds = 0.0
  /// The number of the next item that is added.
  var nextSerial: UInt64 = 1
  var random = QueueRandom(seed: 0)

  public init() {}

  public var isShuffled: Bool { order != nil }

  /// How many items there are.
  public var count: Int { list.count }

  /// The item at an index in play order, which must be one.
  func item(at index: Int) -> Item { list[place(of: index)] }

  /// Where the item at an index in play order stands in ``list``.
  func place(of index: Int) -> Int { order.map { Int($0[index]) } ?? index }

  /// All items in play order: a copy of them, for who needs all; ``window(offset:limit:)`` gives a part.
  public var items: [Item] { (0..<count).map(item(at:)) }

  /// All items in the order that turning shuffle off restores; none while it is off.
  var unshuffled: [Item] { isShuffled ? (0..<count).map { list[$0] } : [] }

  /// The item that plays, or would if somebody pressed play; nil if and only if the queue is empty.
  public var current: Item? { index.map(item(at:)) }

  /// Refuses a command of a client that saw another version: throws `stale_version`. nil passes always.
  public func check(version: UInt64?) throws(SessionError) {
    guard version == nil || version == self.version else { throw .staleVersion }
  }

  /// Where the item with an id stands in play order; throws `unknown_item`.
  public func index(ofItem id: String) throws(SessionError) -> Int {
    guard let serial = Item.serial(ofId: id), let place = list.place(ofSerial: serial) else { throw .unknownItem }
    guard let order else { return place }
    guard let index = order.firstIndex(of: UInt16(place)) else { throw .unknownItem }
    return index
  }

  public func contains(item id: String) -> Bool {
    guard let serial = Item.serial(ofId: id) else { return false }
    return list.place(ofSerial: serial) != nil
  }

  /// Notes that something has changed.
  mutating func changed() {
    version += 1
  }

  /// New items for tracks; throws `bad_request` for an id that no track can have. Takes numbers only on success.
  mutating func makeItems(_ tracks: [String]) throws(SessionError) -> PackedItems {
    for track in tracks where !Self.isTrackId(track) {
      throw .badRequest("a track id has 1 to \(PlaybackLimits.idBytes) bytes")
    }
    let first = nextSerial
    nextSerial += UInt64(tracks.count)
    return PackedItems(tracks: tracks, firstSerial: first)
  }

  static func isTrackId(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.count <= PlaybackLimits.idBytes
  }
}
