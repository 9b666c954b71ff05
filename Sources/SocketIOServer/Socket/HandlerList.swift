import Synchronization

/// Names a handler that was added, so that it can be taken away again.
public struct HandlerID: Hashable, Sendable {
  private let number: UInt64

  private static let count = Atomic<UInt64>(0)

  /// One that no other handler has.
  init() { number = Self.count.wrappingAdd(1, ordering: .relaxed).newValue }
}

/// Handlers in the order in which they are called.
struct HandlerList<Body: Sendable>: Sendable {
  struct Entry: Sendable {
    let id: HandlerID
    let isOnce: Bool
    let body: Body
  }

  private(set) var entries: [Entry] = []
  private var hasOnce = false

  var isEmpty: Bool { entries.isEmpty }

  mutating func add(_ body: Body, id: HandlerID, isOnce: Bool = false, inFront: Bool = false) {
    entries.insert(Entry(id: id, isOnce: isOnce, body: body), at: inFront ? 0 : entries.count)
    if isOnce { hasOnce = true }
  }

  mutating func remove(_ id: HandlerID) {
    entries.removeAll { $0.id == id }
  }

  /// Those to be called now; whoever is there for one call leaves.
  mutating func take() -> [Entry] {
    guard hasOnce else { return entries }
    let all = entries
    entries.removeAll(where: \.isOnce)
    hasOnce = false
    return all
  }
}
