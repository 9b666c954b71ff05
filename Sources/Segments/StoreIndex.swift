/// What lies in the store, and in which order it was used: 24 bytes a file and a slot of a hash table, so that a
/// million files are no burden.
///
/// A file is known by a number: its track's and its folder's place in tables of names, and its index. A track's name is
/// kept once, whatever number of its segments there are. The order of use is a list through the slots, linked by their
/// places, newest to oldest.
struct StoreIndex {
  /// Names a file: `<track's first two digits>/<track>/<folder>/<index>.seg`.
  struct Name: Hashable {
    var track: String
    /// The rendition and the encoders' version.
    var folder: String
    var index: Int
  }

  /// A file's number; means something to this index only.
  struct Number: Hashable {
    fileprivate var value: UInt64
    fileprivate var track: Int { Int(value >> 32) }
    fileprivate var folder: Int { Int(value >> 24 & 0xFF) }
    fileprivate var index: Int { Int(value & 0xFF_FFFF) }
  }

  private struct Slot {
    var number: Number
    var bytes: UInt32
    /// Of a free slot: the next free one.
    var older: UInt32
    var newer: UInt32
    /// The walk that saw it last.
    var walk: UInt32
  }

  private struct Track {
    var name: String
    var files = 0
  }

  private static let none = UInt32.max
  /// Largest index that has room in a number: a track of a day has 45,000.
  private static let indices = 0..<1 << 24
  /// Folders of a track: renditions, and those of earlier encoders.
  private static let mostFolders = 255
  /// Entries in use that an eviction passes over before it gives up until the next one.
  private static let patience = 256

  private var slots: [Slot] = []
  private var places: [Number: UInt32] = [:]
  private var firstFree = none
  private var newest = none
  private var oldest = none
  private var tracks: [Track] = []
  private var trackNumbers: [String: Int] = [:]
  private var freeTracks: [Int] = []
  private var folders: [String] = []
  private var folderNumbers: [String: Int] = [:]
  private var walk: UInt32 = 0
  private var isWalking = false

  /// The sum of all files' sizes.
  private(set) var totalBytes = 0
  var count: Int { places.count }

  // MARK: Names

  /// The number of a file that may be put in; nil where no number can say it.
  mutating func number(_ name: Name) -> Number? {
    guard Self.indices.contains(name.index), let row = row(track: name.track, folder: name.folder) else { return nil }
    return Number(value: row.value | UInt64(name.index))
  }

  /// The number of a file if it's there.
  private func known(_ name: Name) -> (number: Number, place: UInt32)? {
    guard let track = trackNumbers[name.track], let folder = folderNumbers[name.folder],
      Self.indices.contains(name.index)
    else { return nil }
    let number = Number(value: UInt64(track) << 32 | UInt64(folder) << 24 | UInt64(name.index))
    return places[number].map { (number, $0) }
  }

  private mutating func row(track: String, folder: String) -> Number? {
    let folderNumber: Int
    if let known = folderNumbers[folder] {
      folderNumber = known
    } else {
      guard folders.count < Self.mostFolders else { return nil }
      folderNumber = folders.count
      folders.append(folder)
      folderNumbers[folder] = folderNumber
    }
    let trackNumber: Int
    if let known = trackNumbers[track] {
      trackNumber = known
    } else {
      if let free = freeTracks.popLast() {
        trackNumber = free
        tracks[free].name = track
      } else {
        guard tracks.count < UInt32.max else { return nil }
        trackNumber = tracks.count
        tracks.append(Track(name: track))
      }
      trackNumbers[track] = trackNumber
    }
    return Number(value: UInt64(trackNumber) << 32 | UInt64(folderNumber) << 24)
  }

  private func name(_ number: Number) -> Name {
    Name(track: tracks[number.track].name, folder: folders[number.folder], index: number.index)
  }

  // MARK: Use

  /// A file's size; its order stays.
  func bytes(of name: Name) -> Int? { known(name).map { Int(slots[Int($0.place)].bytes) } }

