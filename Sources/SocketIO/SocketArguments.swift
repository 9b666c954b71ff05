/// What came with an event, or with an answer.
///
/// A client decides how many there are, so a place past the end is no mistake of the program: it holds ``SocketValue/null``,
/// where JavaScript has `undefined`.
public struct SocketArguments: Sendable, Hashable, RandomAccessCollection, RangeReplaceableCollection,
  ExpressibleByArrayLiteral
{
  private var values: [SocketValue]

  public init() { values = [] }
  public init(_ values: some Sequence<SocketValue>) { self.values = Array(values) }
  public init(arrayLiteral elements: SocketValue...) { values = elements }

  public var startIndex: Int { 0 }
  public var endIndex: Int { values.count }

  /// The argument at that place; ``SocketValue/null`` where there is none.
  public subscript(index: Int) -> SocketValue { values.indices.contains(index) ? values[index] : .null }

  public mutating func replaceSubrange(_ range: Range<Int>, with new: some Collection<SocketValue>) {
    values.replaceSubrange(range, with: new)
  }
}
