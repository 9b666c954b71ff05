import Testing

@testable import DubplateServer

struct LineTextTests {
  @Test(arguments: [
    ("plain – ümlaut, 音楽, 🎧, \u{301}", "plain – ümlaut, 音楽, 🎧, \u{301}"), ("a\nb\r\nc", "a\\u{a}b\\u{d}\\u{a}c"),
    ("\u{1b}[31mred", "\\u{1b}[31mred"), ("\u{9b}31m\u{7f}\u{0}", "\\u{9b}31m\\u{7f}\\u{0}"),
    ("\u{2028}\u{202e}gpj.3pm\u{2066}\u{85}", "\\u{2028}\\u{202e}gpj.3pm\\u{2066}\\u{85}"), ("", ""),
  ])
  func whatIsLoggedStaysOnItsLine(text: String, logged: String) {
    #expect(LineText.escaped(text) == logged)
  }
}
