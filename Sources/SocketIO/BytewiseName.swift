/// A name that is equal to another when their bytes are: a room, an event, a namespace, a key.
///
/// Swift's `==` of strings is canonical equivalence, JavaScript's is not: «é» in one character and «é» in two are two
/// keys to a client, and must be two here. Hashes are of the bytes, too: with Swift's, a client could make as many names
/// as it likes that fall on each other.
public struct BytewiseName: Sendable, Hashable {
  public let text: String

  public init(_ text: String) { self.text = text }

  public static func == (left: BytewiseName, right: BytewiseName) -> Bool { left.text.isBytewiseEqual(to: right.text) }

  public func hash(into hasher: inout Hasher) {
    let done: Void? = text.utf8.withContiguousStorageIfAvailable { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    if done == nil {
      for byte in text.utf8 { hasher.combine(byte) }
    }
    // No UTF-8 has this byte: what is hashed next can't be taken for more of the name.
    hasher.combine(0xff as UInt8)
  }
}

extension String {
  /// Whether the bytes are the same; see ``BytewiseName``.
  public func isBytewiseEqual(to other: String) -> Bool {
    guard utf8.count == other.utf8.count else { return false }
    let isEqual = utf8.withContiguousStorageIfAvailable { mine in
      other.utf8.withContiguousStorageIfAvailable { others in mine.elementsEqual(others) }
    }
    return (isEqual ?? nil) ?? utf8.elementsEqual(other.utf8)
  }
}

extension Sequence<String> {
  /// Whether a name is among them; see ``BytewiseName``.
  public func containsBytewise(_ name: String) -> Bool { contains { $0.isBytewiseEqual(to: name) } }
}