  /// Puts a file in as the most recently used, or makes it that.
  mutating func use(_ name: Name, bytes: Int) {
    guard let number = number(name) else { return }
    if let place = places[number] {
      resize(place, bytes)
      unlink(place)
      linkNewest(place)
    } else {
      linkNewest(add(number, bytes))
    }
  }

  mutating func remove(_ name: Name) {
    guard let (_, place) = known(name) else { return }
    remove(place)
  }

  /// Takes out the least recently used until all together have at most `budget` bytes; oldest first.
  /// - Parameter isPinned: stays, and counts as used now.
  mutating func evict(downTo budget: Int, isPinned: (Name) -> Bool) -> [Name] {
    var evicted: [Name] = []
    var passedOver = 0
    while totalBytes > budget, oldest != Self.none, passedOver < Self.patience {
      let place = oldest
      let name = name(slots[Int(place)].number)
      if isPinned(name) {
        passedOver += 1
        unlink(place)
        linkNewest(place)
      } else {
        evicted.append(name)
        remove(place)
      }
    }
    return evicted
  }

  // MARK: Walk

  /// A look through the folder begins: numbers stay valid until ``endWalk()``.
  mutating func beginWalk() {
    walk &+= 1
    isWalking = true
  }

  /// Files that the walk has found, to be told from the newest to the oldest: what is unknown comes behind all that has
  /// been used since.
  mutating func found(_ number: Number, bytes: Int) {
    if let place = places[number] {
      resize(place, bytes)
      slots[Int(place)].walk = walk
    } else {
      linkOldest(add(number, bytes))
    }
  }

  /// What was not found, nor put in since the walk began, isn't there.
  mutating func endWalk() {
    isWalking = false
    var place = oldest
    while place != Self.none {
      let newer = slots[Int(place)].newer
      if slots[Int(place)].walk != walk { remove(place) }
      place = newer
    }
    for (number, track) in tracks.enumerated() where track.files == 0 && !track.name.isEmpty { free(track: number) }
  }

  // MARK: Slots

  private mutating func add(_ number: Number, _ bytes: Int) -> UInt32 {
    let slot = Slot(
      number: number, bytes: UInt32(clamping: bytes), older: Self.none, newer: Self.none, walk: walk)
    let place: UInt32
    if firstFree != Self.none {
      place = firstFree
      firstFree = slots[Int(place)].older
      slots[Int(place)] = slot
    } else {
      place = UInt32(slots.count)
      slots.append(slot)
    }
    places[number] = place
    tracks[number.track].files += 1
    totalBytes += Int(slot.bytes)
    return place
  }

  private mutating func remove(_ place: UInt32) {
    unlink(place)
    let slot = slots[Int(place)]
    places[slot.number] = nil
    totalBytes -= Int(slot.bytes)
    slots[Int(place)].older = firstFree
    firstFree = place
    let track = slot.number.track
    tracks[track].files -= 1
    if tracks[track].files == 0, !isWalking { free(track: track) }
  }

  private mutating func free(track number: Int) {
    trackNumbers[tracks[number].name] = nil
    tracks[number].name = ""
    freeTracks.append(number)
  }

  private mutating func resize(_ place: UInt32, _ bytes: Int) {
    totalBytes -= Int(slots[Int(place)].bytes)
    slots[Int(place)].bytes = UInt32(clamping: bytes)
    slots[Int(place)].walk = walk
    totalBytes += Int(slots[Int(place)].bytes)
  }

  private mutating func unlink(_ place: UInt32) {
    let (older, newer) = (slots[Int(place)].older, slots[Int(place)].newer)
    if older == Self.none { oldest = newer } else { slots[Int(older)].newer = newer }
    if newer == Self.none { newest = older } else { slots[Int(newer)].older = older }
  }

  private mutating func linkNewest(_ place: UInt32) {
    slots[Int(place)].newer = Self.none
    slots[Int(place)].older = newest
    if newest == Self.none { oldest = place } else { slots[Int(newest)].newer = place }
    newest = place
  }

  private mutating func linkOldest(_ place: UInt32) {
    slots[Int(place)].older = Self.none
    slots[Int(place)].newer = oldest
    if oldest == Self.none { newest = place } else { slots[Int(oldest)].older = place }
    oldest = place
  }
}
