/// A JSON object that keeps its keys in the order they came.
///
/// A key that comes again replaces the value and keeps the place, as in JavaScript; keys are the same when their bytes
/// are (``BytewiseName``). Two objects are equal when they hold the same entries in any order.
public struct SocketObject: Sendable {
  public private(set) var keys: [String]
  public private(set) var values: [SocketValue]
  /// Where each key stands, for objects of more than a few entries; Swift seeds its hashing, so keys can't be made to
  /// collide.
  private var index: [BytewiseName: Int]?

  public init() {
    keys = []
    values = []
  }

  public init(_ entries: some Sequence<(String, SocketValue)>) {
    self.init()
    for (key, value) in entries { self[key] = value }
  }

  public var count: Int { keys.count }
  public var isEmpty: Bool { keys.isEmpty }

  private func position(of key: String) -> Int? {
    if let index { return index[BytewiseName(key)] }
    return keys.firstIndex { $0.isBytewiseEqual(to: key) }
  }

  /// Setting nil removes the key.
  public subscript(key: String) -> SocketValue? {
    get { position(of: key).map { values[$0] } }
    set {
      switch (position(of: key), newValue) {
      case (let place?, let value?): values[place] = value
      case (nil, let value?):
        keys.append(key)
        values.append(value)
        if index != nil {
          index?[BytewiseName(key)] = keys.count - 1
        } else if keys.count > SocketIOLimits.indexedObjectSize {
          rebuildIndex()
        }
      case (let place?, nil):
        keys.remove(at: place)
        values.remove(at: place)
        if index != nil { rebuildIndex() }
      case (nil, nil): break
      }
    }
  }

  private mutating func rebuildIndex() {
    var index: [BytewiseName: Int] = [:]
    index.reserveCapacity(keys.count)
    for (place, key) in keys.enumerated() { index[BytewiseName(key)] = place }
    self.index = index
  }

  /// The same keys with each value transformed.
  func mapValues<E: Error>(_ transform: (SocketValue) throws(E) -> SocketValue) throws(E) -> SocketObject {
    var copy = self
    for place in values.indices { copy.values[place] = try transform(values[place]) }
    return copy
  }
}

extension SocketObject: Sequence {
  public func makeIterator() -> Zip2Sequence<[String], [SocketValue]>.Iterator {
    zip(keys, values).makeIterator()
  }
}

extension SocketObject: Hashable {
  public static func == (left: SocketObject, right: SocketObject) -> Bool {
    left.count == right.count && left.allSatisfy { right[$0.0] == $0.1 }
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(count)
    var sum = 0
    for (key, value) in self {
      var entry = Hasher()
      entry.combine(BytewiseName(key))
      entry.combine(value)
      sum &+= entry.finalize()
    }
    hasher.combine(sum)
  }
}

extension SocketObject: ExpressibleByDictionaryLiteral {
  public init(dictionaryLiteral elements: (String, SocketValue)...) { self.init(elements) }
}
