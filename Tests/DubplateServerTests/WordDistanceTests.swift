import Testing

@testable import DubplateServer

@Suite struct WordDistanceTests {
  @Test(arguments: [
    ("serv", "serve"), ("srve", "serve"), ("sevre", "serve"), ("usr", "user"), ("transcoed", "transcode"),
    ("server", "serve"), ("completely-else", nil), ("", nil), (String(repeating: "serve", count: 100), nil),
  ])
  func whatWasProbablyMeantIsFound(typed: String, meant: String?) {
    #expect(WordDistance.closest(to: typed, among: ["serve", "user", "transcode", "cache"]) == meant)
  }
}
