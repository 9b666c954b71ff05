import AudioCodec
import NIOCore
import Segments

/// Where a stream is in its track: which segment, which frame of it, and what the next chunk has to begin with.
struct SegmentCursor {
  /// The segment, and the next frame of it.
  private(set) var index: Int
  private(set) var frame: Int
  /// Decoded samples of the first frame that lie before the position asked for.
  private var leadingSamples: Int
  /// The next chunk is the first of its run: it begins with the stream header and priming.
  private var startsRun = true
  private let frameSamples: Int
  private let settings: EncoderSettings
  private let header: ByteBuffer
  private let timeline: Timeline

  /// Frames for one chunk, and what they mean to a listener.
  struct Piece {
    var preamble: ByteBuffer
    var frames: ByteBuffer
    /// Samples at the rendition's rate to be heard of it, and to be dropped in front.
    var samples: Int
    var skip: Int
    /// The sample of the track's grid behind it.
    var gridEnd: Int64
    /// Frames of the segment, where the whole segment is at hand.
    var range: Range<Int>
    /// Whether it is the last of its segment.
    var endsSegment: Bool
  }

  /// - Parameter sample: of the track's grid.
  init(track: SegmentTrack, rendition: Rendition, sample: Int64) {
    settings = rendition.encoderSettings(for: track)
    timeline = track.timeline(rendition)
    let (segment, offset) = SampleGrid.locate(sample: timeline.sample(ofGrid: sample))
    index = segment
    frame = offset / settings.frameSamples
    leadingSamples = offset % settings.frameSamples
    frameSamples = settings.frameSamples
    header = ByteBuffer(bytes: rendition.streamHeader(for: track))
  }

  /// The frames from here on out of what there is, at most `maxSamples` of them and not past the middle or the end of
  /// the segment.
  /// - Parameter whole: the segment, where `available` is all of it.
  func piece(from segment: Segment, maxSamples: Int) -> Piece? {
    guard frame < segment.frameCount else { return nil }
    let middle = SampleGrid.segmentSamples / frameSamples / 2
    let edge = frame < middle ? min(middle, segment.frameCount) : segment.frameCount
    let end = min(edge, frame + max(1, maxSamples / frameSamples))
    return piece(
      frames: segment.bytes(of: frame..<end), range: frame..<end,
      priming: startsRun ? segment.priming(before: frame) : nil)
  }

  /// The same out of frames that have just left the encoder: all of them.
  func piece(fromFrames frames: ByteBuffer, upTo end: Int, priming: ByteBuffer?) -> Piece {
    piece(frames: frames, range: frame..<end, priming: priming.map { ($0, settings.primingFrames) })
  }

  private func piece(
    frames: ByteBuffer, range: Range<Int>, priming: (bytes: ByteBuffer, frames: Int)?
  ) -> Piece {
    var preamble = ByteBuffer()
    var skip = leadingSamples
    if startsRun {
      preamble = header
      if let priming, priming.bytes.readableBytes > 0 {
        preamble.writeImmutableBuffer(priming.bytes)
        skip += settings.primingSamples(ofFrames: priming.frames)
      }
    }
    let segmentSamples = timeline.samples(inSegment: index)
    let end = min(range.upperBound * frameSamples, segmentSamples)
    return Piece(
      preamble: preamble, frames: frames, samples: end - range.lowerBound * frameSamples - leadingSamples, skip: skip,
      gridEnd: timeline.gridSample(of: Int64(index * SampleGrid.segmentSamples + end)), range: range,
      endsSegment: end == segmentSamples)
  }

  /// The piece has left: goes behind it. Returns whether that is a new segment.
  mutating func advance(past piece: Piece) -> Bool {
    leadingSamples = 0
    startsRun = false
    frame = piece.range.upperBound
    guard piece.endsSegment else { return false }
    index += 1
    frame = 0
    return true
  }
}
