import Foundation
import Logging
import Testing

@testable import DubplateServer

@Suite struct LineLogTests {
  @Test func theMessageComesFirstAndThenTheFieldsByName() {
    let time = Date(timeIntervalSince1970: 1_750_000_000)
    let fields: Logger.Metadata = [
      "b": "two words", "a": "1", "c": "", "d": "\u{1b}[31m\n", "e": ["x", "y"], "f": "say \"hi\"",
    ]
    #expect(
      LineLogHandler.line(time, .warning, "it\nhappened", fields)
        == """
        2025-06-15T15:06:40Z warning it\\u{a}happened a=1 b="two words" c="" d=\\u{1b}[31m\\u{a} e="[\\"x\\", \\"y\\"]" \
        f="say \\"hi\\""\n
        """)
  }

  @Test(
    arguments: [
      (.milliseconds(0), "0ms"), (.microseconds(40_700), "40ms"), (.milliseconds(1_234), "1.2s"),
      (.milliseconds(59_960), "1m00s"), (.seconds(185), "3m05s"), (.seconds(7_620), "2h07m"),
    ] as [(Duration, String)])
  func durationsAreAsPreciseAsAnybodyWantsToKnow(duration: Duration, text: String) {
    #expect(DurationText.of(duration) == text)
  }
}
