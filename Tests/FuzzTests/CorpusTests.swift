import Foundation
import Testing

/// Everything that the fuzzers have found worth keeping, once more. A failure is a crash: a trap can't be caught.
@Suite struct CorpusTests {
  /// One input a line, in hexadecimal digits.
  private func corpus(_ target: FuzzTarget) throws -> [[UInt8]] {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Corpus/\(target.rawValue).hex")
    return try String(contentsOf: file, encoding: .utf8).split(separator: "\n", omittingEmptySubsequences: false)
      .dropLast().map { line in
        let digits = line.utf8.compactMap { Character(UnicodeScalar($0)).hexDigitValue }
        try #require(digits.count == line.utf8.count && digits.count % 2 == 0)
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] * 16 + digits[$0 + 1]) }
      }
  }

  @Test(arguments: FuzzTarget.allCases)
  func theCorpusBreaksNoRule(_ target: FuzzTarget) throws {
    let inputs = try corpus(target)
    #expect(inputs.count >= 5)
    for input in inputs { target.run(input) }
  }

  /// The same inputs damaged, in a way that is the same in every run.
  @Test(arguments: FuzzTarget.allCases)
  func theCorpusWithDamageBreaksNoRule(_ target: FuzzTarget) throws {
    var random: UInt64 = 88_172_645_463_325_252
    func next(_ bound: Int) -> Int {
      random ^= random << 13
      random ^= random >> 7
      random ^= random << 17
      return Int(random % UInt64(max(bound, 1)))
    }
    for input in try corpus(target) {
      for _ in 0..<50 {
        var bytes = input
        for _ in 0...next(3) where !bytes.isEmpty {
          switch next(3) {
          case 0: bytes[next(bytes.count)] = UInt8(next(256))
          case 1: bytes.remove(at: next(bytes.count))
          default: bytes.insert(UInt8(next(256)), at: next(bytes.count))
          }
        }
        target.run(bytes)
      }
    }
  }
}
