/// Elements with a time each, added in the order of their times.
struct DueQueue<Element> {
  private var entries: [(due: Int64, element: Element)] = []
  private var head = 0

  var isEmpty: Bool { head == entries.count }

  /// A time before the one added last is taken as that one.
  mutating func append(_ element: Element, due: Int64) {
    entries.append((max(due, entries.last?.due ?? due), element))
  }

  /// The first element whose time has come.
  mutating func popDue(at now: Int64) -> Element? {
    guard head < entries.count, entries[head].due <= now else { return nil }
    let element = entries[head].element
    head += 1
    if head * 2 > entries.count {
      entries.removeFirst(head)
      head = 0
    }
    return element
  }
}
