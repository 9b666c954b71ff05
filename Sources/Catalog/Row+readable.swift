import GRDB

extension Row {
  /// What is made of a row by `Row.decode`, which throws where a column holds another type, as subscripts don't: they end
  /// the process.
  /// - Returns: nil for a row that this code never wrote: it's as if there were none, and the others aren't lost with it.
  func readable<Value>(_ decode: (Row) throws -> Value) -> Value? {
    do {
      return try decode(self)
    } catch {
      return nil
    }
  }
}
