/// How a queue is kept: compact, with a format's number, and believed only as far as it makes sense.
///
/// Items are written in the order that turning shuffle off restores: tracks as an array, and item numbers, which mostly
/// follow one another, as pairs of first and count. A shuffled order is the places of its items in that array.
extension PlayQueue: Codable {
  private static let format = 1

  private enum Key: String, CodingKey {
    case format, version, tracks, runs, order, index, next, seed, context, `repeat`, crossfade
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(Self.format, forKey: .format)
    try container.encode(version, forKey: .version)
    try container.encode((0..<count).map { list[$0].trackId }, forKey: .tracks)
    try container.encode(Self.runs(of: list.serials), forKey: .runs)
    try container.encodeIfPresent(order, forKey: .order)
    try container.encodeIfPresent(index, forKey: .index)
    try container.encode(nextSerial, forKey: .next)
    try container.encode(random.state, forKey: .seed)
    try container.encodeIfPresent(context, forKey: .context)
    try container.encode(repeatMode, forKey: .repeat)
    try container.encode(crossfadeSeconds, forKey: .crossfade)
  }

  /// Throws ``SessionError`` with `bad_data` for what no queue writes (a decoder throws its own error for what isn't even
  /// its syntax).
  public init(from decoder: any Decoder) throws {
    do {
      try self.init(container: try decoder.container(keyedBy: Key.self))
    } catch let error as SessionError {
      throw error
    } catch {
      // Not always a DecodingError: JSONDecoder has another one inside for numbers that don't fit.
      let place = (error as? DecodingError).map(Self.place) ?? "a number"
      throw SessionError.badData("the queue is not written as one: \(place)")
    }
  }

  private init(container: KeyedDecodingContainer<Key>) throws {
    guard try container.decode(Int.self, forKey: .format) == Self.format else {
      throw SessionError.badData("the queue is of an unknown format")
    }
    version = try container.decode(UInt64.self, forKey: .version)
    nextSerial = try container.decode(UInt64.self, forKey: .next)
    guard version <= PlaybackLimits.mostVersion, (1...PlaybackLimits.mostVersion).contains(nextSerial) else {
      throw SessionError.badData("a number is out of range")
    }
    random = QueueRandom(seed: try container.decode(UInt64.self, forKey: .seed))
    repeatMode = try container.decode(RepeatMode.self, forKey: .repeat)
    crossfadeSeconds = try container.decode(Double.self, forKey: .crossfade)
    context = try container.decodeIfPresent(Context.self, forKey: .context)
    guard (0...PlaybackLimits.crossfadeSeconds).contains(crossfadeSeconds), context?.isBounded ?? true else {
      throw SessionError.badData("a setting is out of range")
    }

    let tracks: [String] = try Self.array(container, .tracks, atMost: PlaybackLimits.queueItems)
    guard tracks.allSatisfy(Self.isTrackId) else { throw SessionError.badData("a track id is not one") }
    let runs: [UInt64] = try Self.array(container, .runs, atMost: 2 * tracks.count)
    let serials = try Self.serials(runs: runs, count: tracks.count, below: nextSerial)
    list = PackedItems(tracks: tracks, serials: serials)

    if container.contains(.order) {
      let order: [UInt16] = try Self.array(container, .order, atMost: count)
      guard order.count == count, Set(order).count == count, order.allSatisfy({ $0 < count }) else {
        throw SessionError.badData("the shuffled order is not a permutation")
      }
      self.order = order
    }
    index = try container.decodeIfPresent(Int.self, forKey: .index)
    guard index.map((0..<count).contains) ?? (count == 0), context == nil || count > 0 else {
      throw SessionError.badData("the current item is not one")
    }
  }

  /// An array that isn't read beyond its bound.
  private static func array<Element: Decodable>(
    _ container: KeyedDecodingContainer<Key>, _ key: Key, atMost bound: Int
  ) throws -> [Element] {
    var source = try container.nestedUnkeyedContainer(forKey: key)
    var elements: [Element] = []
    while !source.isAtEnd {
      guard elements.count < bound else { throw SessionError.badData("\(key.rawValue) is too long") }
      elements.append(try source.decode(Element.self))
    }
    return elements
  }

  /// Numbers that follow one another, as pairs of first and count.
  private static func runs(of serials: [UInt64]) -> [UInt64] {
    var runs: [UInt64] = []
    var next: UInt64?
    for serial in serials {
      if serial == next {
        runs[runs.count - 1] += 1
      } else {
        runs += [serial, 1]
      }
      next = serial + 1
    }
    return runs
  }

  /// The inverse of ``runs(of:)``, all different and in `1..<bound`.
  private static func serials(runs: [UInt64], count: Int, below bound: UInt64) throws(SessionError) -> [UInt64] {
    var serials: [UInt64] = []
    serials.reserveCapacity(count)
    for place in stride(from: 0, to: runs.count, by: 2) {
      guard place + 1 < runs.count else { throw .badData("runs are not pairs") }
      let (first, length) = (runs[place], runs[place + 1])
      // Checked one by one, none of these can overflow.
      guard first >= 1, first < bound, length >= 1, length <= UInt64(count - serials.count), length <= bound - first
      else { throw .badData("runs are out of range") }
      serials += first..<(first + length)
    }
    guard serials.count == count, Set(serials).count == count else { throw .badData("runs don't fit the tracks") }
    return serials
  }

  /// Names the key at which decoding failed, without what stood there.
  private static func place(of error: DecodingError) -> String {
    let path =
      switch error {
      case .keyNotFound(let key, let context): context.codingPath + [key]
      case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
        context.codingPath
      @unknown default: [any CodingKey]()
      }
    return path.last(where: { $0.intValue == nil })?.stringValue ?? "no object"
  }
}
