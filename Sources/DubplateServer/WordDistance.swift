/// What somebody may have meant who typed a word that there isn't.
public enum WordDistance {
  /// The word that is nearest, if it is so near that it was probably meant: a third of its letters may differ.
  public static func closest(to typed: String, among words: [String]) -> String? {
    guard typed.utf8.count <= ServerLimits.typedBytes else { return nil }
    let near = words.map { (word: $0, distance: distance(Array(typed.utf8), Array($0.utf8))) }
    guard let best = near.min(by: { $0.distance < $1.distance }) else { return nil }
    return best.distance <= max(best.word.utf8.count / 3, 1) ? best.word : nil
  }

  /// Letters to put in, take out, replace or swap with their neighbour (optimal string alignment).
  private static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
    var before: [Int] = []
    var last = Array(0...b.count)
    for i in a.indices {
      var row = [i + 1]
      for j in b.indices {
        var least = min(last[j] + (a[i] == b[j] ? 0 : 1), last[j + 1] + 1, row[j] + 1)
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { least = min(least, before[j - 1] + 1) }
        row.append(least)
      }
      (before, last) = (last, row)
    }
    return last[b.count]
  }
}
