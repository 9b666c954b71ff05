import AudioCodec
import Foundation
import Synchronization

@testable import Segments

/// Makes recognisable frames without any codec, and remembers what it was asked for.
final class FakeStudio: Sendable {
  struct Order: Equatable {
    var frames: Range<Int>
    var isQuick: Bool
  }

  private let orders = Mutex<[Order]>([])
  /// Free while encoders may work.
  private let gate = DispatchSemaphore(value: 1)
  let failure: (any Error)?

  init(failure: (any Error)? = nil) {
    self.failure = failure
  }

  /// Keeps encoders from working until ``release()``.
  func hold() { gate.wait() }

  func release() { gate.signal() }

  var allOrders: [Order] { orders.withLock { $0 } }

  var factory: SegmentJob.EncoderFactory {
    { _, settings, frames, isQuick in
      self.orders.withLock { $0.append(Order(frames: frames, isQuick: isQuick)) }
      if let failure = self.failure { throw failure }
      return FakeEncoder(
        studio: self, frames: frames, primingFrames: settings.primingFrames,
        draftEnd: frames.lowerBound + (isQuick ? settings.settlingFrames(from: frames.lowerBound) : 0))
    }
  }

  /// Three bytes of a frame: a marker for priming and for what a quick start makes, and its number in the track.
  static func frame(_ number: Int, isPriming: Bool = false, isDraft: Bool = false) -> [UInt8] {
    [
      isPriming ? 0xAA : isDraft ? 0xDD : 0x55, UInt8(truncatingIfNeeded: number >> 8),
      UInt8(truncatingIfNeeded: number),
    ]
  }
}

final class FakeEncoder: FrameEncoding {
  private let studio: FakeStudio
  private let frames: Range<Int>
  private let primingFrames: Int
  private let draftEnd: Int
  private let next: Mutex<Int>

  init(studio: FakeStudio, frames: Range<Int>, primingFrames: Int, draftEnd: Int) {
    self.studio = studio
    self.frames = frames
    self.primingFrames = primingFrames
    self.draftEnd = draftEnd
    next = Mutex(frames.lowerBound)
  }

  func next(maxFrames: Int) throws -> EncodedFrames? {
    studio.hold()
    defer { studio.release() }
    return next.withLock { next in
      guard next < frames.upperBound else { return nil }
      let piece = next..<min(next + maxFrames, frames.upperBound)
      next = piece.upperBound
      let isFirst = piece.lowerBound == frames.lowerBound && primingFrames > 0
      return EncodedFrames(
        firstFrame: piece.lowerBound, bytes: piece.flatMap { FakeStudio.frame($0, isDraft: $0 < draftEnd) },
        frameSizes: piece.map { _ in 3 },
        priming: isFirst ? FakeStudio.frame(piece.lowerBound - 1, isPriming: true) : [],
        primingFrames: isFirst ? primingFrames : 0)
    }
  }
}

extension SegmentTrack {
  /// A track of that many samples that needs no file.
  static func fake(_ fingerprint: String = "00ff", samples: Int64 = 92_160 * 10) -> SegmentTrack {
    SegmentTrack(
      fingerprint: fingerprint, path: "/nowhere", gridRate: 44_100, sampleCount: samples, losslessBitDepth: 16)
  }
}
