import Testing

@testable import SocketIOServer

struct RequestTargetTests {
  @Test(
    arguments: [
      ("a=1&b=2", ["a=1", "b=2"]), ("a&b=", ["a=", "b="]), ("&&a=1&", ["a=1"]), ("a=b=c", ["a=b=c"]), ("=1", ["=1"]),
      ("", []),
      ("a=%C3%A9+x%20y%2By", ["a=é x y+y"]), ("a=%zz+1", ["a=%zz 1"]), ("a=%FF", ["a=%FF"]),
      // A mark that combines with a delimiter hides it from no one.
      ("a=1&\u{301}b=2", ["a=1", "\u{301}b=2"]), ("a=\u{301}1", ["a=\u{301}1"]),
    ] as [(String, [String])])
  func parametersAreTakenApartByBytes(query: String, pairs: [String]) {
    #expect(
      RequestTarget.pairs(of: query).map { "\($0.0)=\($0.1)" }.map { Array($0.utf8) } == pairs.map { Array($0.utf8) })
  }

  @Test func soManyParametersAreLookedAtAndNoMore() {
    let many = (0..<8_000).map { "\($0)" }
    let found = RequestTarget.pairs(of: many.joined(separator: "&"))
    #expect(found.map(\.0) == Array(many.prefix(HTTPLimits.parameters)))
  }
}
