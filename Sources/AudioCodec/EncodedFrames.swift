/// Successive whole frames of one rendition, ready to be sent.
public struct EncodedFrames: Hashable, Sendable {
  /// Number of the first frame within the track; it covers source samples from `firstFrame · frameSamples` on.
  public var firstFrame: Int
  /// The frames, one behind the other.
  public var bytes: [UInt8]
  /// Size of each frame in bytes; their sum is `bytes.count`.
  public var frameSizes: [Int]
  /// Frames just before `firstFrame`, to be decoded and dropped by whoever starts here. Only in the first piece of a
  /// range.
  public var priming: [UInt8]
  /// Number of frames in `priming`; each decodes to `frameSamples` samples.
  public var primingFrames: Int

  public var frameCount: Int { frameSizes.count }

  public init(
    firstFrame: Int, bytes: [UInt8] = [], frameSizes: [Int] = [], priming: [UInt8] = [], primingFrames: Int = 0
  ) {
    self.firstFrame = firstFrame
    self.bytes = bytes
    self.frameSizes = frameSizes
    self.priming = priming
    self.primingFrames = primingFrames
  }
}
