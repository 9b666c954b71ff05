import NIOCore
import NIOPosix

@testable import Segments

extension Segment {
  /// A segment of a few frames whose bytes are told apart.
  static func fake(
    _ fingerprint: String = "00ff", index: Int = 0, rendition: Rendition = .mp3x192, frames: Int = 80,
    frameBytes: Int = 10
  ) -> Segment {
    var bytes = ByteBuffer()
    for frame in 0..<frames { bytes.writeRepeatingByte(UInt8(truncatingIfNeeded: frame &+ index), count: frameBytes) }
    return Segment(
      key: SegmentKey(fingerprint: fingerprint, rendition: rendition, index: index), frameSamples: 1_152,
      sampleCount: frames * 1_152,
      priming: ByteBuffer(repeating: 0xAA, count: frameBytes), primingFrames: 1, frames: bytes,
      offsets: (0...frames).map { UInt32($0 * frameBytes) })
  }
}

/// Waits for a feed, as a stream does: asks, is called back, asks again.
func wholeSegment(_ feed: SegmentFeed) async throws -> Segment {
  let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
  while true {
    switch feed.read(from: 0) {
    case .ready(let segment): return segment
    case .failed(let error): throw error
    case .pending, .frames:
      try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
        do {
          try feed.notify(on: eventLoop) { continuation.resume() }
        } catch {
          continuation.resume(throwing: error)
        }
      }
    }
  }
}
