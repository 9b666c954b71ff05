import NIOCore
import Testing

@testable import Segments

@Suite struct SegmentFileTests {
  @Test func aSegmentComesBackAsItWas() throws {
    let segment = Segment.fake(index: 3)
    let back = try #require(SegmentFile.decode(SegmentFile.encode(segment), key: segment.key))
    #expect(back.frames == segment.frames)
    #expect(back.priming == segment.priming)
    #expect(back.offsets == segment.offsets)
    #expect(back.sampleCount == segment.sampleCount)
    #expect(back.frameSamples == segment.frameSamples)
    #expect(back.primingFrames == segment.primingFrames)
  }

  @Test func anyAlteredByteIsNoticed() {
    let segment = Segment.fake(frames: 4, frameBytes: 5)
    let file = SegmentFile.encode(segment)
    for place in 0..<file.readableBytes {
      var altered = file
      altered.setInteger(file.getInteger(at: place, as: UInt8.self)! ^ 0x10, at: place)
      #expect(SegmentFile.decode(altered, key: segment.key) == nil, "byte \(place)")
    }
  }

  @Test func theSizeOfNoSegmentIsNone() {
    for frames in [0, 1, 20, 90] {
      for bytes in 0..<60 + 5 * frames { #expect(SegmentFile.soundBytes(inFileOf: bytes, frames: frames) == nil) }
      for bytes in [Int.min / 2, -1, SegmentLimits.segmentBytes + 1, .max] {
        #expect(SegmentFile.soundBytes(inFileOf: bytes, frames: frames) == nil)
      }
    }
    let segment = Segment.fake(frames: 20)
    let bytes = SegmentFile.encode(segment).readableBytes
    #expect(
      SegmentFile.soundBytes(inFileOf: bytes, frames: 20)
        == segment.frames.readableBytes + segment.priming.readableBytes)
  }

  @Test func aFileThatIsShortOrLongIsNoSegment() {
    let segment = Segment.fake(frames: 4, frameBytes: 5)
    let file = SegmentFile.encode(segment)
    for length in 0..<file.readableBytes {
      #expect(SegmentFile.decode(file.getSlice(at: 0, length: length)!, key: segment.key) == nil)
    }
    var long = file
    long.writeInteger(UInt8(0))
    #expect(SegmentFile.decode(long, key: segment.key) == nil)
  }
}
