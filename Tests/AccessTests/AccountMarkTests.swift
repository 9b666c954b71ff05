import Testing

@testable import Access

@Suite struct AccountMarkTests {
  @Test func anAccountHasOneMarkThatSaysNothingOfIt() {
    let users = (0..<1_000).map { "5f8d7c1e-\($0)" } + ["", "a.b", "Zoë", String(repeating: "x", count: 1_000)]
    let marks = users.map(AccountMark.mark(of:))
    #expect(Set(marks).count == users.count && marks == users.map(AccountMark.mark(of:)))
    for (user, mark) in zip(users, marks) {
      let isPlain = mark.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == "-") }
      #expect(mark.utf8.count == 16 && isPlain)
      #expect(user.isEmpty || !mark.contains(user))
    }
  }

  /// What stands in an audio URL's token has to fit into one.
  @Test func aStreamWithItsAccountsMarkIsASession() throws {
    let keys = AudioURLKeys(derivedFrom: [UInt8](repeating: 7, count: 32))
    let longest = "st_" + String(repeating: String(UInt64.max, radix: 36), count: 2)
    for user in 0..<200 {
      let session = "\(longest)-\(AccountMark.mark(of: "u\(user)"))"
      #expect(session.utf8.count <= 64)
      let grant = AudioGrant(trackID: "t", renditions: ["flac"], session: session, expires: 100)
      #expect(try keys.verify(keys.token(for: grant), trackID: "t", now: 50) == grant)
    }
  }
}
