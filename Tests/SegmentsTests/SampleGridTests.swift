import AudioCodec
import Testing

@testable import Segments

@Suite struct SampleGridTests {
  @Test(arguments: Rendition.all)
  func everyCodecHasWholeFramesInASegment(rendition: Rendition) {
    let frame = rendition.encoderSettings(for: .fake()).frameSamples
    #expect(SampleGrid.segmentSamples % frame == 0)
    // Half a segment, too: that is how chunks are cut.
    #expect(SampleGrid.segmentSamples / frame % 2 == 0)
  }

  @Test(arguments: [(0, 0), (1, 1), (92_160, 1), (92_161, 2), (921_600, 10)] as [(Int64, Int)])
  func countsSegments(samples: Int64, segments: Int) {
    #expect(SampleGrid.segmentCount(sampleCount: samples) == segments)
  }

  @Test(arguments: [1, 92_159, 92_160, 92_161, 1_000_003] as [Int64])
  func segmentsAddUpToTheTrack(samples: Int64) {
    let count = SampleGrid.segmentCount(sampleCount: samples)
    let sum = (0..<count).reduce(0) { $0 + SampleGrid.samples(inSegment: $1, of: samples) }
    #expect(Int64(sum) == samples)
    #expect(SampleGrid.samples(inSegment: count, of: samples) == 0)
  }

  @Test func locatesASample() {
    #expect(SampleGrid.locate(sample: 0) == (0, 0))
    #expect(SampleGrid.locate(sample: 92_159) == (0, 92_159))
    #expect(SampleGrid.locate(sample: 92_160) == (1, 0))
  }
}
