import Testing

@testable import dubplate_load

@Suite struct PlayoutBufferTests {
  private let second: Int64 = 1_000_000_000

  @Test func `chunks that come in time leave no gap`() {
    var buffer = PlayoutBuffer()
    buffer.reset(sampleRate: 48_000)
    #expect(buffer.receive(samples: 48_000, at: 0) == nil)
    #expect(buffer.receive(samples: 48_000, at: second) == nil)
    #expect(buffer.levelNanoseconds(at: second) == second)
  }

  @Test func `a late chunk ends a gap as long as it was late`() {
    var buffer = PlayoutBuffer()
    buffer.reset(sampleRate: 44_100)
    #expect(buffer.receive(samples: 44_100, at: 5 * second) == nil)
    #expect(buffer.receive(samples: 44_100, at: 6 * second + 250_000_000) == 250_000_000)
    // Playing went on from there: the next second holds until 7.25 s.
    #expect(buffer.levelNanoseconds(at: 7 * second) == 250_000_000)
    #expect(buffer.receive(samples: 44_100, at: 7 * second + 250_000_000) == nil)
    #expect(buffer.receive(samples: 44_100, at: 8 * second + 250_000_001) == 1)
  }

  @Test func `before the first chunk nothing plays and nothing is missing`() {
    var buffer = PlayoutBuffer()
    buffer.reset(sampleRate: 48_000)
    #expect(buffer.levelNanoseconds(at: 99 * second) == 0)
    #expect(buffer.receive(samples: 10, at: 99 * second) == nil)
  }

  @Test func `a reset forgets what was buffered`() {
    var buffer = PlayoutBuffer()
    buffer.reset(sampleRate: 48_000)
    _ = buffer.receive(samples: 480_000, at: 0)
    buffer.reset(sampleRate: 48_000)
    #expect(buffer.receive(samples: 4_800, at: 20 * second) == nil)
    #expect(buffer.levelNanoseconds(at: 20 * second) == 100_000_000)
  }
}
